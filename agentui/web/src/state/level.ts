// Loudness for meters and for the microphone check.

/** Root mean square of samples between -1 and 1, in dB below full scale; silence is -100. */
export function decibels(samples: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += (samples[i] as number) ** 2;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  return rms > 1e-5 ? 20 * Math.log10(rms) : -100;
}

// A quiet room with a headset lies near -60 dB, speech between -40 and -15.
const floor = -60;
const speech = -48;

/** The length of a meter's bar, 0 to 1. */
export function barLength(db: number): number {
  return Math.min(1, Math.max(0, (db - floor) / (-10 - floor)));
}

/** Falls slower than it rises, so that a bar can be read. */
export function smoothed(before: number, now: number): number {
  return now >= before ? now : before * 0.8 + now * 0.2;
}

export type CheckVerdict = 'listening' | 'heard' | 'quiet' | 'dead';

/** A microphone check: 300 ms of sound in all passes; after 6 s without it is called quiet, or dead when there was not even noise. */
export interface MicCheck {
  readonly heardMs: number;
  readonly waitedMs: number;
  readonly loudest: number;
}

export const freshCheck: MicCheck = { heardMs: 0, waitedMs: 0, loudest: -100 };

export function listened(check: MicCheck, db: number, ms: number): MicCheck {
  return {
    heardMs: check.heardMs + (db >= speech ? ms : 0),
    waitedMs: check.waitedMs + ms,
    loudest: Math.max(check.loudest, db),
  };
}

export function verdict(check: MicCheck): CheckVerdict {
  if (check.heardMs >= 300) return 'heard';
  if (check.waitedMs < 6000) return 'listening';
  return check.loudest <= -95 ? 'dead' : 'quiet';
}

/** Someone who speaks while muted: the level stays at speech for 600 ms. */
export function spokenMs(before: number, db: number, ms: number): number {
  return db >= speech + 8 ? before + ms : Math.max(0, before - ms / 2);
}
export const speaksAt = 600;

/** A microphone that gives nothing, not even noise: how long, ms. */
export function silentMs(before: number, db: number, ms: number): number {
  return db <= -95 ? before + ms : 0;
}
export const silentAt = 5000;
