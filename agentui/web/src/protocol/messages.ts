// The frames of docs/protocol.md, section 6: one JSON object each, at most 64 KiB.
import { broadcast } from './floor';
import type { RiskLevel } from './risk';
import { count, flag, list, nullable, optional, params, type Read, record, ShapeError, text } from './shape';
import { agent, board, call, duties, emergency, self } from './structures';

/** What a browser may ask for, without the `id` that the socket gives it. */
export type Request =
  | { type: 'hello'; takeover: boolean; leg: string }
  | { type: 'snapshot' }
  | { type: 'ready' }
  | { type: 'not_ready'; reason: string }
  | { type: 'accept'; offer: string }
  | { type: 'decline'; offer: string }
  | { type: 'hangup'; call: string }
  | { type: 'wrapup_done' }
  | { type: 'mute'; muted: boolean }
  | { type: 'leg'; offer: string }
  | { type: 'leg_restart'; leg: string; offer: string }
  | { type: 'leg_close'; leg: string }
  | ControlRequest;

/** What acts on a call or on another person. */
export type ControlRequest =
  | {
      type:
        | 'record_resume'
        | 'hold'
        | 'resume'
        | 'invite_accept'
        | 'invite_refuse'
        | 'outside_drop'
        | 'outside_leave';
      call: string;
    }
  | { type: 'leave' | 'take'; call: string }
  | { type: 'invite'; call: string; user: string; role: 'consult'; note: string }
  | { type: 'invite_cancel' | 'transfer' | 'release'; call: string; user: string }
  | { type: 'outside'; call: string; contact: string }
  | { type: 'dtmf'; call: string; digits: string; to: 'caller' | 'outside' }
  | { type: 'record_pause'; call: string; reason: string }
  | { type: 'sos' }
  | { type: 'wrapup_extend' }
  | { type: 'join'; call: string; role: 'monitor' | 'whisper' | 'barge' }
  | { type: 'force'; user: string; state: 'available' | 'not_ready'; reason_text: string }
  | { type: 'assign'; call: string; user: string; reason_text: string }
  | { type: 'move_up'; call: string; reason_text: string }
  | { type: 'sos_ack' | 'sos_end'; user: string }
  | { type: 'form_stored'; call: string }
  | { type: 'keep_end'; reason_text: string }
  | {
      type: 'form_keep';
      call: string;
      form: number;
      answers: Readonly<Record<string, readonly string[]>>;
    }
  | { type: 'incident_ack'; incident: string }
  | { type: 'risk'; call: string; level: RiskLevel; reason_text: string }
  | { type: 'risk_confirm'; proposal: string };

export function encodeRequest(id: number, request: Request): string {
  const { type, ...fields } = request;
  return JSON.stringify({ type, id, ...fields });
}

const frames = {
  ack: record({ id: count, result: (value: unknown) => value }),
  error: record({ id: count, code: text, params }),
  // Codes of trouble stay text: an older page must survive a newer server.
  snapshot: record({
    seq: count,
    now: count,
    self,
    board: nullable(board),
    trouble: list(text),
    duties,
    emergency,
    settings: count,
    broadcasts: list(broadcast),
  }),
  change: record({
    seq: count,
    now: count,
    self: optional(self),
    calls: optional(list(call)),
    gone_calls: optional(list(text)),
    agents: optional(list(agent)),
    gone_agents: optional(list(text)),
    trouble: optional(list(text)),
    duties: optional(duties),
    emergency: optional(emergency),
    settings: optional(count),
    broadcasts: optional(list(broadcast)),
  }),
  leg_lost: record({ leg: text, reason: text }),
  displaced: record({}),
  signed_out: record({}),
  /** The console is locked: no rows come until it is not. */
  locked: record({ on: flag }),
};

type Frames = typeof frames;
export type ServerFrame = { [T in keyof Frames]: { type: T } & Read<Frames[T]> }[keyof Frames];
export type Snapshot = Extract<ServerFrame, { type: 'snapshot' }>;
export type Change = Extract<ServerFrame, { type: 'change' }>;

/** Reads one text frame. Throws ShapeError on anything that the contract does not know. */
export function decodeFrame(raw: string): ServerFrame {
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    throw new ShapeError('', 'JSON');
  }
  return readFrame(value);
}

export function readFrame(value: unknown): ServerFrame {
  const { type } = record({ type: text })(value, '');
  if (!Object.hasOwn(frames, type)) throw new ShapeError('type', Object.keys(frames).join(' | '));
  const read = frames[type as keyof Frames];
  return { type, ...read(value, '') } as ServerFrame;
}

/** The body of every HTTP answer that is not a success. */
export const failure = record({ error: text, params });
