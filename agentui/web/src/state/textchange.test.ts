import { describe, expect, it } from 'vitest';
import { changeOf, passed, pieces } from './textchange';

const torn = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

describe('what was changed in a field', () => {
  it.each([
    ['', '你', 1, 0, 0, '你'],
    ['你好', '你很好', 2, 1, 0, '很'],
    ['aaa', 'aaaa', 1, 0, 0, 'a'],
    ['aaa', 'aaaa', 3, 2, 0, 'a'],
    ['abc', 'ac', 1, 1, 1, ''],
    ['abc', '', 0, 0, 3, ''],
    ['abc', 'axyc', 3, 1, 1, 'xy'],
    ['a😀b', 'a😁b', 3, 1, 2, '😁'],
    ['same', 'same', 4, 4, 0, ''],
  ])('%s -> %s', (before, after, caret, at, removed, added) => {
    expect(changeOf(before, after, caret)).toEqual({ at, removed, added });
  });

  it('always makes the one of the other, whatever the caret says', () => {
    const letters = ['a', 'b', '😀', '你'];
    let seed = 7;
    const next = (n: number) => (seed = (seed * 16807) % 2147483647) % n;
    const word = () => Array.from({ length: next(6) }, () => letters[next(4)] ?? '').join('');
    for (let i = 0; i < 3000; i++) {
      const [before, after] = [word(), word()];
      const { at, removed, added } = changeOf(before, after, next(after.length + 1));
      expect(before.slice(0, at) + added + before.slice(at + removed)).toBe(after);
      expect(added, `${before} ${after}`).not.toMatch(torn);
    }
  });
});

describe('a long text', () => {
  it('is cut where no character is torn', () => {
    const text = 'ab😀cd😀';
    for (let most = 2; most < 9; most++) {
      const cut = pieces(text, most);
      expect(cut.join('')).toBe(text);
      for (const piece of cut) expect(piece.length <= most && !torn.test(piece)).toBe(true);
    }
  });
});

describe('a mark of the talk', () => {
  it.each([
    [0, 0],
    [29 * 60_000, 0],
    [30 * 60_000, 30],
    [49 * 60_000, 30],
    [500 * 60_000, 50],
  ])('%d ms', (ms, mark) => {
    expect(passed([30, 50], ms)).toBe(mark);
  });
});
