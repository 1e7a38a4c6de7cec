import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configuredForm } from '../protocol/forms';
import { fieldsOf } from './forms';
import { inForce, keyOf, lowers, rankOf } from './risk';
import { askedNow, choiceOf, nextOpen, stepBack } from './scale';

const screener = fieldsOf(
  configuredForm(
    JSON.parse(
      readFileSync(join(import.meta.dirname, '../../../../casework/forms/first/screener.json'), 'utf8'),
    ),
    '',
  ),
  'en',
);
const names = (answers: Record<string, unknown>) => askedNow(screener, answers).map((f) => f.name);

describe('the screener, one question at a time', () => {
  it('goes on to behaviour after the second no', () => {
    expect(nextOpen(screener, {})?.name).toBe('wish');
    expect(nextOpen(screener, { wish: 'no' })?.name).toBe('thoughts');
    expect(nextOpen(screener, { wish: 'no', thoughts: 'no' })?.name).toBe('behaviour');
    expect(nextOpen(screener, { wish: 'no', thoughts: 'no', behaviour: 'never' })).toBeUndefined();
  });
  it('asks all six after a yes to thoughts', () => {
    expect(names({ thoughts: 'yes' })).toEqual(['wish', 'thoughts', 'method', 'intent', 'plan', 'behaviour']);
  });
  it('is answered by digits', () => {
    const [wish] = screener;
    if (!wish) throw new Error('no question');
    expect(choiceOf(wish, 1)?.value).toBe('no');
    expect(choiceOf(wish, 2)?.value).toBe('yes');
    expect(choiceOf(wish, 3)).toBeUndefined();
  });
  it('goes back one answer', () => {
    expect(stepBack(screener, { wish: 'yes', thoughts: 'no' })).toEqual({
      answers: { wish: 'yes' },
      field: 'thoughts',
    });
    expect(stepBack(screener, {})).toBeNull();
  });
});

describe('levels', () => {
  it('rise from nobody said to high', () => {
    expect((['', 'none', 'low', 'moderate', 'high'] as const).map(rankOf)).toEqual([0, 1, 2, 3, 4]);
  });
  it('are lowered by two people only', () => {
    expect(lowers('high', 'moderate')).toBe(true);
    expect(lowers('', 'none')).toBe(false);
    expect(lowers('low', 'low')).toBe(false);
    expect(lowers('low', 'high')).toBe(false);
  });
  it('are high for who is red', () => {
    expect(inForce({ level: 'low', tier: 'red', danger: false })).toBe('high');
    expect(inForce({ level: '', tier: 'normal', danger: true })).toBe('high');
    expect(inForce({ level: 'low', tier: 'normal', danger: false })).toBe('low');
  });
  it('have keys', () => {
    expect(keyOf('Digit4')).toEqual({ level: 'high' });
    expect(keyOf('Numpad1')).toEqual({ level: 'none' });
    expect(keyOf('Digit7')).toEqual({ answer: 'denied' });
    expect(keyOf('Digit9')).toEqual({ answer: 'not_possible' });
    expect(keyOf('Digit5')).toBeNull();
    expect(keyOf('KeyA')).toBeNull();
  });
});
