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
const stone = record({ kind, object: text, class: keptClass, asked: flag, at: count, found: count });

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
