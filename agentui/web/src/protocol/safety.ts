// Sign-ins, people and the audit trail (docs/protocol.md, section 9). Only the pages of these load this.
import { count, flag, list, type Read, type Reader, record, ShapeError, text } from './shape';
import { role } from './structures';

export const enrolment = record({ secret: text, url: text, qr: text });
export const recoveryCodes = record({ codes: list(text) });

export const signIn = record({
  id: text,
  since: count,
  used_at: count,
  remote: text,
  browser: text,
  system: text,
  current: flag,
  locked: flag,
});
export const signIns = record({ sign_ins: list(signIn) });
export const account = record({
  second_factor: flag,
  required: flag,
  codes_left: count,
  sign_ins: list(signIn),
});
export const revoked = record({ ended: count, in_call: flag });

export const person = record({
  user: text,
  username: text,
  name: text,
  role,
  locale: text,
  disabled: flag,
  version: count,
  created_at: count,
  must_change: flag,
  second_factor: flag,
  locked_until: count,
});
export const people = record({ people: list(person) });
export const givenPassword = record({ person, password: text });
export const personVersion = record({
  version: count,
  at: count,
  by: text,
  by_name: text,
  note: text,
  restored: count,
  name: text,
  role,
  locale: text,
  disabled: flag,
});
export const personHistory = record({ versions: list(personVersion) });
export const door = record({
  user: text,
  name: text,
  origin: text,
  failures: count,
  last_at: count,
  locks: count,
  until: count,
});
export const doors = record({ doors: list(door) });

const skills: Reader<Record<string, number>> = (value, path) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ShapeError(path, 'object');
  return Object.fromEntries(
    Object.entries(value).map(([name, level]) => [name, count(level, `${path}.${name}`)]),
  );
};
export const worker = record({
  user: text,
  username: text,
  name: text,
  role,
  locale: text,
  skills,
  group: count,
  disabled: flag,
});
export const workers = record({ people: list(worker) });
export const workVersion = record({
  version: count,
  at: count,
  by: text,
  by_name: text,
  skills,
  group: count,
});
export const workHistory = record({ versions: list(workVersion) });

export const auditRow = record({
  seq: count,
  at: count,
  actor: text,
  actor_name: text,
  role: text,
  action: text,
  object: text,
  object_name: text,
  reason: text,
  remote: text,
});
export const auditPage = record({ rows: list(auditRow), more: flag });

export type Enrolment = Read<typeof enrolment>;
export type SignIn = Read<typeof signIn>;
export type Account = Read<typeof account>;
export type Person = Read<typeof person>;
export type PersonVersion = Read<typeof personVersion>;
export type Door = Read<typeof door>;
export type Worker = Read<typeof worker>;
export type WorkVersion = Read<typeof workVersion>;
export type AuditRow = Read<typeof auditRow>;
