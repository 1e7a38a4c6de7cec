// What is kept and erased; see agentui/protocol/retention.go.
import { count, flag, list, oneOf, type Read, record, text } from './shape';

const kind = oneOf('call', 'file');
const keptClass = oneOf('ordinary', 'high_risk');

const due = record({ class: keptClass, due: count, held: count, live: count, oldest: count });
const hold = record({
  hold: text,
  kind,
  object: text,
  at: count,
  by_name: text,
  reason: text,
  lift_asked: text,
  mine: flag,
  lifted_at: count,
});
const request = record({
  request: text,
  kind,
  object: text,
  state: oneOf('asked', 'granted', 'refused', 'done'),
  at: count,
  by_name: text,
  mine: flag,
  reason: text,
  decided_at: count,
  decided_by: text,
});
const stone = record({
  kind,
  object: text,
  class: keptClass,
  asked: flag,
  at: count,
  by_name: text,
  found: count,
});
/** Why something does not go although its time is over. */
const stays = oneOf('', 'hold', 'open');

export const retentionPlan = record({
  contacts: list(record({ call: text, class: keptClass, ended_at: count, stays })),
  more: flag,
  ordinary: count,
  high_risk: count,
  recordings: list(
    record({ recording: text, class: keptClass, ended_at: count, parts: count, bytes: count, stays }),
  ),
  more_recorded: flag,
});
export const recordingStones = record({
  stones: list(
    record({
      part: text,
      call: text,
      why: text,
      by: text,
      by_name: text,
      at: count,
      head: text,
      audited: flag,
      gone_at: count,
    }),
  ),
});
export type RetentionPlan = Read<typeof retentionPlan>;
export type RecordingStone = Read<typeof recordingStones>['stones'][number];

export const retention = record({
  ordinary: count,
  high_risk: count,
  automatic: flag,
  due: list(due),
  more: flag,
  holds: list(hold),
  requests: list(request),
  stones: list(stone),
});
export const erasurePass = record({ erased: count, held: count, live: count, requests: count, more: flag });

export type Retention = Read<typeof retention>;
export type Kind = Read<typeof kind>;
