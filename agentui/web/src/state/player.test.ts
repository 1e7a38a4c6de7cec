import { describe, expect, it } from 'vitest';
import type { Phase } from './phase';
import {
  beyond,
  listed,
  mayPlay,
  momentOf,
  moments,
  neighbour,
  otherRate,
  playerKey,
  sides,
  silences,
  strokeOf,
} from './player';

/** Peaks of both sides: pairs of loudness and seconds. */
function peaks(...stretches: [left: number, right: number, seconds: number][]): Uint8Array {
  return new Uint8Array(
    stretches.flatMap(([l, r, s]) => Array.from({ length: s * 10 }, () => [l, r]).flat()),
  );
}

describe('silence', () => {
  it('is where neither side speaks for three seconds', () => {
    const all = peaks([100, 0, 5], [3, 2, 10], [0, 90, 4], [0, 0, 2], [80, 0, 1], [0, 0, 30]);
    expect(silences(all)).toEqual([
      { from: 5700, to: 14_300 },
      { from: 22_700, to: 51_300 },
    ]);
  });
  it('is left at its end, and not entered again there', () => {
    const spans = [{ from: 5700, to: 14_300 }];
    expect(beyond(spans, 5000)).toBeNull();
    expect(beyond(spans, 5700)).toBe(14_300);
    expect(beyond(spans, 14_100)).toBeNull();
  });
  it('of nothing is nothing', () => {
    expect(silences(new Uint8Array())).toEqual([]);
  });
});

it('shows both sides apart', () => {
  const [left, right] = sides(new Uint8Array([255, 0, 0, 64]));
  expect([...left]).toEqual([1, 0]);
  expect(right[1]).toBeCloseTo(0.5, 2);
});

describe('moments', () => {
  const mark = { kind: 'risk', from_ms: 30_000, to_ms: 30_000, who: '', name: '', code: 'high' };
  const comment = { comment: 'c', at_ms: 10_000, by: 'u', name: '', made_at: 1, text: 'x', mine: true };
  const all = moments([mark], [comment]);
  it('are in one order', () => {
    expect(all.map((one) => one.at)).toEqual([10_000, 30_000]);
  });
  it('show what is missing in pieces as one stretch', () => {
    const gap = (from_ms: number, to_ms: number, code = 'lost') => ({
      ...mark,
      kind: 'gap',
      from_ms,
      to_ms,
      code,
    });
    const one = moments(
      [gap(0, 20), gap(500, 520), gap(600, 610, 'slow'), gap(1400, 1500), gap(9000, 9100)],
      [],
    );
    expect(one.map(({ at, to }) => [at, to])).toEqual([
      [0, 1500],
      [600, 610],
      [9000, 9100],
    ]);
  });
  it('lead on and back', () => {
    expect(neighbour(all, 0, 1)).toBe(10_000);
    expect(neighbour(all, 10_000, 1)).toBe(30_000);
    expect(neighbour(all, 30_000, 1)).toBeNull();
    expect(neighbour(all, 30_500, -1)).toBe(10_000);
    expect(neighbour(all, 10_200, -1)).toBeNull();
  });
});

describe('keys', () => {
  const plain = { shiftKey: false, altKey: false, ctrlKey: false, metaKey: false };
  it('are single ones', () => {
    expect(playerKey({ ...plain, key: ' ' })).toBe('toggle');
    expect(playerKey({ ...plain, key: 'M' })).toBe('comment');
    expect(playerKey({ ...plain, key: '?', shiftKey: true })).toBe('help');
    expect(playerKey({ ...plain, key: '+', shiftKey: true })).toBe('nearer');
    expect(playerKey({ ...plain, key: '=' })).toBe('nearer');
    expect(playerKey({ ...plain, key: '-' })).toBe('wider');
    expect(playerKey({ ...plain, key: 'ArrowLeft', shiftKey: true })).toBe('far_back');
  });
  it('leave those of the browser and of the call alone', () => {
    expect(playerKey({ ...plain, key: 'm', altKey: true })).toBeNull();
    expect(playerKey({ ...plain, key: 's', ctrlKey: true })).toBeNull();
    expect(playerKey({ ...plain, key: 'F2' })).toBeNull();
  });
});

describe('what comes before a recording', () => {
  const plain = { shiftKey: false, altKey: false, ctrlKey: false, metaKey: false };
  const here = { may: true, taken: false, typing: false, pressing: false };
  const phases: Record<Phase, boolean> = {
    idle: true,
    wrap_up: true,
    offer: false,
    talking: false,
    held: false,
    joining: false,
    assisting: false,
    kept: false,
  };
  it.each(Object.entries(phases) as [Phase, boolean][])('%s: may play is %s', (phase, may) => {
    expect(mayPlay(phase, false)).toBe(may);
    expect(mayPlay(phase, true), 'invited').toBe(false);
    for (const key of [' ', 'm', 'ArrowLeft', 's', 'Escape', '?'])
      expect(strokeOf({ ...plain, key }, { ...here, may: mayPlay(phase, false) }) !== null, key).toBe(may);
  });
  it('leaves a word that is being composed alone, and what is typed', () => {
    const escape = { ...plain, key: 'Escape' };
    expect(strokeOf(escape, { ...here, taken: true, typing: true })).toBeNull();
    expect(strokeOf(escape, { ...here, typing: true })).toBe('close');
    expect(strokeOf({ ...plain, key: 'm' }, { ...here, typing: true })).toBeNull();
    expect(strokeOf({ ...plain, key: ' ' }, { ...here, pressing: true })).toBeNull();
  });
});

it('lists nothing that was missing too shortly to be heard', () => {
  const gap = (from_ms: number, to_ms: number) => ({
    kind: 'gap',
    from_ms,
    to_ms,
    who: '',
    name: '',
    code: 'lost',
  });
  const all = moments([gap(0, 199), gap(5000, 5200), { ...gap(9000, 9000), kind: 'risk' }], []);
  expect(all).toHaveLength(3);
  expect(listed(all).map((one) => one.at)).toEqual([5000, 9000]);
});

it('goes through the speeds and stops at their ends', () => {
  expect(otherRate(1, 1)).toBe(1.25);
  expect(otherRate(2, 1)).toBe(2);
  expect(otherRate(0.75, -1)).toBe(0.75);
});

it('reads moments as people type them', () => {
  expect(momentOf('2:03')).toBe(123_000);
  expect(momentOf('1:02:03')).toBe(3_723_000);
  expect(momentOf('95:00')).toBe(5_700_000);
  for (const bad of ['', '3', '1:61', 'x', '1:2']) expect(momentOf(bad), bad).toBeNull();
});
