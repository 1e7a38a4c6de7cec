// Rosters while somebody draws them. Days are dates without a zone ("2026-11-30"); instants come from the server, which knows zones.
import type { Occurrence, Pattern, Roster, Shift, Span } from '../protocol/roster';

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const dayMs = 86_400_000;

const at = (day: string) => Date.parse(`${day}T00:00:00Z`);

/** A day so many days later. */
export function dayAfter(day: string, by: number): string {
  return new Date(at(day) + by * dayMs).toISOString().slice(0, 10);
}

/** How many days lie between two days. */
export function daysBetween(from: string, to: string): number {
  return Math.round((at(to) - at(from)) / dayMs);
}

export function weekdayOf(day: string): (typeof weekdays)[number] {
  return weekdays[(new Date(at(day)).getUTCDay() + 6) % 7] ?? 'mon';
}

/** The Monday of a day's week. */
export function mondayOf(day: string): string {
  return dayAfter(day, -weekdays.indexOf(weekdayOf(day)));
}

/** The day that an instant is in, where the roster is. */
export function dayOf(ms: number, zone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return parts.format(ms);
}

/** The time of day of an instant, where the roster is. */
export function clockOf(ms: number, zone: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(ms);
}

/** What the form of a time of work says. */
export interface WorkDraft {
  /** Empty: new. */
  readonly id: string;
  person: string;
  role: 'counsellor' | 'supervisor';
  from: string;
  to: string;
  line: string;
  skill: string;
  note: string;
  /** The day of a shift; the first day of a pattern. */
  date: string;
  weekly: boolean;
  days: string[];
  /** The last day of a pattern; empty: goes on. */
  last: string;
}

export function newWork(person: string, role: WorkDraft['role'], date: string): WorkDraft {
  return {
    id: '',
    person,
    role,
    from: '08:00',
    to: '16:00',
    line: '',
    skill: '',
    note: '',
    date,
    weekly: false,
    days: [weekdayOf(date)],
    last: '',
  };
}

/** The form of what stands in the calendar on a day. */
export function openWork(roster: Roster, id: string): WorkDraft | null {
  const shift = roster.shifts.find((one) => one.id === id);
  if (shift) return { ...shift, weekly: false, days: [weekdayOf(shift.date)], last: '' };
  const pattern = roster.patterns.find((one) => one.id === id);
  if (!pattern) return null;
  const { id: same, person, role, from, to, line, skill, note, start, until, days } = pattern;
  return {
    ...{ id: same, person, role, from, to, line, skill, note },
    date: start,
    weekly: true,
    days: [...days],
    last: until === '' ? '' : dayAfter(until, -1),
  };
}

/** Puts a form into the roster, in the place of what had its id. `id` names what is new. */
export function putWork(roster: Roster, draft: WorkDraft, id: string): void {
  const old = roster.patterns.find((one) => one.id === draft.id);
  const work = {
    id: draft.id === '' ? id : draft.id,
    person: draft.person,
    role: draft.role,
    from: draft.from,
    to: draft.to,
    line: draft.line.trim(),
    skill: draft.skill.trim(),
    note: draft.note.trim(),
  };
  if (draft.weekly) {
    const pattern: Pattern = {
      ...work,
      days: weekdays.filter((day) => draft.days.includes(day)),
      start: draft.date,
      until: draft.last === '' ? '' : dayAfter(draft.last, 1),
      except: old?.except ?? [],
    };
    roster.shifts = roster.shifts.filter((one) => one.id !== work.id);
    roster.patterns = replaced(roster.patterns, pattern);
  } else {
    const shift: Shift = { ...work, date: draft.date };
    roster.patterns = roster.patterns.filter((one) => one.id !== work.id);
    roster.shifts = replaced(roster.shifts, shift);
  }
}

function replaced<T extends { id: string }>(all: T[], one: T): T[] {
  return all.some((old) => old.id === one.id)
    ? all.map((old) => (old.id === one.id ? one : old))
    : [...all, one];
}

/** Takes work out: all of it, or (of a pattern) one day. */
export function dropWork(roster: Roster, id: string, day: string | null): void {
  const pattern = roster.patterns.find((one) => one.id === id);
  if (pattern && day !== null) {
    pattern.except = [...pattern.except.filter((one) => one !== day), day].sort();
    return;
  }
  roster.shifts = roster.shifts.filter((one) => one.id !== id);
  roster.patterns = roster.patterns.filter((one) => one.id !== id);
}

/** A bar of a line of time: where it begins and how long it is, in hundredths. */
export function barOf(span: Span, from: number, to: number): { left: number; width: number } | null {
  const [begin, end] = [Math.max(span.from, from), Math.min(span.to, to)];
  if (end <= begin || to <= from) return null;
  return { left: ((begin - from) / (to - from)) * 100, width: ((end - begin) / (to - from)) * 100 };
}

/** What begins on each day for each person. */
export function byPersonAndDay(work: readonly Occurrence[]): ReadonlyMap<string, readonly Occurrence[]> {
  const found = new Map<string, Occurrence[]>();
  for (const one of work) {
    const key = `${one.person} ${one.date}`;
    found.set(key, [...(found.get(key) ?? []), one]);
  }
  return found;
}
