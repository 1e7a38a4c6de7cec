// The supervisor's board: rows in the order in which they will be served, and figures over them.
import type { Agent, AgentState, Call, Tier } from '../protocol/structures';
import type { BoardRows } from './desk';

// The queue's own head starts (queue.Config): order by arrival less head start.
const minute = 60_000;
const headStart: Readonly<Record<Tier, number>> = {
  red: 60_000 * minute,
  returning: 30_000 * minute,
  followup: 10 * minute,
  normal: 0,
  nuisance: -30 * minute,
};

// Those who can help first, those who cannot last.
const agentOrder: Readonly<Record<AgentState, number>> = {
  reserved: 0,
  talking: 1,
  available: 2,
  wrap_up: 3,
  not_ready: 4,
  offline: 5,
};

export interface BoardView {
  /** Everyone whom nobody talks with yet, greeting and degraded ones too. */
  readonly waiting: readonly Call[];
  readonly talking: readonly Call[];
  readonly agents: readonly Agent[];
  readonly agentCounts: Readonly<Record<AgentState, number>>;
  readonly redWaiting: number;
  /** Arrival of the one who waits longest, 0 when nobody waits. */
  readonly longestSince: number;
}

export function isTalking(call: Call): boolean {
  return call.state === 'talking' || call.state === 'held';
}

export function boardView(rows: BoardRows): BoardView {
  const waiting: Call[] = [];
  const talking: Call[] = [];
  for (const call of rows.calls.values()) (isTalking(call) ? talking : waiting).push(call);
  const key = (call: Call) => call.arrived_at - headStart[call.tier];
  waiting.sort((a, b) => key(a) - key(b) || (a.call < b.call ? -1 : 1));
  talking.sort((a, b) => Number(b.tier === 'red') - Number(a.tier === 'red') || a.talk_since - b.talk_since);

  const agentCounts = { offline: 0, available: 0, reserved: 0, talking: 0, wrap_up: 0, not_ready: 0 };
  const agents = [...rows.agents.values()];
  for (const agent of agents) agentCounts[agent.state]++;
  agents.sort((a, b) => agentOrder[a.state] - agentOrder[b.state] || a.since - b.since);

  return {
    waiting,
    talking,
    agents,
    agentCounts,
    redWaiting: waiting.filter((call) => call.tier === 'red' || call.danger).length,
    longestSince: waiting.reduce(
      (oldest, call) => (oldest === 0 ? call.arrived_at : Math.min(oldest, call.arrived_at)),
      0,
    ),
  };
}
