// What the server says, folded into what a screen shows. Pure: frames in, a new state out.
import type { Broadcast } from '../protocol/floor';
import type { ServerFrame } from '../protocol/messages';
import type { Agent, Call, Duties, Emergency, Self } from '../protocol/structures';
import { type Clock, heard, unsetClock } from './clock';

export interface BoardRows {
  readonly calls: ReadonlyMap<string, Call>;
  readonly agents: ReadonlyMap<string, Agent>;
}

export interface Desk {
  readonly self: Self | null;
  /** null when the role has no board. */
  readonly board: BoardRows | null;
  /** Codes of the parts that are away, as the server last told. */
  readonly trouble: readonly string[];
  readonly duties: Duties;
  readonly emergency: Emergency;
  /** The version of the settings that is in force. */
  readonly settings: number;
  /** Messages to every console that the person has yet to read. */
  readonly broadcasts: readonly Broadcast[];
  readonly clock: Clock;
  /** The last change that was folded in. */
  readonly seq: number;
  /** A change was missed: nothing is folded in until the next snapshot. */
  readonly stale: boolean;
}

export const noDuties: Duties = {
  due: 0,
  red: 0,
  open: 0,
  proposals: 0,
  debriefs: 0,
  lowerings: 0,
  barred: 0,
  reports: 0,
  overdue: 0,
  reveals: 0,
  followups: 0,
  followups_late: 0,
  referrals: 0,
  handovers: 0,
  handovers_late: 0,
  reviews: 0,
  reviews_late: 0,
  reviews_unread: 0,
  change: 0,
};

export const emptyDesk: Desk = {
  self: null,
  board: null,
  trouble: [],
  duties: noDuties,
  emergency: { on: false, since: 0, by: '', by_name: '', reason: '', message: '' },
  settings: 0,
  broadcasts: [],
  clock: unsetClock,
  seq: 0,
  stale: true,
};

/** Folds one frame in. When the result is stale and the one before was not, the caller asks for a snapshot. */
export function fold(desk: Desk, frame: ServerFrame, localNow: number): Desk {
  switch (frame.type) {
    case 'snapshot':
      return {
        self: frame.self,
        board: frame.board && {
          calls: byId([...frame.board.waiting, ...frame.board.talking], (row) => row.call),
          agents: byId(frame.board.agents, (row) => row.user),
        },
        trouble: frame.trouble,
        duties: frame.duties,
        emergency: frame.emergency,
        settings: frame.settings,
        broadcasts: frame.broadcasts,
        clock: heard(desk.clock, frame.now, localNow),
        seq: frame.seq,
        stale: false,
      };
    case 'change': {
      if (desk.stale) return desk;
      if (frame.seq !== desk.seq + 1) return { ...desk, stale: true };
      return {
        self: frame.self ?? desk.self,
        board: desk.board && {
          calls: upserted(desk.board.calls, frame.calls, frame.gone_calls, (row) => row.call),
          agents: upserted(desk.board.agents, frame.agents, frame.gone_agents, (row) => row.user),
        },
        trouble: frame.trouble ?? desk.trouble,
        duties: frame.duties ?? desk.duties,
        emergency: frame.emergency ?? desk.emergency,
        settings: frame.settings ?? desk.settings,
        broadcasts: frame.broadcasts ?? desk.broadcasts,
        clock: heard(desk.clock, frame.now, localNow),
        seq: frame.seq,
        stale: false,
      };
    }
    default:
      return desk;
  }
}

function byId<T>(rows: readonly T[], id: (row: T) => string): Map<string, T> {
  return new Map(rows.map((row) => [id(row), row]));
}

function upserted<T>(
  rows: ReadonlyMap<string, T>,
  changed: readonly T[] | undefined,
  gone: readonly string[] | undefined,
  id: (row: T) => string,
): ReadonlyMap<string, T> {
  if (!changed?.length && !gone?.length) return rows;
  const next = new Map(rows);
  for (const row of changed ?? []) next.set(id(row), row);
  for (const key of gone ?? []) next.delete(key);
  return next;
}
