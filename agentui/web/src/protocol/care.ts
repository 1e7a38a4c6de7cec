// What is known and written of a call: notes, context, plan, form, shift, debriefs (docs/protocol.md, section 5). It comes with the pages that show it.
import { task } from './structures';
import { count, dictionary, flag, list, nullable, oneOf, type Read, record, text } from './shape';

export const noteUpdate = record({ seq: count, by: text, by_name: text, data: text });
export const note = record({
  call: text,
  seq: count,
  text_seq: count,
  text,
  text_at: count,
  text_by: text,
  may_write: flag,
  updates: list(noteUpdate),
  more: flag,
  grant: text,
});
export const noteUpdates = record({ seq: count, text_seq: count, updates: list(noteUpdate), more: flag });
export const noteHead = record({ seq: count, text_seq: count });

export const plan = record({
  version: count,
  at: count,
  by: text,
  by_name: text,
  restored: count,
  text,
});
export const planHistory = record({ versions: list(plan) });

export const earlierCall = record({
  call: text,
  at: count,
  line: text,
  line_name: text,
  talk_ms: count,
  outcome: text,
  at_risk: flag,
  yours: flag,
  agent_name: text,
});
export const callContext = record({
  call: text,
  withheld: flag,
  number: text,
  country: text,
  places: dictionary(text),
  relayed: flag,
  at_risk: flag,
  contacts: list(earlierCall),
  tasks: list(task),
  plan,
});
export const revealedNumber = record({ number: text, until: count });

const choice = record({ id: text, names: dictionary(text) });
const question = record({
  id: text,
  names: dictionary(text),
  kind: oneOf('one', 'many', 'text'),
  choices: list(choice),
  required: flag,
  when: nullable(record({ question: text, choice: text })),
});
export const form = record({ version: count, questions: list(question) });
/** −1 as the version that was filled in: none was. */
const filled = (value: unknown, path: string): number => (value === -1 ? -1 : count(value, path));
export const disposition = record({
  call: text,
  form,
  filled,
  at: count,
  by_name: text,
  answers: dictionary(list(text)),
});

/** The result of `form_keep`. */
export const formKept = record({ sealed: text, at: count });

export const debrief = record({
  debrief: text,
  user: text,
  name: text,
  call: text,
  at: count,
  words: text,
  done_at: count,
  done_by_name: text,
});
export const debriefList = record({ debriefs: list(debrief) });

const shiftCall = record({
  call: text,
  at: count,
  line: text,
  line_name: text,
  talk_ms: count,
  outcome: text,
  at_risk: flag,
  missing: flag,
});
const shiftSpan = record({ state: text, reason: text, from: count, to: count, until: count, call: text });
export const shift = record({
  from: count,
  now: count,
  spans: list(shiftSpan),
  calls: list(shiftCall),
  overdue: list(shiftCall),
  tasks: list(task),
  debriefs: list(debrief),
});

export type Note = Read<typeof note>;
export type NoteUpdates = Read<typeof noteUpdates>;
export type NoteHead = Read<typeof noteHead>;
export type Plan = Read<typeof plan>;
export type CallContext = Read<typeof callContext>;
export type EarlierCall = Read<typeof earlierCall>;
export type Form = Read<typeof form>;
export type Question = Read<typeof question>;
export type Disposition = Read<typeof disposition>;
export type Answers = Disposition['answers'];
export type Debrief = Read<typeof debrief>;
export type Shift = Read<typeof shift>;
export type ShiftCall = Read<typeof shiftCall>;
export type ShiftSpan = Read<typeof shiftSpan>;
