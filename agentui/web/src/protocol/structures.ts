// The structures of docs/protocol.md, sections 5 and 6. Times are UTC in milliseconds since 1970, 0 where there is none.
import { levelOrNone } from './risk';
import { incidentRow } from './incidents';
import { lineStanding } from './staff';
import {
  count,
  flag,
  list,
  nullable,
  number,
  oneOf,
  optional,
  type Read,
  type Reader,
  record,
  ShapeError,
  text,
} from './shape';

export const role = oneOf('agent', 'supervisor', 'administrator', 'security', 'auditor');
export const tier = oneOf('red', 'returning', 'followup', 'normal', 'nuisance');
export const agentState = oneOf('offline', 'available', 'reserved', 'talking', 'wrap_up', 'not_ready');
export const callState = oneOf('waiting', 'offered', 'talking', 'held', 'greeting', 'degraded');
export const mediaState = oneOf('none', 'connecting', 'ready', 'lost');

export const skills: Reader<Record<string, number>> = (value, path) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ShapeError(path, 'object');
  return Object.fromEntries(
    Object.entries(value).map(([name, level]) => [name, count(level, `${path}.${name}`)]),
  );
};

export const quality = record({ rtt_ms: number, loss_percent: number, jitter_ms: number, mos: number });

export const offer = record({
  offer: text,
  call: text,
  line: text,
  line_name: text,
  tier,
  waited_ms: count,
  at: count,
  expires_at: count,
  history: count,
  returning_to_you: flag,
  callback: flag,
});

export const partyRole = oneOf('consult', 'monitor', 'whisper', 'barge', 'outside');
export const partyState = oneOf('invited', 'in', 'failed');

/** Somebody who takes part in a call beside its caller and its agent, or is asked to. */
export const party = record({
  user: text,
  name: text,
  role: partyRole,
  state: partyState,
  by: text,
  by_name: text,
  since: count,
  note: text,
  contact: text,
  contact_name: text,
  why: text,
});

/** A silent call for help; `ack_by` is empty until somebody has seen it. */
export const sos = record({ at: count, call: text, ack_by: text, ack_by_name: text, ack_at: count });

/**
 * What is to be left out of the recording of a call now; it ends by itself. Confirmed is only what `taken` says: until then nothing is recorded; 0: all may
 * be. `asked`: since when it is asked for; `over`: since when it is not wanted any more, and not confirmed that it is recorded again; 0: wanted.
 */
export const recordingPause = record({
  reason: text,
  since: count,
  until: count,
  asked: count,
  taken: count,
  over: count,
});

export const call = record({
  call: text,
  line: text,
  line_name: text,
  state: callState,
  tier,
  agent: text,
  agent_name: text,
  arrived_at: count,
  since: count,
  talk_since: count,
  danger: flag,
  history: count,
  hold_reason: text,
  callback: flag,
  quality: nullable(quality),
  parties: list(party),
  needs: skills,
  assigned: text,
  assigned_name: text,
  level: levelOrNone,
  level_by_name: text,
  level_at: count,
  agent_lost_at: count,
  pause: optional(recordingPause),
});

export const agent = record({
  user: text,
  name: text,
  state: agentState,
  reason: text,
  since: count,
  call: text,
  media: mediaState,
  muted: flag,
  assist: text,
  sos: nullable(sos),
  skills,
  group: count,
  reds: count,
  until: count,
  form_due: text,
  form_late_at: count,
  kept_for: text,
});

/** A call in which somebody takes part, or is asked to, without being its agent. */
export const beside = record({ party, call });

export const self = record({
  user: text,
  name: text,
  role,
  state: agentState,
  reason: text,
  since: count,
  until: count,
  wants_ready: flag,
  media: mediaState,
  leg: text,
  offer: nullable(offer),
  call: nullable(call),
  muted: flag,
  assist: nullable(beside),
  invite: nullable(beside),
  sos: nullable(sos),
  supervised: list(text),
  form_due: text,
  form_late_at: count,
  kept_for: text,
  incidents: list(incidentRow),
  lines: optional(list(lineStanding)),
});

export const board = record({ waiting: list(call), talking: list(call), agents: list(agent) });

/** Emergency mode: since when, by whom, why, and what every page shows of it. */
export const emergency = record({
  on: flag,
  since: count,
  by: text,
  by_name: text,
  reason: text,
  message: text,
});

/** What a sign-in must do before anything else; empty: nothing. */
export const next = oneOf('', 'second_factor', 'enrolment', 'password', 'unlock');

