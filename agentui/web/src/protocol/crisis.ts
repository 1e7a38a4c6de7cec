// The policy of a crisis: how a site answers danger (docs/protocol.md, section 8). Only the administrator's page loads this.
import { words } from './settings';
import { count, flag, list, type Read, record, text } from './shape';

export const deadlineNames = [
  'acknowledge',
  'phone',
  'round',
  'again',
  'join',
  'reach',
  'second',
  'facts',
  'consent',
  'measures',
  'authorise',
  'service',
  'disclose',
  'confirm',
  'close',
  'plan',
  'report',
  'debrief',
  'remind',
  'minor_ask',
  'minor_report',
] as const;
export type DeadlineName = (typeof deadlineNames)[number];

const named = record({ id: text, names: words });
const field = record({ id: text, names: words, required: flag, from: text });
const deadlines = record(
  Object.fromEntries(deadlineNames.map((name) => [name, count])) as Record<DeadlineName, typeof count>,
);

export const crisisPolicy = record({
  deadlines,
  tree: record({ users: list(text), phones: flag, everyone: flag }),
  opens: list(record({ trigger: text, level: text, open: flag, at_least: text })),
  high_risk: record({ text: words, criteria: list(named) }),
  measures: list(named),
  closure: record({
    needs: list(text),
    outcomes: list(record({ id: text, names: words, confirmed: flag, follow_up: flag })),
  }),
  checklists: list(record({ region: text, items: list(named) })),
  disclosure: list(field),
  report: record({ names: words, from: text, fields: list(field) }),
  follow_ups: list(record({ after: text, names: words })),
  names: words,
});

const tally = record({
  alerts: count,
  phones: count,
  nudges: count,
  late: count,
  reports: count,
  longest: count,
});
export const rehearsal = record({
  from: count,
  to: count,
  incidents: count,
  before: tally,
  after: tally,
  opened: list(record({ trigger: text, level: text, at: count })),
  unopened: list(text),
  changed: list(
    record({
      incident: text,
      opened_at: count,
      before: tally,
      after: tally,
      refused: list(record({ kind: text, at: count, missing: list(text) })),
    }),
  ),
  minors: record({ tasks: count, before: count, after: count }),
  cut: flag,
});

export type CrisisPolicy = Read<typeof crisisPolicy>;
export type Rehearsal = Read<typeof rehearsal>;
