// Scoring a talk: what a sheet comes to, what it lacks, and moments of a recording. Pure; the server does the same when a sheet is handed in.
import type { Mark, ScoreSheet } from '../protocol/reviews';

export type Marks = Readonly<Record<string, Mark>>;

export interface Standing {
  /** Thousandths; null: nothing is marked yet, or nothing applies. */
  readonly total: number | null;
  readonly sections: Readonly<Record<string, number>>;
  /** Critical items with the lowest mark. */
  readonly missed: number;
  readonly marked: number;
  readonly items: number;
}

/** What the marks so far come to. */
export function standing(sheet: ScoreSheet, marks: Marks): Standing {
  const top = sheet.levels.length - 1;
  const sections: Record<string, number> = {};
  let [sum, weights, missed, marked, items] = [0, 0, 0, 0, 0];
  for (const section of sheet.sections) {
    let [points, of] = [0, 0];
    for (const item of section.items) {
      items++;
      const mark = marks[item.id];
      if (!mark || (!mark.none && mark.points < 0)) continue;
      marked++;
      if (mark.none) continue;
      points += mark.points;
      of += top;
      if (item.critical && mark.points === 0) missed++;
    }
    if (of === 0) continue;
    sections[section.id] = Math.floor((points / of) * 1000 + 0.5);
    sum += (points / of) * section.weight;
    weights += section.weight;
  }
  return {
    total: weights > 0 ? Math.floor((sum / weights) * 1000 + 0.5) : null,
    sections,
    missed,
    marked,
    items,
  };
}

/** `81.5 %` of thousandths; a dash for none. */
export function percent(thousandths: number | null | undefined): string {
  return thousandths === null || thousandths === undefined || thousandths < 0
    ? '–'
    : `${(thousandths / 10).toFixed(1)} %`;
}

/** Reads `75`, `1:15` or `1:02:15`, with fractions of a second; null: no moment. */
export function readMoment(text: string): number | null {
  const parts = text.trim().replaceAll('：', ':').split(':');
  if (parts.length > 3 || !parts.every((part) => /^\d{1,5}$/.test(part) || /^\d{1,5}\.\d{1,3}$/.test(part)))
    return null;
  if (parts.slice(1).some((part) => Number(part) >= 60)) return null;
  const seconds = parts.reduce((all, part) => all * 60 + Number(part), 0);
  return seconds <= 86_400 ? Math.round(seconds * 1000) : null;
}

/** Where a moment of a recording is played. */
export function momentLink(call: string, ms: number): string {
  return `#recordings/${encodeURIComponent(call)}?at=${String(Math.round(ms) / 1000)}`;
}

/** Every month (`2026-01`) from the first to the last of those given, in order: a month without a review keeps its place in a chart. */
export function monthsThrough(months: readonly string[]): string[] {
  const place = (month: string) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1;
  const places = months.map(place);
  const [first, last] = [Math.min(...places), Math.max(...places)];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => {
    const at = first + i;
    return `${String(Math.floor(at / 12))}-${String((at % 12) + 1).padStart(2, '0')}`;
  });
}

/** The marks with a moment more, in order and once each; at most 20. */
export function withMoment(moments: readonly number[], ms: number): number[] {
  return [...new Set([...moments, ms])].sort((a, b) => a - b).slice(0, 20);
}

/**
 * How far an alpha may be relied on: Krippendorff, Content Analysis (2004), ch. 11, asks for .800, and for .667 where tentative conclusions
 * are enough.
 */
export function reliance(alpha: number | null): 'none' | 'good' | 'tentative' | 'poor' {
  if (alpha === null) return 'none';
  return alpha >= 0.8 ? 'good' : alpha >= 0.667 ? 'tentative' : 'poor';
}
