import { expect, test } from 'vitest';
import { countWithin, inUnit } from './faults';

test('a fault speaks in the unit of its field', () => {
  const said = { value: 720_000, min: 3600, max: 604_800 };
  for (const [unit, want] of [
    [1, said],
    [60, { value: 12_000, min: 60, max: 10_080 }],
    [3600, { value: 200, min: 1, max: 168 }],
  ] as const) {
    expect(inUnit(said, unit)).toEqual(want);
  }
  expect(inUnit({ value: 'purple', choices: 'low, high' }, 3600)).toEqual({
    value: 'purple',
    choices: 'low, high',
  });
});

test('a part counts what is wrong in it and in nothing beside it', () => {
  const faults = ['deadlines.minor_ask', 'deadlines', 'deadlinesX', 'tree.users[1]'].map((field) => ({
    field,
    code: 'missing',
    params: {},
  }));
  expect(countWithin(faults, 'deadlines')).toBe(2);
  expect(countWithin(faults, 'tree.users')).toBe(1);
});
