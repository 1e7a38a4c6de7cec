// What who leads a shift sees of its service, and what a big display shows (docs/protocol.md, section 5).
import { count, flag, list, number, oneOf, type Read, type Reader, record, ShapeError, text } from './shape';

/** A message to every console, as a page shows it until its person has read it. */
export const broadcast = record({
  broadcast: text,
  at: count,
  by_name: text,
  urgent: flag,
  text,
  expires_at: count,
});

export const broadcastRow = record({
  broadcast: text,
  at: count,
  by_name: text,
  urgent: flag,
  text,
  expires_at: count,
  ended_at: count,
  ended_by_name: text,
  reads: list(record({ user: text, name: text, at: count })),
});

export const broadcastList = record({ broadcasts: list(broadcastRow) });

export const health = oneOf('quiet', 'kept', 'warning', 'broken');

/** How a promise of service stands over the last 24 hours. The goal stays text: an older page must survive a newer server. */
export const standing = record({
  goal: text,
  line: text,
  line_name: text,
  within_ms: count,
  share: number,
  above: flag,
  health,
  good: count,
  of: count,
  reached: number,
  left: count,
  needed: count,
  ahead: number,
  last_late: count,
});

const servedFields = {
  offered: count,
  answered: count,
  abandoned: count,
  short: count,
  overflowed: count,
  callbacks: count,
  degraded: count,
  waiting: count,
  talk_ms: count,
  average_wait_ms: count,
  longest_wait_ms: count,
};
export const served = record(servedFields);

export const figures = record({
  at: count,
  since: count,
  short_ms: count,
  standings: list(standing),
  whole: served,
  today: served,
  lines: list(record({ line: text, line_name: text, ...servedFields })),
});

export const trend = record({
  line: text,
  step_ms: count,
  within_ms: count,
  points: list(
    record({
      at: count,
      offered: count,
      answered: count,
      in_time: count,
      abandoned: count,
      peak: count,
      talk_ms: count,
    }),
  ),
});

const counts: Reader<Record<string, number>> = (value, path) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ShapeError(path, 'object');
  return Object.fromEntries(Object.entries(value).map(([name, n]) => [name, count(n, `${path}.${name}`)]));
};

export const wall = record({
  at: count,
  locale: text,
  waiting: counts,
  waiting_since: count,
  talking: count,
  agents: counts,
  today: served,
  standings: list(standing),
  stale: flag,
  trouble: flag,
  emergency: flag,
  message: text,
});

/** What a link opens. */
export const purposes = ['wall', 'public'] as const;
export type Purpose = (typeof purposes)[number];

const displayFields = {
  display: text,
  name: text,
  purpose: oneOf(...purposes),
  made_at: count,
  by_name: text,
  revoked_at: count,
  revoked_by_name: text,
  seen_at: count,
};
export const displayList = record({ displays: list(record(displayFields)) });
export const displayMade = record({ ...displayFields, secret: text });

export type Broadcast = Read<typeof broadcast>;
export type BroadcastRow = Read<typeof broadcastRow>;
export type Health = Read<typeof health>;
export type Standing = Read<typeof standing>;
export type Served = Read<typeof served>;
export type Figures = Read<typeof figures>;
export type Trend = Read<typeof trend>;
export type Wall = Read<typeof wall>;
export type Display = Read<typeof displayList>['displays'][number];
