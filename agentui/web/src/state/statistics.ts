// Statistics as people read them. Pure.
import type { Statistics, StatisticsColumn, StatisticsFigure, StatisticsValue } from '../protocol/statistics';

export const groups = ['volume', 'reach', 'who', 'about', 'risk', 'after', 'staff'] as const;
export type Group = (typeof groups)[number];

export const steps = ['day', 'week', 'month', 'quarter', 'line'] as const;
export type Step = (typeof steps)[number];

/** A value as it is written; empty: it is not counted for such a column, or of nothing. */
export function written(unit: string, value: StatisticsValue): string {
  if (!value.known) return '';
  if (unit === 'count') return String(value.n);
  if (unit === 'length') return (value.n / 3_600_000).toFixed(1);
  if (value.of === 0) return '–';
  if (unit === 'share') return (Math.floor((value.n / value.of) * 1000 + 1e-9) / 10).toFixed(1);
  if (unit === 'mean') return (value.n / 10 / value.of).toFixed(1);
  return (value.n / 1000 / value.of).toFixed(1);
}

/** What a chart draws; null: a gap. */
export function drawn(unit: string, value: StatisticsValue): number | null {
  const text = written(unit, value);
  return text === '' || text === '–' ? null : Number(text);
}

/** The columns of the whole are no points of a chart. */
export function chartColumns(columns: readonly StatisticsColumn[]): number[] {
  return columns.flatMap((column, i) => (column.whole ? [] : [i]));
}

export function byGroup(s: Statistics): { group: Group; figures: StatisticsFigure[] }[] {
  return groups
    .map((group) => ({ group, figures: s.figures.filter((one) => one.group === group) }))
    .filter((one) => one.figures.length > 0);
}

/** Day as the server reads it, of a local date. */
export function dayText(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${String(date.getFullYear())}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** What is shown first for a step: enough periods to see where things go. */
export function firstRange(step: Step, now: Date): { from: string; to: string } {
  const back = new Date(now);
  if (step === 'day') back.setDate(back.getDate() - 13);
  else if (step === 'week') back.setDate(back.getDate() - 7 * 11);
  else if (step === 'month') back.setMonth(back.getMonth() - 5, 1);
  else if (step === 'quarter') back.setMonth(back.getMonth() - 9, 1);
  else back.setDate(1);
  return { from: dayText(back), to: dayText(now) };
}

/** How a column is headed: a day, a month, a quarter, else its first and last day. */
export function heading(step: string, column: StatisticsColumn, locale: string): string {
  if (column.name !== '') return `${column.name} ${column.line}`;
  const at = new Date(`${column.from}T00:00:00`);
  const as = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options).format(at);
  if (column.whole) return '';
  if (step === 'day') return as({ month: 'numeric', day: 'numeric' });
  if (step === 'week') return `${as({ month: 'numeric', day: 'numeric' })} –`;
  if (step === 'month') return as({ year: 'numeric', month: 'short' });
  if (step === 'quarter') return `${String(at.getFullYear())} Q${String(Math.floor(at.getMonth() / 3) + 1)}`;
  if (step === 'year') return String(at.getFullYear());
  return `${column.from} – ${column.to}`;
}