export const me = record({ user: text, username: text, name: text, role, locale: text, next });

export const config = record({
  locale: text,
  locales: list(text),
  reasons: list(text),
  ice_servers: list(
    record({
      urls: (value, path) => (typeof value === 'string' ? [value] : list(text)(value, path)),
      username: (value, path) => (value === undefined ? undefined : text(value, path)),
      credential: (value, path) => (value === undefined ? undefined : text(value, path)),
    }),
  ),
  codec: text,
  demo: flag,
  provider: text,
  idle_lock_ms: count,
});

/** What waits for a person; `change` is another number when any task or block is another. */
export const duties = record({
  due: count,
  red: count,
  open: count,
  proposals: count,
  debriefs: count,
  lowerings: count,
  barred: count,
  reports: count,
  overdue: count,
  reveals: count,
  followups: count,
  followups_late: count,
  referrals: count,
  handovers: count,
  handovers_late: count,
  reviews: count,
  reviews_late: count,
  reviews_unread: count,
  change: count,
});

export const attempt = record({ at: count, who: text, who_name: text, result: text, q850: count });

export const task = record({
  task: text,
  call: text,
  entry: text,
  line: text,
  line_name: text,
  reason: text,
  tier,
  danger: flag,
  state: oneOf('open', 'working', 'given_up', 'done', 'cancelled'),
  arrived_at: count,
  due_at: count,
  next_at: count,
  auto: flag,
  asked_by: text,
  asked_by_name: text,
  attempts: count,
  most: count,
  number: text,
  callable: flag,
  may_voicemail: flag,
  has_message: flag,
  last: nullable(attempt),
});

export const taskList = record({ tasks: list(task), no_trunk: flag });

export const blockKinds = ['harassment', 'threat', 'prank', 'flooding', 'other'] as const;

export const block = record({
  block: text,
  call: text,
  line: text,
  line_name: text,
  kind: text,
  reason: text,
  state: oneOf('proposed', 'approved', 'expired', 'refused', 'lifted'),
  proposed_at: count,
  by: text,
  by_name: text,
  decided_at: count,
  decided_by_name: text,
  expires_at: count,
  lifted_at: count,
  lifted_by_name: text,
});

export const blockList = record({ blocks: list(block) });

const rule = oneOf(
  'again',
  'supervisor',
  'assigned',
  'returning',
  'preferred',
  'only',
  'group',
  'exposure',
  'longest_idle',
);

/** Why one offer was made: who else fitted, and who else waited. */
export const decision = record({
  offer: text,
  at: count,
  agent: text,
  agent_name: text,
  rule,
  tier,
  needs: skills,
  groups: count,
  candidates: list(
    record({
      agent: text,
      agent_name: text,
      group: count,
      reds: count,
      idle_since: count,
      held_until: count,
      skills,
    }),
  ),
  fitting: count,
  others: list(
    record({
      call: text,
      tier,
      ahead_ms: number,
      needs: skills,
      groups: count,
      only: text,
      only_name: text,
      fits: flag,
    }),
  ),
  waiting: count,
});

export const decisionList = record({ call: text, decisions: list(decision) });
export const grant = record({ grant: text, url: text, expires_at: count });

/** The answer to `leg` and `leg_restart`: an SDP that holds every candidate. */
export const legAnswer = record({ leg: text, answer: text });

export type Role = Read<typeof role>;
export type Tier = Read<typeof tier>;
export type AgentState = Read<typeof agentState>;
export type Party = Read<typeof party>;
export type PartyRole = Read<typeof partyRole>;
export type SOS = Read<typeof sos>;
export type Beside = Read<typeof beside>;
export type MediaState = Read<typeof mediaState>;
export type Quality = Read<typeof quality>;
export type Offer = Read<typeof offer>;
export type Call = Read<typeof call>;
export type Agent = Read<typeof agent>;
export type Self = Read<typeof self>;
export type Board = Read<typeof board>;
export type Emergency = Read<typeof emergency>;
export type Next = Read<typeof next>;
export type Me = Read<typeof me>;
export type Config = Read<typeof config>;
export type Duties = Read<typeof duties>;
export type Attempt = Read<typeof attempt>;
export type Task = Read<typeof task>;
export type Block = Read<typeof block>;
export type BlockKind = (typeof blockKinds)[number];
export type Decision = Read<typeof decision>;
export type Grant = Read<typeof grant>;
export type LegAnswer = Read<typeof legAnswer>;
