// What is owed after calls, as a person sees it at a moment. Pure.
import type { FollowUp, SafeTime } from '../protocol/followups';

/** Where a follow-up stands in the list. */
export type Group = 'talked' | 'late' | 'now' | 'today' | 'later';

export const groups = ['talked', 'late', 'now', 'today', 'later'] as const;

const sameDay = (a: number, b: number) => new Date(a).toDateString() === new Date(b).toDateString();

export function groupOf(f: FollowUp, now: number): Group {
  if (f.state === 'talked') return 'talked';
  if (now >= f.late_at) return 'late';
  if (now >= f.due_at) return 'now';
  return sameDay(f.due_at, now) ? 'today' : 'later';
}

/** Whose they are to be shown: one's own and nobody's, or all. */
export function ofWhom(all: readonly FollowUp[], who: 'mine' | 'team', me: string): FollowUp[] {
  return all.filter((f) => who === 'team' || f.owner === me || f.owner === '');
}

/** By group, in the order of groups; within one, by due time. Empty groups are left out. */
export function grouped(
  all: readonly FollowUp[],
  now: number,
): { group: Group; rows: readonly FollowUp[] }[] {
  return groups
    .map((group) => ({
      group,
      rows: all.filter((f) => groupOf(f, now) === group).sort((a, b) => a.due_at - b.due_at),
    }))
    .filter(({ rows }) => rows.length > 0);
}

/** Times that most people name, so that nobody types while somebody talks. */
export const presets: Readonly<Record<string, readonly SafeTime[]>> = {
  any: [],
  workday: [{ days: [1, 2, 3, 4, 5], from: 9 * 60, to: 17 * 60 }],
  evening: [{ days: [], from: 19 * 60, to: 21 * 60 }],
  noon: [{ days: [], from: 12 * 60, to: 14 * 60 }],
  weekend: [{ days: [6, 7], from: 9 * 60, to: 21 * 60 }],
};

/** The name of the preset that a list of times is; 'own' for others. */
export function presetOf(times: readonly SafeTime[]): string {
  const plain = JSON.stringify(times.map((one) => [one.days, one.from, one.to]));
  return (
    Object.entries(presets).find(
      ([, p]) => JSON.stringify(p.map((one) => [one.days, one.from, one.to])) === plain,
    )?.[0] ?? 'own'
  );
}

export function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

/** Minutes of "19:30", or null. */
export function minutesOf(text: string): number | null {
  const found = /^(\d{1,2})[:：](\d{2})$/.exec(text.trim());
  if (!found) return null;
  const minutes = Number(found[1]) * 60 + Number(found[2]);
  return Number(found[2]) < 60 && minutes <= 24 * 60 ? minutes : null;
}

/** A time of a day so many days from now, at the hour of now or at another. */
export function inDays(days: number, now: number, hour?: number): number {
  const then = new Date(now);
  then.setDate(then.getDate() + days);
  if (hour !== undefined) then.setHours(hour, 0, 0, 0);
  return then.getTime();
}
