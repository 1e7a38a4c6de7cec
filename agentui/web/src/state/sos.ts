// The silent call for help, as the counsellor sees it: asked again until the server has it, then sent, then seen by somebody with a name.
import type { Agent, Self, SOS } from '../protocol/structures';
import type { BoardRows } from './desk';

export type Help =
  | { readonly step: 'none' }
  /** Asked, and not yet shown by the server. */
  | { readonly step: 'sending' }
  | { readonly step: 'sent' }
  | { readonly step: 'seen'; readonly by: string };

/** How long until it is asked again, ms; also how long after its answer SELF may show it. */
export const askEvery = 1500;

/** A call for help that SELF does not show yet. Times are of performance.now(), ms. */
export interface HelpWanted {
  /** The time of the call for help before it, as the server has it; 0: there is none. */
  readonly before: number;
  askedAt: number | null;
  /** When the server said that it has it. It may be seen to and ended before SELF is looked at again: it is never asked for twice. */
  takenAt: number | null;
}

/** Whether the server shows what is wanted, and not only the one before, which somebody has seen already. */
function shown(sos: SOS | null, wanted: HelpWanted): boolean {
  return sos !== null && (sos.ack_by === '' || sos.at !== wanted.before);
}

/** Whether nothing is to be done for it any more. */
export function settled(sos: SOS | null, wanted: HelpWanted, now: number): boolean {
  return shown(sos, wanted) || (wanted.takenAt !== null && now - wanted.takenAt >= askEvery);
}

export function helpOf(sos: SOS | null, wanted: HelpWanted | null): Help {
  if (wanted !== null && !shown(sos, wanted)) return { step: wanted.takenAt === null ? 'sending' : 'sent' };
  if (sos === null) return { step: 'none' };
  return sos.ack_by === '' ? { step: 'sent' } : { step: 'seen', by: sos.ack_by_name };
}

/** Whether it must be asked now. */
export function mustAsk(self: Self | null, wanted: HelpWanted, now: number): boolean {
  if (wanted.takenAt !== null || shown(self?.sos ?? null, wanted)) return false;
  return wanted.askedAt === null || now - wanted.askedAt >= askEvery;
}

/** Those who have asked for help and are not helped yet, who waits longest first. */
export function helpWanted(board: BoardRows | null): readonly Agent[] {
  if (board === null) return [];
  return [...board.agents.values()]
    .filter((row) => row.sos !== null)
    .sort((a, b) => (a.sos?.at ?? 0) - (b.sos?.at ?? 0));
}

/** Whether a supervisor who comes can listen at once: there is a call, and they are in none. */
export function canJoin(row: Agent, self: Self | null): boolean {
  return (
    row.call !== '' && row.state === 'talking' && self !== null && self.call === null && self.assist === null
  );
}
