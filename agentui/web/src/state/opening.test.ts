import { describe, expect, it } from 'vitest';
import { openingText, readOpening } from './opening';

describe('opening hours', () => {
  it.each([
    '',
    '24h',
    '1-5 08:30-17:00',
    '1-5 08:30-17:00; 6 09:00-12:00',
    '22:00-06:00',
    '1,3,5 08:00-12:00',
  ])('%s is written as it was read', (text) => {
    expect(openingText(readOpening(text))).toBe(text);
  });
  it('takes other ways of writing', () => {
    expect(openingText(readOpening('1-5 8:30-17：00；6 9:00-24:00'))).toBe('1-5 08:30-17:00; 6 09:00-00:00');
  });
  it.each([
    ['周一至周五 8:00-17:00', '1-5 08:00-17:00'],
    ['星期一到星期五8:30至17:30；周六、周日 9:00–12:00', '1-5 08:30-17:30; 6-7 09:00-12:00'],
    ['每天 12:00-13:00', '12:00-13:00'],
    ['24小时', '24h'],
  ])('reads %s', (text, written) => {
    expect(openingText(readOpening(text))).toBe(written);
  });
  it('keeps what is no time, for the server to refuse', () => {
    expect(readOpening('早上')).toEqual([{ days: [], from: '早上', to: '' }]);
    expect(openingText(readOpening('早上'))).toBe('早上');
  });
});
