import { describe, expect, it } from 'vitest';
import type { DirectoryEntry } from '../../protocol/services';
import { looked, mostShown } from './directory';

function service(id: string, change: Partial<DirectoryEntry> = {}): DirectoryEntry {
  return {
    id,
    level: 'city',
    kind: 'hospital',
    names: { 'zh-CN': `医院${id}` },
    region: '杭州市',
    address: '',
    phone: '',
    open: [],
    note: '',
    closed: false,
    ...change,
  };
}
const ids = (found: ReturnType<typeof looked>) =>
  found.rows.map(({ service: one, at }) => `${one.id}${String(at)}`);

describe('what is seen of the directory', () => {
  const all = [
    service('a', { region: '杭州市西湖区', phone: '0571-85029595' }),
    service('b', { names: { 'zh-CN': '社工站', en: 'Social work' } }),
    service('c', { region: '宁波市' }),
  ];
  it.each([
    ['', ['a0', 'b1', 'c2']],
    ['  ', ['a0', 'b1', 'c2']],
    ['8502', ['a0']],
    ['social WORK', ['b1']],
    ['杭州 医院', ['a0']],
    ['北京', []],
  ])('looking for "%s" finds %j', (typed, want) => {
    expect(ids(looked(all, typed, ''))).toEqual(want);
  });
  it('keeps the one that is open, whatever is looked for', () => {
    expect(ids(looked(all, '8502', 'c'))).toEqual(['a0', 'c2']);
  });
  it('shows the first of many, and the open one with them', () => {
    const many = Array.from({ length: mostShown + 50 }, (_, i) => service(`s${String(i)}-`));
    const found = looked(many, '', many[mostShown + 20]?.id ?? '');
    expect(found.rows).toHaveLength(mostShown + 1);
    expect(found.rest).toBe(49);
    expect(found.rows.at(-1)?.at).toBe(mostShown + 20);
  });
});
