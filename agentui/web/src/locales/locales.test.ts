import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'vue/compiler-sfc';
import { describe, expect, it } from 'vitest';
import { ownWords } from '../session/notices';
import type { Words } from '.';

const files = import.meta.glob<Words>('./*/**/*.json', { eager: true, import: 'default' });

function leaves(tree: Words, path = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of Object.entries(tree)) {
    const at = path ? `${path}.${name}` : name;
    if (typeof value === 'string') found.set(at, value);
    else for (const [key, text] of leaves(value, at)) found.set(key, text);
  }
  return found;
}

// Some words load later; a view may ask for any.
function all(locale: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [path, words] of Object.entries(files)) {
    if (!path.startsWith(`./${locale}/`)) continue;
    for (const [key, text] of leaves(words)) {
      if (found.has(key)) throw new Error(`${path}: ${key} is in another file, too`);
      found.set(key, text);
    }
  }
  return found;
}
const chinese = all('zh-CN');
const english = all('en');
const views = readdirSync(join(import.meta.dirname, '../views'), {
  recursive: true,
  encoding: 'utf8',
}).filter((name) => name.endsWith('.vue'));
const source = (name: string) => readFileSync(join(import.meta.dirname, '../views', name), 'utf8');

const folders = (dir: string) =>
  readdirSync(dir, { withFileTypes: true })
    .filter((one) => one.isDirectory() && one.name !== 'web')
    .map((one) => one.name);

describe('locale files', () => {
  it('have the same keys', () => {
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort());
  });

  it('leave nothing empty', () => {
    for (const [key, text] of [...chinese, ...english]) expect(text.trim(), key).not.toBe('');
  });

  it('fill the same places', () => {
    const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
    for (const [key, text] of chinese) expect(places(english.get(key) ?? ''), key).toEqual(places(text));
  });

  it('have words for every error code of the server', () => {
    const path = join(import.meta.dirname, '../../../protocol/golden/error_codes.json');
    const codes = JSON.parse(readFileSync(path, 'utf8')) as string[];
    expect(codes.length).toBeGreaterThan(10);
    for (const code of codes) expect(chinese.has(`errors.${code}`), code).toBe(true);
  });

  it('have words for every trouble that the server tells', () => {
    const path = join(import.meta.dirname, '../../../protocol/golden/trouble_codes.json');
    const codes = JSON.parse(readFileSync(path, 'utf8')) as string[];
    expect(codes).not.toEqual([]);
    for (const code of codes) expect(chinese.has(`trouble.${code}`), code).toBe(true);
  });

  it('have words for every action of the audit trail', () => {
    const server = join(import.meta.dirname, '../../../..');
    const actions = ['agentui', 'recordings', 'cmd/hotline']
      .flatMap((dir) => [dir, ...folders(join(server, dir)).map((name) => `${dir}/${name}`)])
      .flatMap((dir) => readdirSync(join(server, dir)).map((name) => join(server, dir, name)))
      .filter((name) => name.endsWith('.go') && !name.endsWith('_test.go'))
      .flatMap((name) => [...readFileSync(name, 'utf8').matchAll(/\bAction\w+ += "([a-z_.]+)"/g)])
      .map((match) => match[1] ?? '');
    expect(actions.length).toBeGreaterThan(100);
    for (const action of actions)
      expect(chinese.has(`audit.action.${action.replaceAll('.', '_')}`), action).toBe(true);
  });

  it('have words for everything that can be wrong with lines', () => {
    const path = join(import.meta.dirname, '../../../protocol/golden/line_fault_codes.json');
    const codes = JSON.parse(readFileSync(path, 'utf8')) as string[];
    expect(codes).not.toEqual([]);
    for (const code of codes) expect(chinese.has(`admin.fault.${code}`), code).toBe(true);
  });

  it('have words for everything that can be wrong with a document', () => {
    const path = join(import.meta.dirname, '../../../protocol/golden/document_fault_codes.json');
    const codes = JSON.parse(readFileSync(path, 'utf8')) as string[];
    expect(codes).not.toEqual([]);
    for (const code of codes) expect(chinese.has(`admin.fault.${code}`), code).toBe(true);
  });

  it('say of every action that has words of its own what became of it', () => {
    for (const action of ownWords) expect(chinese.has(`errors.unavailable_${action}`), action).toBe(true);
  });
});

interface Node {
  type: number;
  content?: string | Node;
  tag?: string;
  props?: { type: number; name: string; value?: { content: string } }[];
  children?: Node[];
  branches?: Node[];
}

// Node types of the template compiler.
const kind = { text: 2, attribute: 6 };
const spoken = ['title', 'placeholder', 'alt', 'label', 'aria-label', 'aria-description'];

function literals(node: Node, found: string[]): string[] {
  if (node.type === kind.text && typeof node.content === 'string' && /\p{L}/u.test(node.content)) {
    found.push(node.content.trim());
  }
  for (const prop of node.props ?? []) {
    const words = prop.value?.content ?? '';
    if (prop.type === kind.attribute && spoken.includes(prop.name) && words !== '')
      found.push(`${prop.name}=${words}`);
  }
  for (const child of node.children ?? []) literals(child, found);
  return found;
}

describe('views', () => {
  it('are found', () => {
    expect(views.length).toBeGreaterThan(8);
  });

  it.each(views)('%s says nothing but what the locale files say', (name) => {
    const ast = parse(source(name)).descriptor.template?.ast as Node | undefined;
    expect(ast, 'a template').toBeDefined();
    if (ast) expect(literals(ast, [])).toEqual([]);
    const script = parse(source(name)).descriptor.scriptSetup?.content ?? '';
    expect(script.replaceAll(/\/\/.*|\/\*[\s\S]*?\*\//g, '')).not.toMatch(/\p{Script=Han}/u);
  });

  it.each(views)('%s asks only for keys that exist', (name) => {
    for (const match of source(name).matchAll(/\bt\(\s*'([^']+)'/g)) {
      expect(chinese.has(match[1] ?? ''), match[1]).toBe(true);
    }
  });
});
