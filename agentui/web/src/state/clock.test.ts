import { expect, it } from 'vitest';
import { moment } from './clock';

const night = new Date(2026, 3, 5, 0, 5).getTime();
const evening = new Date(2026, 3, 5, 21, 30).getTime();
const full = { month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit' } as const;

it('writes the hours of a day and a night in every language', () => {
  for (const locale of ['zh-CN', 'en']) {
    expect(moment(night, locale, { hour: '2-digit', minute: '2-digit' })).toBe('00:05');
    expect(moment(evening, locale, { timeStyle: 'short' })).toBe('21:30');
  }
});

it('leaves no doubt which is the month', () => {
  expect(moment(night, 'zh-CN', full)).toBe('4/5 00:05');
  expect(moment(night, 'en', full)).toBe('Apr 5, 00:05');
  expect(moment(evening, 'en', { dateStyle: 'short', timeStyle: 'short' })).toBe('Apr 5, 2026, 21:30');
  expect(moment(evening, 'zh-CN', { dateStyle: 'short', timeStyle: 'short' })).toBe('2026/4/5 21:30');
});
