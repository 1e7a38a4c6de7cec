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

/** How long a pause may be on its way until it is said that it did not take, ms. */
const patience = 3000;

/** The agent wishes that nothing is recorded, whether or not that is so yet. */
export function pauseWished(call: Call): boolean {
  return call.pause !== undefined && call.pause.over === 0;
}

/**
 * What is recorded now, as it is confirmed. `off`: nothing, while the caller is with nobody of ours. `pausing`: it is recorded until the pause takes;
 * `stuck`: it did not take, and is tried on. `resuming`: the pause is over, and it is not confirmed that anything is recorded again.
 */
export type Taping = 'on' | 'pausing' | 'stuck' | 'paused' | 'resuming' | 'off';

export function recordingOf(call: Call, now: number): Taping {
  if (call.state !== 'talking' && !heldByAgent(call)) return 'off';
  const pause = call.pause;
  if (!pause) return 'on';
  if (pause.over > 0 || now >= pause.until) return 'resuming';
  if (now < pause.taken) return 'paused';
  return now - (pause.asked || pause.since) < patience ? 'pausing' : 'stuck';
}

/** How long nothing is recorded from now on, as far as it is confirmed, ms. */
export function pauseLeft(call: Call, now: number): number {
  return call.pause ? Math.max(0, call.pause.taken - now) : 0;
}

/** The reason that a key of the panel stands for: 1 is the first. */
export function reasonOf(key: string, reasons: readonly Named[]): string | null {
  return /^[1-9]$/.test(key) ? (reasons[Number(key) - 1]?.id ?? null) : null;
}
