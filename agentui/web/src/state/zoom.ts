// Which stretch of a recording the picture shows: the whole of it, or one around where the player is, that goes on with it page by page.

/** In milliseconds. */
export interface View {
  readonly from: number;
  readonly span: number;
}

/** Nearer than this nothing more is to be seen: the server measures ten times a second. Milliseconds. */
const least = 15_000;
/** The drawing has a peak each tenth of a second, and begins with one. */
const grid = 100;
/** After a page was turned, so much of it lies before where the player is. */
const lead = 0.1;

/** How often a recording can be brought nearer; each time half as much is shown. */
export function steps(length: number): number {
  return Math.max(0, Math.floor(Math.log2(length / least)));
}

/** What to show now; the same object as before while nothing changes. */
export function viewOf(length: number, at: number, step: number, was: View | null): View {
  const span = Math.min(length, Math.ceil(length / 2 ** Math.min(step, steps(length)) / grid) * grid);
  const same = was?.span === span;
  if (same && at >= was.from && at < was.from + span) return was;
  const wished = at - span * (same && at >= was.from ? lead : 0.5);
  const from = Math.floor(Math.min(Math.max(wished, 0), length - span) / grid) * grid;
  return same && from === was.from ? was : { from, span };
}

/** The peaks of what is shown; both sides in turn, as the server sends them. */
export function shown(peaks: Uint8Array, { from, span }: View): Uint8Array {
  return peaks.subarray((from / grid) * 2, Math.ceil((from + span) / grid) * 2);
}

/** Where something that lasts from one moment to another lies in the picture, as shares of its width; null: not in it. */
export function placed(from: number, to: number, view: View): { left: number; width: number } | null {
  const end = view.from + view.span;
  if (to < view.from || from > end || (to === view.from && from < to)) return null;
  const left = Math.max(from, view.from);
  const whole = Math.max(view.span, 1);
  return { left: (left - view.from) / whole, width: (Math.min(to, end) - left) / whole };
}
