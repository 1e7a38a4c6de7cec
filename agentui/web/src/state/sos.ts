// The silent call for help, as the counsellor sees it: asked again until the server shows it, then sent, then seen by somebody with a name.
import type { Agent, Self, SOS } from '../protocol/structures';
import type { BoardRows } from './desk';

export type Help =
  | { readonly step: 'none' }
  /** Asked, and not yet shown by the server. */
  | { readonly step: 'sending' }
  | { readonly step: 'sent' }
  | { readonly step: 'seen'; readonly by: string };

/** How long until it is asked again, ms. */
export const askEvery = 1500;

// What is wanted is told by the time of the call for help before it, as the server has it; 0: there is none.

/** Whether the server shows what is wanted, and not only the one before, which somebody has seen already. */
export function taken(sos: SOS | null, wanted: number): boolean {
  return sos !== null && (sos.ack_by === '' || sos.at !== wanted);
}

export function helpOf(sos: SOS | null, wanted: number | null): Help {
  if (wanted !== null && !taken(sos, wanted)) return { step: 'sending' };
  if (sos === null) return { step: 'none' };
  return sos.ack_by === '' ? { step: 'sent' } : { step: 'seen', by: sos.ack_by_name };
}

/** Whether it must be asked now: `askedAt` is when it was asked last, null: not since it was wanted. */
export function mustAsk(
  self: Self | null,
  wanted: number | null,
  askedAt: number | null,
  now: number,
): boolean {
  if (wanted === null || taken(self?.sos ?? null, wanted)) return false;
  return askedAt === null || now - askedAt >= askEvery;
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
