/** Delay before try number `tries` (from 0): doubled each time within bounds, with jitter so that a whole room does not come back in step. */
export function backoff(tries: number, random: number, least = 100, most = 2000): number {
  const full = Math.min(most, least * 2 ** Math.min(tries, 20));
  return Math.round(full * (0.75 + 0.25 * random));
}
