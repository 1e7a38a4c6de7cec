import { describe, expect, it } from 'vitest';
import type { Mark, ScoreSheet } from '../protocol/reviews';
import { momentLink, monthsThrough, percent, readMoment, reliance, standing, withMoment } from './reviews';

const item = (id: string, critical = false) => ({ id, names: {}, help: {}, optional: true, critical });
const sheet: ScoreSheet = {
  pick: { share: 50, least: 60, red_days: 3, days: 14, monthly: 0 },
  levels: [{}, {}, {}, {}],
  sections: [
    { id: 'a', names: {}, weight: 30, items: [item('a1'), item('a2')] },
    { id: 'b', names: {}, weight: 10, items: [item('b1', true)] },
  ],
};
const mark = (points: number, none = false): Mark => ({ points, none, moments: [], words: '' });

describe('a score sheet', () => {
  // The same cases as of the server (casework/reviews).
  it('adds up by the weights of what applies', () => {
    expect(standing(sheet, { a1: mark(3), a2: mark(0), b1: mark(3) }).total).toBe(625);
    expect(standing(sheet, { a1: mark(3), a2: mark(3), b1: mark(0, true) }).total).toBe(1000);
    expect(standing(sheet, { b1: mark(0, true) }).total).toBeNull();
  });
  it('tells what was missed beside the total', () => {
    expect(standing(sheet, { a1: mark(0), a2: mark(1), b1: mark(0) })).toMatchObject({
      total: 125,
      missed: 1,
      marked: 3,
      items: 3,
    });
  });
  it('counts what is marked so far', () => {
    expect(standing(sheet, { a1: mark(2), a2: mark(-1) })).toMatchObject({
      total: 667,
      marked: 1,
      items: 3,
    });
  });
});

it('gives a month without a review its place in a chart', () => {
  expect(monthsThrough([])).toEqual([]);
  expect(monthsThrough(['2026-03'])).toEqual(['2026-03']);
  expect(monthsThrough(['2025-11', '2026-02'])).toEqual(['2025-11', '2025-12', '2026-01', '2026-02']);
});

describe('moments', () => {
  it.each([
    ['75', 75_000],
    ['1:15', 75_000],
    ['1：15', 75_000],
    ['1:02:15', 3_735_000],
    ['0:07.5', 7_500],
    ['', null],
    ['1:75', null],
    ['-3', null],
    ['a', null],
    ['1:2:3:4', null],
    ['99999', null],
  ])('%s', (text, ms) => {
    expect(readMoment(text)).toBe(ms);
  });
  it('are a link to the recording', () => {
    expect(momentLink('01J', 75_500)).toBe('#recordings/01J?at=75.5');
  });
  it('stand in order, once each', () => {
    expect(withMoment([5, 9], 7)).toEqual([5, 7, 9]);
    expect(withMoment([5, 9], 9)).toEqual([5, 9]);
  });
});

it('reads figures', () => {
  expect(percent(815)).toBe('81.5 %');
  expect(percent(-1)).toBe('–');
  expect([0.8, 0.7, 0.2, null].map(reliance)).toEqual(['good', 'tentative', 'poor', 'none']);
});
