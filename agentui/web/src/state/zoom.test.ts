import { describe, expect, it } from 'vitest';
import { placed, shown, steps, viewOf } from './zoom';

const hour = 3_600_000;

describe('the picture', () => {
  it('shows all of it at first, and stays', () => {
    const all = viewOf(hour, 0, 0, null);
    expect(all).toEqual({ from: 0, span: hour });
    expect(viewOf(hour, hour - 1, 0, all)).toBe(all);
    expect(viewOf(hour, hour, 0, all)).toBe(all);
  });
  it('comes nearer around where the player is, within the recording', () => {
    expect(viewOf(hour, 1_800_000, 2, null)).toEqual({ from: 1_350_000, span: 900_000 });
    expect(viewOf(hour, 1000, 2, null).from).toBe(0);
    expect(viewOf(hour, hour, 2, null).from).toBe(2_700_000);
  });
  it('turns the page when the player leaves it, and back when somebody jumps', () => {
    const view = viewOf(hour, 0, 2, null);
    expect(viewOf(hour, 899_999, 2, view)).toBe(view);
    const next = viewOf(hour, 900_000, 2, view);
    expect(next.from).toBe(810_000);
    expect(viewOf(hour, 0, 2, next).from).toBe(0);
  });
  it('comes as near as there is something to see, and not at all for a short one', () => {
    expect(steps(hour)).toBe(7);
    expect(viewOf(hour, 0, 99, null).span).toBe(28_200);
    expect(steps(10_000)).toBe(0);
    expect(viewOf(10_000, 0, 3, null)).toEqual({ from: 0, span: 10_000 });
    expect(steps(0)).toBe(0);
  });
});

it('draws the peaks of what is shown', () => {
  const peaks = Uint8Array.from({ length: 200 }, (_, i) => i);
  expect([...shown(peaks, { from: 1000, span: 200 })]).toEqual([20, 21, 22, 23]);
  expect(shown(peaks, { from: 0, span: 10_000 })).toHaveLength(200);
});

describe('what happened', () => {
  const view = { from: 1000, span: 1000 };
  it('lies where the picture has it', () => {
    expect(placed(1250, 1500, view)).toEqual({ left: 0.25, width: 0.25 });
    expect(placed(1500, 1500, view)).toEqual({ left: 0.5, width: 0 });
  });
  it('is cut at its edges', () => {
    expect(placed(0, 1500, view)).toEqual({ left: 0, width: 0.5 });
    expect(placed(1500, 9000, view)).toEqual({ left: 0.5, width: 0.5 });
  });
  it('is not in it at another time', () => {
    expect(placed(0, 900, view)).toBeNull();
    expect(placed(0, 1000, view)).toBeNull();
    expect(placed(2100, 2100, view)).toBeNull();
  });
});
