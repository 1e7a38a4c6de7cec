// People: their files, what is recorded of their calls, what is reported of minors, who sees a number (docs/protocol.md, section 5). It comes with the
// pages that show it.
import { plan } from './care';
import {
  count,
  dictionary,
  flag,
  list,
  nullable,
  oneOf,
  type Read,
  type Reader,
  record,
  text,
} from './shape';

/** Any JSON object, as it came. */
const object: Reader<Readonly<Record<string, unknown>>> = (value, path) => {
  record({})(value, path);
  return value as Record<string, unknown>;
};

export const ageBands = ['under_14', '14_17', '18_24', '25_34', '35_44', '45_59', '60_up'] as const;
export const sexes = ['female', 'male', 'other'] as const;

export const personFile = record({
  file: text,
  code: text,
  called_as: text,
  birth_year: count,
  age_band: text,
  sex: text,
  region: text,
  minor: flag,
  child: flag,
  level: oneOf('', 'none', 'low', 'moderate', 'high'),
  level_at: count,
  level_by_name: text,
  level_version: count,
  created_at: count,
});

export const safetySteps = record({
  signs: list(text),
  coping: list(text),
  people: list(text),
  places: list(text),
  professionals: list(text),
  means: list(text),
});
export const safetyPlan = record({
  version: count,
  at: count,
  by_name: text,
  call: text,
  restored: count,
  steps: safetySteps,
});
export const safetyHistory = record({ versions: list(safetyPlan) });

export const minorReport = record({
  report: text,
  call: text,
  file: text,
  code: text,
  line: text,
  line_name: text,
  child: flag,
  opened_at: count,
  opened_by_name: text,
  harm: oneOf('', 'none', 'suspected'),
  state: oneOf('open', 'proposed', 'closed'),
  due_at: count,
  overdue: flag,
  outcome: oneOf('', 'none', 'reported', 'dismissed'),
  proposed_at: count,
  proposed_by: text,
  proposed_by_name: text,
  closed_at: count,
  closed_by_name: text,
  guardian: oneOf('', 'consent', 'emergency', 'refused'),
  needs_guardian: flag,
});
export const minorReports = record({ reports: list(minorReport) });
export const minorReportActs = record({
  report: minorReport,
  acts: list(record({ kind: text, at: count, by_name: text, what: text, words: text })),
});

export const role = oneOf('caller', 'reporter', 'at_risk');
export const callPeople = record({
  call: text,
  withheld: flag,
  people: list(record({ role, person: personFile, calls: count, phrase: flag })),
  others: list(personFile),
  returning: nullable(personFile),
  reports: list(minorReport),
  safety: safetyPlan,
});

const recordHead = record({ form: text, at: count, by_name: text });
export const fileContact = record({
  call: text,
  at: count,
  line: text,
  line_name: text,
  role,
  part: text,
  talk_ms: count,
  outcome: text,
  at_risk: flag,
  level: oneOf('', 'none', 'low', 'moderate', 'high'),
  yours: flag,
  agent_name: text,
  records: list(recordHead),
  filed: flag,
});
export const fileAct = record({
  act: text,
  kind: text,
  file: text,
  code: text,
  other: text,
  other_code: text,
  call: text,
  at: count,
  by_name: text,
  detail: text,
  reason: text,
  undone_at: count,
  undone_by_name: text,
  undoable: flag,
});
const fileIncident = record({
  incident: text,
  level: text,
  state: text,
  at: count,
  closed_at: count,
  outcome: text,
});
const fileFollowUp = record({
  follow_up: text,
  rule: text,
  state: text,
  due_at: count,
  ended_at: count,
  outcome: text,
});
export const filePage = record({
  person: personFile,
  phrase: flag,
  parts: list(personFile),
  contacts: list(fileContact),
  acts: list(fileAct),
  safety: safetyPlan,
  plan,
  reports: list(minorReport),
  incidents: list(fileIncident),
  follow_ups: list(fileFollowUp),
  may_merge: flag,
  grant: text,
});
export const mergePreview = record({
  from: personFile,
  into: personFile,
  from_calls: count,
  into_calls: count,
  level: text,
  together: list(text),
});
export const fileList = record({ files: list(personFile) });

export const recordForm = record({
  id: text,
  version: count,
  kind: oneOf('scale', 'record', 'report'),
  names: dictionary(text),
  schema: object,
  order: list(text),
  scoring: nullable(object),
});
export const contactRecord = record({
  form: text,
  version: count,
  at: count,
  by_name: text,
  rev: count,
  answers: object,
});
export const callRecords = record({
  call: text,
  version: count,
  forms: list(recordForm),
  records: list(contactRecord),
  drafts: list(contactRecord),
  filed: flag,
  may_write: flag,
});
export const recordHistory = record({ records: list(contactRecord), forms: list(recordForm) });
export const unfinished = record({
  drafts: list(record({ call: text, file: text, form: text, at: count })),
});
export const fileDraftKinds = ['safety', 'profile'] as const;
export const fileDraft = record({
  kind: oneOf(...fileDraftKinds),
  base: count,
  rev: count,
  at: count,
  answers: object,
});
export const fileDrafts = record({ drafts: list(fileDraft) });
export type FileDraft = Read<typeof fileDraft>;
export type FileDraftKind = (typeof fileDraftKinds)[number];

export const numberReveal = record({
  reveal: text,
  call: text,
  asked_at: count,
  asked_by: text,
  asked_by_name: text,
  reason: text,
  state: oneOf('asked', 'approved', 'refused', 'emergency'),
  decided_by_name: text,
  until: count,
  looks: count,
  reviewed_at: count,
  reviewed_by_name: text,
  justified: flag,
  answer: text,
  yours: flag,
});
export const numberReveals = record({ reveals: list(numberReveal) });

export type PersonFile = Read<typeof personFile>;
export type CallPeople = Read<typeof callPeople>;
export type CallPerson = CallPeople['people'][number];
export type SafetyPlan = Read<typeof safetyPlan>;
export type SafetySteps = Read<typeof safetySteps>;
export type MinorReport = Read<typeof minorReport>;
export type FilePage = Read<typeof filePage>;
export type FileContact = Read<typeof fileContact>;
export type FileAct = Read<typeof fileAct>;
export type MergePreview = Read<typeof mergePreview>;
export type RecordForm = Read<typeof recordForm>;
export type ContactRecord = Read<typeof contactRecord>;
export type CallRecords = Read<typeof callRecords>;
export type NumberReveal = Read<typeof numberReveal>;
export interface Profile {
  called_as: string;
  birth_year: number;
  age_band: string;
  sex: string;
  region: string;
}
