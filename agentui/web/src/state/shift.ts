// Figures of a shift. Pure.
import type { ShiftSpan } from '../protocol/care';

export interface Total {
  readonly state: string;
  readonly ms: number;
}

const order = ['talking', 'wrap_up', 'available', 'reserved', 'not_ready'];

/** How long each state took, in the order of the screen; being away is no part of it. */
export function totals(spans: readonly ShiftSpan[]): Total[] {
  const sums = new Map<string, number>();
  for (const span of spans) {
    if (span.state === 'offline') continue;
    const state = span.state === 'reserved' ? 'available' : span.state; // it rang for seconds
    sums.set(state, (sums.get(state) ?? 0) + Math.max(0, span.to - span.from));
  }
  return [...sums].map(([state, ms]) => ({ state, ms })).sort((a, b) => place(a.state) - place(b.state));
}

function place(state: string): number {
  const at = order.indexOf(state);
  return at < 0 ? order.length : at;
}
