// Reviews of talks: what goes to review, score sheets, trends, and how far reviewers agree (docs/protocol.md, section 7).
import {
  count,
  dictionary,
  flag,
  list,
  nullable,
  number,
  oneOf,
  type Read,
  type Reader,
  record,
  text,
} from './shape';

/** A text by language. */
const words = dictionary(text);
const person = record({ user: text, name: text });

export const review = record({
  review: text,
  call: text,
  agent: text,
  agent_name: text,
  line: text,
  line_name: text,
  called_at: count,
  talk_ms: count,
  why: oneOf('red', 'sample', 'asked'),
  picked_at: count,
  picked_by_name: text,
  due_at: count,
  wanted: count,
  state: oneOf('open', 'done', 'dropped'),
  closed_at: count,
  closed_by_name: text,
  read_at: count,
  scoring: list(person),
  final: list(person),
  /** Thousandths; -1: not done. */
  total: number,
  missed: count,
});

export const reviewList = record({ reviews: list(review), waiting: count, red: count, late: count });

const item = record({ id: text, names: words, help: words, optional: flag, critical: flag });
const section = record({ id: text, names: words, weight: count, items: list(item) });

export const scoreSheet = record({
  pick: record({ share: count, least: count, red_days: count, days: count, monthly: count }),
  levels: list(words),
  sections: list(section),
});

/** `points` -1: not marked yet. */
const mark = record({ points: number, none: flag, moments: list(count), words: text });

export const reviewScore = record({
  reviewer: text,
  reviewer_name: text,
  saved_at: count,
  final_at: count,
  total: number,
  missed: count,
  sections: dictionary(count),
  marks: dictionary(mark),
  words: text,
});

export const reviewDetail = record({
  review,
  version: count,
  sheet: scoreSheet,
  scores: list(reviewScore),
  replies: list(record({ reply: text, by: text, by_name: text, at: count, words: text })),
  reason: text,
  may_score: flag,
});

const month = record({
  month: text,
  reviews: count,
  total: count,
  least: count,
  most: count,
  missed: count,
  sections: dictionary(count),
});
const sectionName = record({ id: text, names: words });

export const reviewTrend = record({
  user: text,
  name: text,
  months: list(month),
  sections: list(sectionName),
  reviews: list(review),
  unread: count,
});

export const reviewTrends = record({
  days: count,
  sections: list(sectionName),
  people: list(record({ user: text, name: text, whole: month, unread: count })),
});

export const agreement = record({
  units: count,
  pairs: count,
  same: nullable(number),
  near: nullable(number),
  apart: nullable(number),
  alpha: nullable(number),
  icc: nullable(number),
});

export const reviewCalibration = record({
  days: count,
  talks: count,
  marks: agreement,
  totals: agreement,
  items: list(record({ id: text, names: words, agreed: agreement })),
  reviewers: list(record({ name: text, talks: count, mean: number })),
});

/** What is wrong with a score sheet: the params of bad_marks. */
export const wrongMarks: Reader<{ wrong: { item: string; code: string }[] }> = record({
  wrong: list(record({ item: text, code: text })),
});

export type Review = Read<typeof review>;
export type ReviewList = Read<typeof reviewList>;
export type ScoreSheet = Read<typeof scoreSheet>;
export type SheetSection = ScoreSheet['sections'][number];
export type SheetItem = SheetSection['items'][number];
export type Mark = Read<typeof mark>;
export type ReviewScore = Read<typeof reviewScore>;
export type ReviewDetail = Read<typeof reviewDetail>;
export type ReviewMonth = Read<typeof month>;
export type ReviewTrend = Read<typeof reviewTrend>;
export type ReviewTrends = Read<typeof reviewTrends>;
export type Agreement = Read<typeof agreement>;
export type ReviewCalibration = Read<typeof reviewCalibration>;
export type Words = Read<typeof words>;
