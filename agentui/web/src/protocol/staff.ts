// Training, supervision and qualifications of people, and whose calls may come to them (docs/protocol.md, section 7).
import { count, flag, list, oneOf, type Read, record, text } from './shape';

export const requirement = record({ rule: text, name: text, until: text, last: text });

/** How a person stands to a line for which something is required. */
export const lineStanding = record({
  line: text,
  line_name: text,
  in: flag,
  waived: flag,
  lapsed: list(requirement),
  due: list(requirement),
});

export const trainingList = record({
  version: count,
  warn_days: count,
  people: list(
    record({
      user: text,
      name: text,
      role: text,
      lines: list(lineStanding),
      year_minutes: count,
      supervised: text,
      languages: list(text),
    }),
  ),
});

export const recordKinds = ['training', 'supervision', 'qualification', 'language'] as const;
const kind = oneOf(...recordKinds);

export const staffRecords = record({
  user: text,
  name: text,
  lines: list(lineStanding),
  records: list(
    record({
      record: text,
      kind,
      topic: text,
      topic_name: text,
      minutes: count,
      day: text,
      expires: text,
      note: text,
      at: count,
      by_name: text,
      void_at: count,
      void_by_name: text,
      void_why: text,
    }),
  ),
  topics: list(record({ id: text, kind, name: text })),
  today: text,
});

const waiverFields = {
  waiver: text,
  line: text,
  line_name: text,
  reason: text,
  from: count,
  until: count,
  by_name: text,
  ended_at: count,
  ended_by_name: text,
  open: flag,
};
export const waiver = record(waiverFields);
export const waiverList = record({ waivers: list(waiver) });

export type LineStanding = Read<typeof lineStanding>;
export type TrainingList = Read<typeof trainingList>;
export type TrainedPerson = TrainingList['people'][number];
export type StaffRecords = Read<typeof staffRecords>;
export type StaffRecord = StaffRecords['records'][number];
export type RecordKind = (typeof recordKinds)[number];
export type Waiver = Read<typeof waiver>;

/** What is to be recorded of a person. */
export interface NewRecord {
  readonly kind: RecordKind;
  readonly topic: string;
  readonly minutes: number;
  readonly day: string;
  readonly expires: string;
  readonly note: string;
}
