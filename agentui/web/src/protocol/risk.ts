// The risk of a call (docs/protocol.md, section 5).
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

/** Rising. Which colours stand for them is the palette of the settings. */
export const riskLevels = ['none', 'low', 'moderate', 'high'] as const;
export const riskLevel = oneOf(...riskLevels);
export type RiskLevel = Read<typeof riskLevel>;

/** A level in force, or none that anybody said. */
export const levelOrNone: Reader<RiskLevel | ''> = (value, path) =>
  value === '' ? '' : riskLevel(value, path);

export const riskAnswers = ['present', 'denied', 'not_possible'] as const;
export const riskAsked = record({
  at: count,
  by: text,
  by_name: text,
  answer: oneOf(...riskAnswers),
  reason: text,
});

/** A total may be negative in a rule of a site's own. */
const whole: Reader<number> = (value, path) =>
  typeof value === 'number' && value < 0 ? -count(-value, path) : count(value, path);
const json: Reader<unknown> = (value) => value;

export const filledScale = record({
  at: count,
  by: text,
  by_name: text,
  form: text,
  form_version: count,
  names: dictionary(text),
  rule: text,
  rule_version: count,
  complete: flag,
  total: nullable(whole),
  band: text,
  band_names: dictionary(text),
  level: levelOrNone,
  answers: json,
});
export const scaleFilled = record({ scale: filledScale, raised: flag, proposed: flag, opens: list(text) });

export const riskMoments = ['before', 'after'] as const;
export const riskMeasure = record({
  at: count,
  by_name: text,
  moment: oneOf(...riskMoments),
  hope: nullable(count),
  distress: nullable(count),
  intent: nullable(count),
});
export const levelChange = record({
  at: count,
  by: text,
  by_name: text,
  level: riskLevel,
  was: levelOrNone,
  definition: count,
  scale: text,
  confirmed_by_name: text,
  reason: text,
});
export const riskProposal = record({
  proposal: text,
  call: text,
  line_name: text,
  live: flag,
  at: count,
  by: text,
  by_name: text,
  was: levelOrNone,
  level: riskLevel,
  reason: text,
  decided_at: count,
  decided_by_name: text,
  confirmed: flag,
  refusal: text,
});
export const riskProposals = record({ proposals: list(riskProposal) });
export const callRisk = record({
  call: text,
  level: levelOrNone,
  definition: count,
  asked: nullable(riskAsked),
  scales: list(filledScale),
  measures: list(riskMeasure),
  levels: list(levelChange),
  proposals: list(riskProposal),
});
/** An ack to `risk`: with a proposal, the level waits for a second person. */
export const riskSaid = record({ proposal: text });

export type RiskAnswer = (typeof riskAnswers)[number];
export type RiskMoment = (typeof riskMoments)[number];
export type RiskMeasure = Read<typeof riskMeasure>;
export type RiskAsked = Read<typeof riskAsked>;
export type FilledScale = Read<typeof filledScale>;
export type ScaleFilled = Read<typeof scaleFilled>;
export type RiskProposal = Read<typeof riskProposal>;
export type CallRisk = Read<typeof callRisk>;
