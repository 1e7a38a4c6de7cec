// How a supervisor takes part in a call, in one word that the screen can say plainly.
import type { Call, Party, Self } from '../protocol/structures';

export const modes = ['monitor', 'whisper', 'barge'] as const;
export type Mode = (typeof modes)[number];

export type Part =
  /** Not in this call, and nothing is under way. */
  | { readonly is: 'out' }
  /** Asked for, and not so yet. */
  | { readonly is: 'joining'; readonly mode: Mode }
  | { readonly is: 'in'; readonly mode: Mode; readonly since: number }
  /** It did not come about; `why` is a code of the protocol. */
  | { readonly is: 'failed'; readonly why: string }
  /** Takes part in another call: that one is to be left first. */
  | { readonly is: 'elsewhere'; readonly call: string }
  /** The call is their own. */
  | { readonly is: 'own' };

function isMode(role: string): role is Mode {
  return (modes as readonly string[]).includes(role);
}

/** What this person is to a call; `asked` is the mode that was asked for and has not shown yet. */
export function partOf(self: Self | null, call: Call, asked: Mode | null): Part {
  if (self === null) return { is: 'out' };
  if (call.agent === self.user) return { is: 'own' };
  const party = call.parties.find((one) => one.user === self.user);
  if (party?.state === 'in' && isMode(party.role)) {
    if (asked !== null && asked !== party.role) return { is: 'joining', mode: asked };
    return { is: 'in', mode: party.role, since: party.since };
  }
  if (asked !== null) return { is: 'joining', mode: asked };
  if (party?.state === 'failed') return { is: 'failed', why: party.why };
  if (self.assist !== null && self.assist.call.call !== call.call)
    return { is: 'elsewhere', call: self.assist.call.call };
  return { is: 'out' };
}

/** Others who take part, so that two supervisors see each other. */
export function others(call: Call, user: string): readonly Party[] {
  return call.parties.filter((party) => party.user !== user && party.state !== 'failed');
}

export interface ListenStroke {
  readonly code: string;
  readonly alt: boolean;
  readonly shift: boolean;
  readonly modified: boolean;
  readonly repeat: boolean;
}

/** Keys work while somebody types; taking over needs two hands. */
export const listenKeys: Readonly<Record<Mode | 'take' | 'leave', readonly string[]>> = {
  monitor: ['Alt', 'L'],
  whisper: ['Alt', 'W'],
  barge: ['Alt', 'B'],
  take: ['Alt', 'Shift', 'T'],
  leave: ['Alt', 'Q'],
};

export function listenAction(stroke: ListenStroke): Mode | 'take' | 'leave' | null {
  if (!stroke.alt || stroke.modified || stroke.repeat) return null;
  if (stroke.shift) return stroke.code === 'KeyT' ? 'take' : null;
  const actions: Readonly<Record<string, Mode | 'leave'>> = {
    KeyL: 'monitor',
    KeyW: 'whisper',
    KeyB: 'barge',
    KeyQ: 'leave',
  };
  return actions[stroke.code] ?? null;
}
