// The console never trusts the clock of the machine it runs on: every timer counts from the server's `now`.

/** The estimate of `server time - local time`, in milliseconds. */
export interface Clock {
  readonly offset: number;
  readonly known: boolean;
}

export const unsetClock: Clock = { offset: 0, known: false };

// A frame's `now` is older than its arrival by the time on the wire, so the largest difference is the best one, until it is off by
// more than this: then one of the clocks was set.
const jump = 2000;

export function heard(clock: Clock, serverNow: number, localNow: number): Clock {
  const offset = serverNow - localNow;
  if (!clock.known || offset > clock.offset || clock.offset - offset > jump) return { offset, known: true };
  return clock;
}

export function serverNow(clock: Clock, localNow: number): number {
  return localNow + clock.offset;
}

/** `m:ss`, from one hour on `h:mm:ss`. Times that are not reached yet are shown as zero. */
export function duration(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const seconds = String(total % 60).padStart(2, '0');
  const minutes = Math.floor(total / 60) % 60;
  const hours = Math.floor(total / 3600);
  return hours > 0
    ? `${String(hours)}:${String(minutes).padStart(2, '0')}:${seconds}`
    : `${String(minutes)}:${seconds}`;
}

/** What is left until `until`, rounded up so that a countdown of 15 s begins with 15. */
export function secondsLeft(until: number, now: number): number {
  return Math.max(0, Math.ceil((until - now) / 1000));
}

/** The part of a span that is left, 1 to 0. */
export function fractionLeft(from: number, until: number, now: number): number {
  if (until <= from) return 0;
  return Math.min(1, Math.max(0, (until - now) / (until - from)));
}

/**
 * A moment as people write it. The clock of a line that never closes has 24 hours in every language, and five past midnight is 00:05 (what
 * `hour12: false` writes in English is 24:05). In English a month is a word: 4/5 is two days.
 */
export function moment(ms: number, locale: string, parts: Intl.DateTimeFormatOptions): string {
  const worded = locale === 'en' && parts.month === 'numeric' ? ({ month: 'short' } as const) : {};
  const long = locale === 'en' && parts.dateStyle === 'short' ? ({ dateStyle: 'medium' } as const) : {};
  return new Intl.DateTimeFormat(locale, { ...parts, ...worded, ...long, hourCycle: 'h23' }).format(ms);
}
