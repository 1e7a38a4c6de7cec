import { describe, expect, it } from 'vitest';
import type { FollowUp } from '../protocol/followups';
import { clock, grouped, groupOf, inDays, minutesOf, ofWhom, presetOf, presets } from './followups';

const now = new Date(2026, 0, 15, 12, 0).getTime();
const hour = 3_600_000;
function followUp(id: string, due: number, change: Partial<FollowUp> = {}): FollowUp {
  return {
    followup: id,
    rule: '24h',
    level: 'high',
    state: 'planned',
    person: '',
    number: '',
    call: '',
    line: '',
    line_name: '',
    owner: 'u-1',
    owner_name: '',
    planned_at: due,
    due_at: due,
    ring_at: due,
    late_at: due + 4 * hour,
    tries: 0,
    last: '',
    last_at: 0,
    task: '',
    why: '',
    closed_at: 0,
    closed_by_name: '',
    ...change,
  };
}

describe('follow-ups', () => {
  it('stand by what is to be done first', () => {
    const all = [
      followUp('later', now + 40 * hour),
      followUp('today', now + hour),
      followUp('now', now - hour),
      followUp('late', now - 5 * hour),
      followUp('later-still', now + 400 * hour),
      followUp('talked', now - 9 * hour, { state: 'talked' }),
    ];
    expect(
      grouped(all, now).map(({ group, rows }) => [group, rows.map((f) => f.followup).join(' ')]),
    ).toEqual([
      ['talked', 'talked'],
      ['late', 'late'],
      ['now', 'now'],
      ['today', 'today'],
      ['later', 'later later-still'],
    ]);
    expect(groupOf(followUp('a', now), now)).toBe('now');
    expect(grouped([], now)).toEqual([]);
  });

  it('are one’s own and nobody’s, or all', () => {
    const all = [
      followUp('mine', now),
      followUp('free', now, { owner: '' }),
      followUp('hers', now, { owner: 'u-2' }),
    ];
    expect(ofWhom(all, 'mine', 'u-1').map((f) => f.followup)).toEqual(['mine', 'free']);
    expect(ofWhom(all, 'team', 'u-1')).toHaveLength(3);
  });
});

describe('safe times', () => {
  it('are known by their names', () => {
    for (const [name, times] of Object.entries(presets)) expect(presetOf(times)).toBe(name);
    expect(presetOf([{ days: [], from: 1, to: 2 }])).toBe('own');
  });

  it('are read and written as clocks', () => {
    for (const text of ['00:00', '09:05', '19:30', '24:00']) expect(clock(minutesOf(text) ?? -1)).toBe(text);
    expect(minutesOf('9:05')).toBe(545);
    expect(minutesOf('19：30')).toBe(1170);
    for (const bad of ['', '9', '25:00', '12:60', 'noon']) expect(minutesOf(bad)).toBeNull();
  });

  it('keep the hour over days', () => {
    expect(inDays(1, now)).toBe(new Date(2026, 0, 16, 12, 0).getTime());
    expect(inDays(7, now, 10)).toBe(new Date(2026, 0, 22, 10, 0).getTime());
  });
});
