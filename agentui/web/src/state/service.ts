// Service figures as the screen says them.
import type { Health, Standing, Trend } from '../protocol/floor';

const rank: Readonly<Record<Health, number>> = { broken: 0, warning: 1, kept: 2, quiet: 3 };

/** Those that need a look first; what is equal keeps its order. */
export function byUrgency(standings: readonly Standing[]): readonly Standing[] {
  return [...standings].sort((a, b) => rank[a.health] - rank[b.health]);
}

export function needsLook(standing: Standing): boolean {
  return standing.health === 'broken' || standing.health === 'warning';
}

/** Percent with one digit, cut and not rounded: 94.96 % of a promised 95 % must not read as 95.0 %. */
export function percent(share: number): string {
  return (Math.floor(share * 10 + 1e-9) / 10).toFixed(1);
}

/** What the chart and its table show: the steps that the eye can tell apart, joined from the server's. */
export interface Bar {
  readonly at: number;
  readonly offered: number;
  readonly answered: number;
  readonly inTime: number;
  readonly abandoned: number;
  readonly peak: number;
  readonly talkMs: number;
}

/** Joins steps so that at most `most` bars are left; each bar spans the same time and begins at a multiple of it. */
export function bars(trend: Trend, most: number): { readonly stepMs: number; readonly bars: readonly Bar[] } {
  const steps = [1, 3, 6, 12, 24, 72, 168];
  const factor = steps.find((n) => Math.ceil(trend.points.length / n) <= most) ?? 168;
  const stepMs = trend.step_ms * factor;
  const joined = new Map<number, Bar>();
  for (const p of trend.points) {
    const at = Math.floor(p.at / stepMs) * stepMs;
    const bar = joined.get(at);
    joined.set(at, {
      at,
      offered: (bar?.offered ?? 0) + p.offered,
      answered: (bar?.answered ?? 0) + p.answered,
      inTime: (bar?.inTime ?? 0) + p.in_time,
      abandoned: (bar?.abandoned ?? 0) + p.abandoned,
      peak: Math.max(bar?.peak ?? 0, p.peak),
      talkMs: (bar?.talkMs ?? 0) + p.talk_ms,
    });
  }
  return { stepMs, bars: [...joined.values()] };
}
