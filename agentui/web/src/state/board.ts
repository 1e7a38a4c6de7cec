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

/** The groups of people, as the board shows them: those on a call first, those who cannot be asked last. */
export const agentGroups: readonly AgentState[] = [
  'reserved',
  'talking',
  'available',
  'wrap_up',
  'not_ready',
  'offline',
];

export interface BoardView {
  /** Everyone whom nobody talks with yet, greeting and degraded ones too. */
  readonly waiting: readonly Call[];
  readonly talking: readonly Call[];
  readonly agents: readonly Agent[];
  readonly agentCounts: Readonly<Record<AgentState, number>>;
  readonly redWaiting: number;
  /** Arrival of the one who waits longest, 0 when nobody waits. */
  readonly longestSince: number;
  /** Who asked silently for help: those whom nobody has answered first, then the longest. */
  readonly help: readonly Agent[];
}

export function isTalking(call: Call): boolean {
  return call.state === 'talking' || call.state === 'held';
}

const atRisk = (call: Call) => call.tier === 'red' || call.danger;

export function boardView(rows: BoardRows): BoardView {
  const waiting: Call[] = [];
  const talking: Call[] = [];
  for (const call of rows.calls.values()) (isTalking(call) ? talking : waiting).push(call);
  const key = (call: Call) => call.arrived_at - headStart[call.tier];
  waiting.sort((a, b) => key(a) - key(b) || (a.call < b.call ? -1 : 1));
  talking.sort(
    (a, b) =>
      Number(atRisk(b)) - Number(atRisk(a)) || a.talk_since - b.talk_since || (a.call < b.call ? -1 : 1),
  );

  const agentCounts = { offline: 0, available: 0, reserved: 0, talking: 0, wrap_up: 0, not_ready: 0 };
  const agents = [...rows.agents.values()];
  for (const agent of agents) agentCounts[agent.state]++;
  const order = new Map(agentGroups.map((state, i) => [state, i]));
  agents.sort(
    (a, b) =>
      (order.get(a.state) ?? 0) - (order.get(b.state) ?? 0) ||
      a.since - b.since ||
      (a.user < b.user ? -1 : 1),
  );

  return {
    waiting,
    talking,
    agents,
    agentCounts,
    redWaiting: waiting.filter(atRisk).length,
    longestSince: waiting.reduce(
      (oldest, call) => (oldest === 0 ? call.arrived_at : Math.min(oldest, call.arrived_at)),
      0,
    ),
    help: agents
      .filter((agent) => agent.sos !== null)
      .sort(
        (a, b) =>
          Number(a.sos?.ack_by !== '') - Number(b.sos?.ack_by !== '') || (a.sos?.at ?? 0) - (b.sos?.at ?? 0),
      ),
  };
}

function holds(needle: string, ...texts: readonly string[]): boolean {
  const wanted = needle.trim().toLowerCase();
  return wanted === '' || texts.some((text) => text.toLowerCase().includes(wanted));
}

/** The calls that a search finds: by line, by who has them, by a skill that is asked for, by who takes part. */
export function findCalls(calls: readonly Call[], needle: string): readonly Call[] {
  if (needle.trim() === '') return calls;
  return calls.filter((call) =>
    holds(
      needle,
      call.line,
      call.line_name,
      call.agent_name,
      call.assigned_name,
      ...Object.keys(call.needs),
      ...call.parties.map((party) => party.name),
    ),
  );
}

/** One line of the list of people: the beginning of a group, or a person. */
export type PersonRow =
  | { readonly key: string; readonly head: AgentState; readonly count: number }
  | { readonly key: string; readonly agent: Agent };

/** People in groups by state, as a search and a choice of states leave them. Folded groups keep their heading. */
export function peopleRows(
  agents: readonly Agent[],
  needle: string,
  folded: ReadonlySet<AgentState>,
): readonly PersonRow[] {
  const found = agents.filter((agent) =>
    holds(needle, agent.name, agent.user, agent.reason, ...Object.keys(agent.skills)),
  );
  const rows: PersonRow[] = [];
  for (const head of agentGroups) {
    const group = found.filter((agent) => agent.state === head);
    if (group.length === 0) continue;
    rows.push({ key: `head-${head}`, head, count: group.length });
    if (!folded.has(head)) rows.push(...group.map((agent) => ({ key: agent.user, agent })));
  }
  return rows;
}

/** Whom a caller may be assigned to: everyone signed in, who can be soon first. */
export function assignable(agents: readonly Agent[], needle: string): readonly Agent[] {
  const soon: Partial<Record<AgentState, number>> = {
    available: 0,
    wrap_up: 1,
    reserved: 2,
    talking: 2,
    not_ready: 3,
  };
  return agents
    .filter((agent) => agent.state !== 'offline' && holds(needle, agent.name, ...Object.keys(agent.skills)))
    .sort(
      (a, b) => (soon[a.state] ?? 9) - (soon[b.state] ?? 9) || a.name.localeCompare(b.name, 'zh-Hans-CN'),
    );
}
