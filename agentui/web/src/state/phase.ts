// What the middle of the counsellor's screen is about.
import type { AgentState, Self } from '../protocol/structures';

export type Phase = 'idle' | 'offer' | 'talking' | 'held' | 'joining' | 'assisting' | 'kept' | 'wrap_up';

export function phaseOf(self: Self | null): Phase {
  if (self === null) return 'idle';
  if (self.state === 'wrap_up') return 'wrap_up';
  // A caller is shown whatever else is said: nobody may sit on a line that the screen hides.
  if (self.call !== null) return self.call.state === 'held' ? 'held' : 'talking';
  if (self.state === 'talking') return 'joining';
  if (self.offer !== null) return 'offer';
  if (self.kept_for !== '') return 'kept';
  return self.assist === null ? 'idle' : 'assisting';
}

/** The names of the states as the whole product writes them; outside tests read them from the page. */
export const stateCodes: Readonly<Record<AgentState, string>> = {
  offline: 'Offline',
  available: 'Available',
  reserved: 'Reserved',
  talking: 'Talking',
  wrap_up: 'WrapUp',
  not_ready: 'NotReady',
};

/** Whether the person may press Available now. Also offline: the server remembers the wish until it can fulfil it. */
export function canBeAvailable(self: Self | null): boolean {
  return (
    self !== null &&
    !self.wants_ready &&
    self.assist === null &&
    self.kept_for === '' &&
    (self.state === 'not_ready' || self.state === 'wrap_up' || self.state === 'offline')
  );
}

/**
 * Whether the person may press Not ready now; while reserved or talking the caller comes first. Offline there is only a wish to take
 * back.
 */
export function canBeNotReady(self: Self | null): boolean {
  return (
    self !== null &&
    self.assist === null &&
    self.kept_for === '' &&
    !(self.state === 'wrap_up' && self.form_due !== '') &&
    (self.state === 'available' ||
      self.state === 'wrap_up' ||
      self.state === 'not_ready' ||
      (self.state === 'offline' && self.wants_ready))
  );
}
