// Incidents, docs/protocol.md section 5.6. Codes stay text where a newer server may add some: a page shows what it knows of them.
import { count, dictionary, flag, list, nullable, oneOf, type Read, record, text } from './shape';

export const incidentState = oneOf('open', 'closing', 'closed');
export const incidentPart = oneOf('', 'counsellor', 'supervisor', 'second');

export const incidentAlert = record({ at: count, until: count, round: count, step: text });
const asked = record({ user: text, name: text, way: oneOf('console', 'phone'), until: count });
const news = record({ kind: text, at: count, by: text, by_name: text, about: text });

const rowFields = {
  incident: text,
  untold: flag,
  seq: count,
  level: text,
  trigger: text,
  state: incidentState,
  call: text,
  line: text,
  line_name: text,
  opened_at: count,
  step: text,
  due_at: count,
  owner: text,
  owner_name: text,
  mine: incidentPart,
  alert: nullable(incidentAlert),
  counsellor: text,
  counsellor_name: text,
  supervisor: text,
  supervisor_name: text,
  acknowledged_at: count,
  joined_at: count,
  second: text,
  second_name: text,
  wants_second: flag,
  rings: text,
  asked: list(asked),
  last: list(news),
};
/** What every page knows of an open incident: nothing of it is private. */
export const incidentRow = record(rowFields);

const packetField = record({ field: text, from: text, text });
const said = { text, at: count, by_name: text };
export const duty = record({ owed: flag, due_at: count, done_at: count, by: text, by_name: text });
const mark = record({ item: text, ...said });
const choice = record({ id: text, names: dictionary(text) });

export const incident = record({
  ...rowFields,
  triggers: list(record({ kind: text, at: count, by: text, by_name: text, level: text, call: text, text })),
  calls: list(text),
  on_line: flag,
  cut_off: flag,
  file: text,
  reporter: text,
  facts: list(record({ kind: text, known: flag, ...said })),
  consent: nullable(record({ answer: text, ...said })),
  measures: list(record({ kind: text, outcome: text, ...said })),
  authorisation: nullable(record({ ground: text, text, at: count, by: text, by_name: text })),
  services: list(
    record({ contact: text, name: text, asked_at: count, by_name: text, joined_at: count, failed_at: count }),
  ),
  packet: list(packetField),
  disclosures: list(
    record({ contact: text, to: text, at: count, by: text, by_name: text, packet: list(packetField) }),
  ),
  arrival: nullable(record({ who: text, how: text, at: count, by_name: text })),
  next: nullable(
    record({
      what: text,
      owner: text,
      owner_name: text,
      until: count,
      done_at: count,
      at: count,
      by_name: text,
    }),
  ),
  closure: nullable(
    record({
      outcome: text,
      text,
      proposed_at: count,
      proposed_by: text,
      proposed_by_name: text,
      confirmed_at: count,
      confirmed_by: text,
      confirmed_by_name: text,
    }),
  ),
  missing: list(text),
  checked: list(mark),
  skipped: list(mark),
  notes: list(mark),
  report: duty,
  follow_ups: duty,
  debrief: duty,
  steps: list(
    record({
      name: text,
      state: oneOf('waiting', 'active', 'done', 'skipped', 'late'),
      owner: text,
      owner_name: text,
      due_at: count,
      at: count,
      by_name: text,
    }),
  ),
  timeline: list(
    record({
      seq: count,
      at: count,
      kind: text,
      by: text,
      by_name: text,
      params: dictionary(text),
      text,
      packet: list(packetField),
    }),
  ),
  rules: record({
    version: count,
    regions: list(text),
    checklist: list(choice),
    facts: list(choice),
    measures: list(choice),
    grounds: list(choice),
    outcomes: list(record({ id: text, names: dictionary(text), confirmed: flag })),
    disclosure: list(choice),
  }),
});

export const incidentListed = record({ ...rowFields, closed_at: count, outcome: text, report: duty });
export const incidentList = record({ incidents: list(incidentListed), more: flag });

export const incidentReport = record({
  incident: text,
  names: dictionary(text),
  fields: list(record({ id: text, names: dictionary(text), required: flag, from: text })),
  answers: dictionary(text),
  report: duty,
});

/** The details of a refused end of an incident. */
export const closureBarred = record({ error: text, params: record({ missing: list(text) }) });

export type IncidentRow = Read<typeof incidentRow>;
export type Incident = Read<typeof incident>;
export type IncidentEvent = Incident['timeline'][number];
export type IncidentListed = Read<typeof incidentListed>;
export type IncidentReport = Read<typeof incidentReport>;
export type Duty = Read<typeof duty>;
export type PacketField = Read<typeof packetField>;
export type NamedChoice = Read<typeof choice>;
