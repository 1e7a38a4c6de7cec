import { describe, expect, it } from 'vitest';
import type { Roster } from '../protocol/roster';
import {
  barOf,
  byPersonAndDay,
  clockOf,
  dayAfter,
  dayOf,
  daysBetween,
  dropWork,
  mondayOf,
  newWork,
  openWork,
  putWork,
  weekdayOf,
} from './roster';

const empty = (): Roster => ({ zone: 'Asia/Shanghai', cover: 'always', rest: 660, shifts: [], patterns: [] });

describe('days', () => {
  it('are counted over months, leap days and the change of the clocks', () => {
    expect(dayAfter('2026-12-31', 1)).toBe('2027-01-01');
    expect(dayAfter('2028-02-28', 1)).toBe('2028-02-29');
    expect(dayAfter('2026-03-29', -1)).toBe('2026-03-28');
    expect(daysBetween('2026-10-24', '2026-11-02')).toBe(9);
    expect(weekdayOf('2026-11-30')).toBe('mon');
    expect(mondayOf('2026-12-06')).toBe('2026-11-30');
    expect(mondayOf('2026-11-30')).toBe('2026-11-30');
  });

  it('and times are those of the roster, not of the browser', () => {
    const late = Date.parse('2026-11-30T16:30:00Z');
    expect(dayOf(late, 'Asia/Shanghai')).toBe('2026-12-01');
    expect(clockOf(late, 'Asia/Shanghai')).toBe('00:30');
    expect(clockOf(late, 'America/New_York')).toBe('11:30');
  });
});

describe('work', () => {
  it('is a shift or a pattern, and can become the other', () => {
    const roster = empty();
    putWork(roster, { ...newWork('u-1', 'supervisor', '2026-11-30'), note: ' x ' }, 'a');
    expect(roster.shifts).toEqual([
      {
        id: 'a',
        person: 'u-1',
        role: 'supervisor',
        from: '08:00',
        to: '16:00',
        line: '',
        skill: '',
        note: 'x',
        date: '2026-11-30',
      },
    ]);
    const form = openWork(roster, 'a');
    if (!form) throw new Error('not found');
    putWork(roster, { ...form, weekly: true, days: ['sun', 'mon'], last: '2026-12-06' }, 'b');
    expect(roster.shifts).toEqual([]);
    expect(roster.patterns[0]).toMatchObject({
      id: 'a',
      days: ['mon', 'sun'],
      start: '2026-11-30',
      until: '2026-12-07',
      except: [],
    });
    expect(openWork(roster, 'a')).toMatchObject({ weekly: true, last: '2026-12-06', date: '2026-11-30' });
  });

  it('of a pattern leaves out a day, keeps that when it is changed, and goes', () => {
    const roster = empty();
    putWork(roster, { ...newWork('u-1', 'counsellor', '2026-11-30'), weekly: true }, 'a');
    dropWork(roster, 'a', '2026-12-14');
    dropWork(roster, 'a', '2026-12-07');
    dropWork(roster, 'a', '2026-12-07');
    expect(roster.patterns[0]?.except).toEqual(['2026-12-07', '2026-12-14']);
    const form = openWork(roster, 'a');
    if (!form) throw new Error('not found');
    putWork(roster, { ...form, to: '17:00' }, 'b');
    expect(roster.patterns).toHaveLength(1);
    expect(roster.patterns[0]).toMatchObject({ to: '17:00', except: ['2026-12-07', '2026-12-14'] });
    dropWork(roster, 'a', null);
    expect(roster.patterns).toEqual([]);
  });

  it('is found by person and day', () => {
    const one = {
      id: 'a',
      date: '2026-11-30',
      pattern: false,
      person: 'u-1',
      role: 'counsellor',
      line: '',
      skill: '',
      note: '',
      start: 0,
      end: 1,
    } as const;
    expect(byPersonAndDay([one, { ...one, id: 'b' }]).get('u-1 2026-11-30')).toHaveLength(2);
  });
});

describe('a bar', () => {
  it('is cut to the day', () => {
    expect(barOf({ from: 0, to: 50 }, 0, 100)).toEqual({ left: 0, width: 50 });
    expect(barOf({ from: -50, to: 25 }, 0, 100)).toEqual({ left: 0, width: 25 });
    expect(barOf({ from: 100, to: 125 }, 0, 100)).toBeNull();
  });
});
