// The document of lines (docs/protocol.md, section 7). Spans are milliseconds. Only the administrator's pages load this.
import {
  count,
  flag,
  list,
  number,
  oneOf,
  optional,
  params,
  type Reader,
  type Read,
  record,
  ShapeError,
  text,
} from './shape';
import { emergency } from './structures';

const mapOf =
  <T>(read: Reader<T>): Reader<Record<string, T>> =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new ShapeError(path, 'object');
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [key, read(entry, `${path}.${key}`)]),
    );
  };

const words = mapOf(text);
const skills = mapOf(count);

export const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const day = oneOf(...days);
export const cases = ['wait', 'no_agents', 'closed'] as const;
export const abandonments = ['off', 'task', 'auto'] as const;
export const partnerKinds = ['site', 'partner'] as const;

const opening = record({ days: list(day), from: text, to: text });
const holiday = record({ date: text, from: optional(text), to: optional(text), name: optional(text) });
const hours = record({
  zone: optional(text),
  weekly: optional(list(opening)),
  holidays: optional(list(holiday)),
});
const choice = record({ key: text, language: text, needs: skills });
const step = record({ after_ms: count, skill: text, by: optional(count), to: optional(count) });
const target = record({ within_ms: count, share: number });
const callback = record({
  key: optional(text),
  first: optional(flag),
  abandoned: optional(oneOf(...abandonments)),
  caller_id: optional(text),
  attempts: optional(count),
  every_ms: optional(count),
  may_voicemail: optional(flag),
});
const overflow = record({ after_ms: optional(count), when: oneOf(...cases), to: text });
const variant = record({
  greeting: optional(words),
  relax: optional(list(step)),
  groups: optional(count),
  announce_every_ms: optional(count),
  callback_first: optional(flag),
  overflow: optional(list(overflow)),
});
const line = record({
  id: text,
  numbers: list(text),
  names: words,
  greeting: optional(words),
  hours: optional(hours),
  menu: optional(list(choice)),
  menu_wait_ms: optional(count),
  needs: optional(skills),
  relax: optional(list(step)),
  groups: optional(count),
  patience_ms: optional(count),
  target: optional(target),
  announce_every_ms: optional(count),
  callback: optional(callback),
  overflow: optional(list(overflow)),
  phones: optional(list(text)),
  emergency: optional(variant),
});
const partner = record({
  name: text,
  kind: oneOf(...partnerKinds),
  number: text,
  trunk: text,
  answer_is_human: optional(flag),
});
const exposure = record({
  window_ms: optional(count),
  limit: optional(count),
  break_ms: optional(count),
});

const readPolicy = record({
  lines: list(line),
  partners: optional(list(partner)),
  targets: optional(list(target)),
  groups: optional(mapOf(words)),
  floors: optional(skills),
  exposure: optional(exposure),
  patience_ms: optional(count),
  emergency_message: optional(words),
});

/**
 * A document that has a field which this page does not know is refused: saving it would take that field away. A newer server's
 * page is a reload away.
 */
export const policy: Reader<Policy> = (value, path) => {
  const read = readPolicy(value, path);
  const unknown = missingIn(value, read, path);
  if (unknown !== null) throw new ShapeError(unknown, 'a field that is known');
  return read;
};

function missingIn(value: unknown, read: unknown, path: string): string | null {
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, entry] of Object.entries(value)) {
    const kept = (read as Record<string, unknown>)[key];
    if (kept === undefined) return `${path}.${key}`;
    const inside = missingIn(entry, kept, `${path}.${key}`);
    if (inside !== null) return inside;
  }
  return null;
}

const versionFields = {
  version: count,
  at: count,
  by: text,
  by_name: text,
  note: text,
  origin: text,
  restored: count,
};
export const version = record(versionFields);
export const wholeVersion = record({ ...versionFields, policy });
export const history = record({ versions: list(version) });
export const shown = record({
  current: wholeVersion,
  trunks: list(text),
  languages: list(text),
  danger_key: text,
  skills: list(text),
});
export const switches = record({ switches: list(emergency) });

/** What is wrong with a document, and where. */
export const fault = record({ field: text, code: text, params });
export const invalid = record({ faults: list(fault) });

export type Policy = Read<typeof readPolicy>;
export type Line = Read<typeof line>;
export type Partner = Read<typeof partner>;
export type Opening = Read<typeof opening>;
export type Holiday = Read<typeof holiday>;
export type Hours = Read<typeof hours>;
export type Choice = Read<typeof choice>;
export type Step = Read<typeof step>;
export type Target = Read<typeof target>;
export type Callback = Read<typeof callback>;
export type Overflow = Read<typeof overflow>;
export type Variant = Read<typeof variant>;
export type Skills = Read<typeof skills>;
export type Words = Read<typeof words>;
export type Day = Read<typeof day>;
export type Version = Read<typeof version>;
export type WholeVersion = Read<typeof wholeVersion>;
export type Shown = Read<typeof shown>;
export type Fault = Read<typeof fault>;
