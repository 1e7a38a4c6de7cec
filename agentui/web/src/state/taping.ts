// What a counsellor may leave out of the recording of a call, and what the rows say of it. Pure.
import type { Call } from '../protocol/structures';
import type { Named, Settings } from '../protocol/settings';
import { atRisk, heldByAgent } from './control';

/** `off`: the site allows no pause. `red`: not while the caller is at risk. `no`: not now. */
export type CanPause = 'yes' | 'no' | 'red' | 'off';

export function canPause(call: Call, settings: Settings | null): CanPause {
  const rules = settings?.recording;
  if (!rules?.pause) return 'off';
  if (atRisk(call) && !rules.at_risk) return 'red';
  return call.state === 'talking' || heldByAgent(call) ? 'yes' : 'no';
}

/** What is recorded now: nothing while the caller is with nobody of ours. */
export function recordingOf(call: Call): 'on' | 'paused' | 'off' {
  if (call.pause) return 'paused';
  return call.state === 'talking' || heldByAgent(call) ? 'on' : 'off';
}

/** How long a pause lasts at most from now on, ms. */
export function pauseLeft(call: Call, now: number): number {
  return call.pause ? Math.max(0, call.pause.until - now) : 0;
}

/** The reason that a key of the panel stands for: 1 is the first. */
export function reasonOf(key: string, reasons: readonly Named[]): string | null {
  return /^[1-9]$/.test(key) ? (reasons[Number(key) - 1]?.id ?? null) : null;
}
