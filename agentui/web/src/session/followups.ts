// HTTP of what comes after a call (docs/protocol.md, section 5).
import * as wire from '../protocol/followups';
import { call } from './api';

const of = (id: string) => `/api/followups/${encodeURIComponent(id)}`;
const ofCall = (id: string) => `/api/calls/${encodeURIComponent(id)}`;

export interface WishDraft {
  readonly base: string;
  readonly consent: wire.Consent;
  readonly times: readonly wire.SafeTime[];
  /** '=': as it is; empty: the caller's own. */
  readonly number: string;
  readonly words: string;
}

export interface ServiceQuery {
  readonly q: string;
  readonly region: string;
  readonly level: string;
  readonly kind: string;
  readonly open: boolean;
}

export const followUpApi = {
  list: () => call('GET', '/api/followups', wire.followUpList),
  show: (id: string) => call('GET', of(id), wire.followUpDetail),
  ring: (id: string) => call('POST', `${of(id)}/call`, wire.followUp, {}),
  move: (id: string, due: number, reason: string) =>
    call('POST', `${of(id)}/move`, wire.followUp, { due_at: due, reason }),
  assign: (id: string, to: string) => call('POST', `${of(id)}/assign`, wire.followUp, { to }),
  finish: (id: string, why: string, note: string) =>
    call('POST', `${of(id)}/finish`, wire.followUp, { why, note }),
  saveWish: (id: string, wish: WishDraft) => call('PUT', `${of(id)}/wish`, wire.wish, wish),
  ofCall: (id: string) => call('GET', `${ofCall(id)}/followups`, wire.callFollowUps),
  plan: (id: string, request: string, due: number) =>
    call('POST', `${ofCall(id)}/followups`, wire.followUpList, { request, series: false, due_at: due }),
  planSeries: (id: string) =>
    call('POST', `${ofCall(id)}/followups`, wire.followUpList, { request: '', series: true, due_at: 0 }),
  saveCallWish: (id: string, wish: WishDraft) => call('PUT', `${ofCall(id)}/wish`, wire.wish, wish),
};

export const referralApi = {
  find: (query: ServiceQuery) => {
    const ask = new URLSearchParams();
    for (const [name, value] of Object.entries(query))
      if (typeof value === 'string' && value !== '') ask.set(name, value);
    if (query.open) ask.set('open', 'now');
    return call('GET', `/api/services?${ask.toString()}`, wire.serviceList);
  },
  list: () => call('GET', '/api/referrals', wire.referralList),
  show: (id: string) => call('GET', `/api/referrals/${encodeURIComponent(id)}`, wire.referral),
  tell: (id: string, report: { state: string; on_at: number; how: string; said: string; note: string }) =>
    call('POST', `/api/referrals/${encodeURIComponent(id)}/tell`, wire.referral, report),
  ofCall: (id: string) => call('GET', `${ofCall(id)}/referrals`, wire.referralList),
  send: (id: string, request: string, service: string, note: string) =>
    call('POST', `${ofCall(id)}/referrals`, wire.referral, { request, service, note }),
};

const offer = (id: string) => `/api/shift/offers/${encodeURIComponent(id)}`;
export const shiftApi = {
  list: () => call('GET', '/api/shift/cases', wire.shiftCases),
  offer: (kind: string, id: string, to: string, note: string) =>
    call('POST', '/api/shift/cases', wire.shiftOffer, { kind, case: id, to, note }),
  accept: (id: string) => call('POST', `${offer(id)}/accept`, wire.shiftOffer, {}),
  decline: (id: string, reason: string) => call('POST', `${offer(id)}/decline`, wire.shiftOffer, { reason }),
  withdraw: (id: string) => call('POST', `${offer(id)}/withdraw`, wire.shiftOffer, {}),
};
