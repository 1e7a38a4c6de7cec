import { describe, expect, it } from 'vitest';
import { totals } from './shift';

const span = (state: string, from: number, to: number) => ({
  state,
  reason: '',
  from,
  to,
  until: 0,
  call: '',
});

describe('the times of a shift', () => {
  it('are added up by state, in the order of the screen', () => {
    expect(
      totals([
        span('not_ready', 0, 10),
        span('available', 10, 30),
        span('reserved', 30, 35),
        span('talking', 35, 95),
        span('offline', 95, 200),
        span('talking', 200, 220),
        span('resting', 220, 230),
      ]),
    ).toEqual([
      { state: 'talking', ms: 80 },
      { state: 'available', ms: 25 },
      { state: 'not_ready', ms: 10 },
      { state: 'resting', ms: 10 },
    ]);
  });
});
