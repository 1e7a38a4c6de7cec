// Recordings, what is written about them, and copies; see agentui/protocol/recordings.go.
import { count, flag, list, oneOf, type Read, record, text } from './shape';

const recordedBy = record({ agent: text, name: text });
const keptClass = oneOf('ordinary', 'high_risk', 'hold');

export const recording = record({
  recording: text,
  call: text,
  kind: text,
  line: text,
  line_name: text,
  agents: list(recordedBy),
  started_at: count,
  duration_ms: count,
  complete: flag,
  level: text,
  class: keptClass,
  erased: flag,
});

export const recordingList = record({
  recordings: list(recording),
  next: text,
  own: flag,
  lines: list(record({ line: text, name: text })),
  agents: list(recordedBy),
});

const part = record({
  part: text,
  kind: text,
  agent: text,
  name: text,
  from_ms: count,
  to_ms: count,
  complete: flag,
});
const mark = record({ kind: text, from_ms: count, to_ms: count, who: text, name: text, code: text });
const comment = record({
  comment: text,
  at_ms: count,
  by: text,
  name: text,
  made_at: count,
  text,
  mine: flag,
});

export const tapeComments = record({ comments: list(comment) });

export const tape = record({
  recording,
  parts: list(part),
  marks: list(mark),
  comments: list(comment),
  exports: flag,
  own_comments: flag,
});

export const tapeExport = record({
  export: text,
  recording: text,
  from_ms: count,
  to_ms: count,
  state: oneOf('asked', 'granted', 'refused', 'fetched', 'expired'),
  by: text,
  by_name: text,
  asked_at: count,
  reason: text,
  decided_by: text,
  decided_at: count,
  why: text,
  expires_at: count,
  fetched_at: count,
  mine: flag,
});
export const tapeExports = record({ exports: list(tapeExport), decides: flag });

export type Recording = Read<typeof recording>;
export type RecordingList = Read<typeof recordingList>;
export type TapePart = Read<typeof part>;
export type TapeMark = Read<typeof mark>;
export type TapeComment = Read<typeof comment>;
export type Tape = Read<typeof tape>;
export type TapeExport = Read<typeof tapeExport>;
