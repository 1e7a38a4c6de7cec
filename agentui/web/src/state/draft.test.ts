import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Policy, shown } from '../protocol/lines';
import { differences } from './compare';
import { closePolicy, newLine, newVariant, openPolicy } from './draft';

const file = join(import.meta.dirname, '../../../protocol/golden/http_lines.json');
const { policy } = shown(JSON.parse(readFileSync(file, 'utf8')), '').current;
const bare: Policy = { lines: [{ id: '1', numbers: ['12'], names: { 'zh-CN': '一', en: 'one' } }] };

describe('a draft', () => {
  it.each([
    ['that says everything', policy],
    ['that says nothing', bare],
  ])('of a document %s gives it back', (_, document) => {
    expect(closePolicy(openPolicy(document))).toEqual(document);
    expect(JSON.stringify(closePolicy(openPolicy(document)))).not.toContain('null');
  });

  it('does not change the document that it was made of', () => {
    const before = JSON.stringify(policy);
    const draft = openPolicy(policy);
    const first = draft.lines[0];
    if (!first) throw new Error('no line');
    first.numbers.push('1');
    first.weekly[0]?.days.push('sun');
    first.names.en = 'x';
    first.emergency?.relax?.pop();
    expect(JSON.stringify(policy)).toBe(before);
  });

  it('keeps "no overflow in an emergency" apart from "as in ordinary times"', () => {
    const draft = openPolicy(bare);
    const line = draft.lines[0];
    if (!line) throw new Error('no line');
    line.emergency = newVariant();
    expect(closePolicy(draft).lines[0]?.emergency).toEqual({});
    line.emergency.overflow = [];
    expect(closePolicy(draft).lines[0]?.emergency).toEqual({ overflow: [] });
  });

  it('of a new line asks for what every line needs', () => {
    const draft = openPolicy(bare);
    draft.lines.push(newLine());
    expect(closePolicy(draft).lines[1]).toEqual({ id: '', numbers: [''], names: {} });
  });
});

describe('differences', () => {
  it('are none between equal documents', () => {
    expect(differences(policy, JSON.parse(JSON.stringify(policy)) as Policy)).toEqual([]);
  });

  it('name the line and the field, whatever the order of the lines', () => {
    const changed = JSON.parse(JSON.stringify(policy)) as Policy;
    const first = changed.lines[0];
    if (!first) throw new Error('no line');
    first.numbers = ['12355'];
    changed.lines.unshift({ id: 'new', numbers: ['99'], names: { 'zh-CN': '新', en: 'New' } });
    changed.patience_ms = 60_000;
    expect(differences(policy, changed)).toEqual([
      {
        part: 'lines',
        item: '12355',
        names: first.names,
        field: 'numbers',
        before: ['12355', '12399'],
        after: ['12355'],
      },
      {
        part: 'lines',
        item: 'new',
        names: { 'zh-CN': '新', en: 'New' },
        field: '',
        before: undefined,
        after: changed.lines[0],
      },
      { part: 'patience_ms', item: null, names: null, field: 'patience_ms', before: 300_000, after: 60_000 },
    ]);
    expect(differences(changed, policy)[0]).toMatchObject({ item: 'new', field: '', after: undefined });
  });
});
