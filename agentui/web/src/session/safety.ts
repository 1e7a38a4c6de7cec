// Requests of sign-ins, people and the audit trail; apart from api.ts so that only their pages load them.
import * as safety from '../protocol/safety';
import { me } from '../protocol/structures';
import type { Role } from '../protocol/structures';
import { call } from './api';

const nothing = () => null;
const one = (user: string) => `/api/people/${encodeURIComponent(user)}`;

export interface Standing {
  name: string;
  role: Role;
  locale: string;
  disabled: boolean;
}

/** Conditions of a search; what is empty does not narrow it. Times in ms, `to` not included. */
export interface AuditQuery {
  actor: string;
  action: string;
  object: string;
  from: number;
  to: number;
}

export function auditParams(query: AuditQuery, before = 0): string {
  const all = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...query, before })) {
    const text = String(value).trim();
    if (text !== '' && text !== '0') all.set(name, text);
  }
  return all.toString();
}

export const safetyApi = {
  code: (code: string) => call('POST', '/api/login/code', me, { code }),
  beginFactor: () => call('POST', '/api/account/factor', safety.enrolment, {}),
  confirmFactor: (code: string) =>
    call('POST', '/api/account/factor/confirm', safety.recoveryCodes, { code }),
  removeFactor: (code: string) => call('POST', '/api/account/factor/remove', me, { code }),
  renewCodes: () => call('POST', '/api/account/factor/codes', safety.recoveryCodes, {}),
  prove: (code: string) => call('POST', '/api/account/prove', me, { code }),
  password: (current: string, password: string) =>
    call('POST', '/api/account/password', me, { current, password }),
  account: () => call('GET', '/api/account', safety.account),
  revokeOwn: (id: string) => call('POST', '/api/account/sign-ins/revoke', safety.revoked, { id }),

  people: () => call('GET', '/api/people', safety.people),
  add: (username: string, standing: Standing, note: string) =>
    call('POST', '/api/people', safety.givenPassword, {
      username,
      name: standing.name,
      role: standing.role,
      locale: standing.locale,
      note,
    }),
  save: (user: string, base: number, standing: Standing, note: string) =>
    call('PUT', one(user), safety.person, { base, ...standing, note }),
  history: (user: string) => call('GET', `${one(user)}/history`, safety.personHistory),
  restore: (user: string, base: number, version: number, note: string) =>
    call('POST', `${one(user)}/restore`, safety.person, { base, version, note }),
  givePassword: (user: string) => call('POST', `${one(user)}/password`, safety.givenPassword, {}),
  resetFactor: (user: string) => call('POST', `${one(user)}/factor/reset`, safety.person, {}),
  unlock: (user: string) => call('POST', `${one(user)}/unlock`, safety.person, {}),
  unlink: (user: string) => call('POST', `${one(user)}/unlink`, safety.person, {}),
  signIns: (user: string) => call('GET', `${one(user)}/sign-ins`, safety.signIns),
  revoke: (user: string, id: string) => call('POST', `${one(user)}/sign-ins/revoke`, safety.revoked, { id }),
  doors: () => call('GET', '/api/doors', safety.doors),
  openDoor: (origin: string) => call('POST', '/api/doors/open', nothing, { origin }),
  work: () => call('GET', '/api/work', safety.workers),
  workHistory: (user: string) => call('GET', `${one(user)}/work`, safety.workHistory),
  saveWork: (user: string, skills: Readonly<Record<string, number>>, group: number) =>
    call('PUT', `${one(user)}/work`, safety.worker, { skills, group }),

  audit: (query: AuditQuery, before: number) =>
    call('GET', `/api/audit?${auditParams(query, before)}`, safety.auditPage),
};
