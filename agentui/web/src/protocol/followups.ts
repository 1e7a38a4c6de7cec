// What comes after a call: follow-ups, referrals, the change of shifts (docs/protocol.md, section 5). It comes with the pages that show it.
import { count, dictionary, flag, list, nullable, oneOf, type Read, record, text } from './shape';

export const followUp = record({
  followup: text,
  rule: text,
  level: text,
  state: oneOf('planned', 'calling', 'talked', 'done', 'ended'),
  person: text,
  number: text,
  call: text,
  line: text,
  line_name: text,
  owner: text,
  owner_name: text,
  planned_at: count,
  due_at: count,
  ring_at: count,
  late_at: count,
  tries: count,
  last: text,
  last_at: count,
  task: text,
  why: text,
  closed_at: count,
  closed_by_name: text,
});
export const followUpList = record({ followups: list(followUp), no_trunk: flag });

const safeTime = record({ days: list(count), from: count, to: count });
export const consent = oneOf('given', 'refused', 'not_asked');
export const wish = record({
  wish: text,
  at: count,
  by_name: text,
  consent,
  times: list(safeTime),
  has_number: flag,
  words: text,
});
export const reach = record({
  number: text,
  own: flag,
  usable: flag,
  now: flag,
  next_at: count,
  until_at: count,
  shown: text,
  wish,
});
const event = record({
  at: count,
  who: text,
  name: text,
  what: text,
  arg: text,
  due_at: count,
  reason: text,
});
export const followUpDetail = record({ followup: followUp, reach, events: list(event) });
export const callFollowUps = record({ followups: list(followUp), wish, number: text });

export const service = record({
  service: text,
  level: text,
  kind: text,
  names: dictionary(text),
  region: text,
  address: text,
  phone: text,
  hours: text,
  open: oneOf('yes', 'no', 'unknown'),
  note: text,
});
export const serviceList = record({ services: list(service), more: count });

const report = record({
  state: text,
  on_at: count,
  how: text,
  said: text,
  at: count,
  by_name: text,
  note: text,
});
export const referral = record({
  referral: text,
  call: text,
  person: text,
  service: text,
  name: text,
  state: oneOf('sent', 'accepted', 'attended', 'declined', 'unknown'),
  owner: text,
  owner_name: text,
  sent_at: count,
  remind_at: count,
  reports: list(report),
});
export const referralList = record({ referrals: list(referral) });

export const shiftOffer = record({
  offer: text,
  giver: text,
  giver_name: text,
  taker: text,
  taker_name: text,
  note: text,
  state: oneOf('offered', 'accepted', 'declined', 'withdrawn'),
  at: count,
  climbed: flag,
  decided_at: count,
  reason: text,
});
const shiftCase = record({
  kind: oneOf('incident', 'followup', 'callback'),
  case: text,
  owner: text,
  owner_name: text,
  here: flag,
  call: text,
  line: text,
  line_name: text,
  what: text,
  since_at: count,
  due_at: count,
  offer: nullable(shiftOffer),
});
const shiftPerson = record({ user: text, name: text, role: text, here: flag });
export const shiftCases = record({
  cases: list(shiftCase),
  people: list(shiftPerson),
  recent: list(shiftOffer),
});

export type FollowUp = Read<typeof followUp>;
export type FollowUpDetail = Read<typeof followUpDetail>;
export type FollowUpEvent = Read<typeof event>;
export type CallFollowUps = Read<typeof callFollowUps>;
export type SafeTime = Read<typeof safeTime>;
export type Consent = Read<typeof consent>;
export type Wish = Read<typeof wish>;
export type Reach = Read<typeof reach>;
export type Service = Read<typeof service>;
export type Referral = Read<typeof referral>;
export type ShiftCase = Read<typeof shiftCase>;
export type ShiftCases = Read<typeof shiftCases>;
export type ShiftOffer = Read<typeof shiftOffer>;
