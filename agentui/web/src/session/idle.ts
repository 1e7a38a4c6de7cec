// Locks the console when nobody touches it. The server does the same by its own clock, told of every minute in which somebody was here; never within a
// call.
import { call } from './api';

const nothing = () => null;
const inputs = ['pointerdown', 'pointermove', 'keydown', 'wheel'] as const;
const tellEvery = 60_000;

export const lockApi = {
  lock: () => call('POST', '/api/account/lock', nothing, {}),
  active: () => call('POST', '/api/account/active', nothing, {}),
  unlock: (password: string, code: string) =>
    call('POST', '/api/account/unlock', nothing, { password, code }),
};

export interface IdleWatch {
  /** Someone is signed in, and the console is not locked. */
  on: () => boolean;
  /** A call or an offer is there: nothing locks. */
  busy: () => boolean;
  /** After how much time without input, in ms. */
  after: () => number;
  lock: () => void;
}

/** Watches until the answer is called. */
export function watchIdle(watch: IdleWatch): () => void {
  let last = Date.now();
  let told = Date.now();
  const touched = () => {
    last = Date.now();
  };
  for (const type of inputs) window.addEventListener(type, touched, { passive: true, capture: true });
  const timer = setInterval(() => {
    const now = Date.now();
    if (!watch.on() || watch.busy()) {
      last = now; // who talks for an hour is not idle when it ends
      return;
    }
    if (now - last >= watch.after()) {
      last = now; // asked once for each spell
      watch.lock();
    } else if (last > told && now - told >= tellEvery) {
      told = now;
      void lockApi.active().catch(() => undefined);
    }
  }, 1000);
  return () => {
    clearInterval(timer);
    for (const type of inputs) window.removeEventListener(type, touched, { capture: true });
  };
}
