// Whom an agent may ask into a call, and the summaries written for them (docs/protocol.md, section 5).
import { count, flag, list, type Read, record, text } from './shape';
import { agentState, mediaState, role, skills } from './structures';

export const colleague = record({
  user: text,
  name: text,
  role,
  state: agentState,
  reason: text,
  skills,
  media: mediaState,
  free: flag,
});

export const colleagueList = record({ colleagues: list(colleague) });

export const handover = record({
  id: text,
  call: text,
  from: text,
  from_name: text,
  to: text,
  to_name: text,
  at: count,
  text,
});

export type Colleague = Read<typeof colleague>;
export type Handover = Read<typeof handover>;
