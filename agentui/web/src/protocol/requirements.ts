// What the administrator asks of people before a line's calls come to them (docs/protocol.md, section 8). Only the administrator's page loads this.
import { count, dictionary, list, oneOf, type Read, record, text } from './shape';

const words = dictionary(text);
export const topicKinds = ['training', 'qualification', 'language'] as const;
export const ruleKinds = ['training', 'supervision', 'qualification'] as const;

const topic = record({ id: text, kind: oneOf(...topicKinds), names: words });
const rule = record({
  id: text,
  names: words,
  /** None: every line. */
  lines: list(text),
  kind: oneOf(...ruleKinds),
  /** None: any of the kind. */
  topics: list(text),
  hours: count,
  days: count,
  grace: count,
});
export const requirements = record({ topics: list(topic), rules: list(rule), warn_days: count });

export type Requirements = Read<typeof requirements>;
export type RequirementTopic = Read<typeof topic>;
export type RequirementRule = Read<typeof rule>;
