// What the panels of a call ask by HTTP: colleagues, summaries, numbers outside.
import { colleagueList, handover } from '../protocol/colleagues';
import { contact, contacts } from '../protocol/phonebook';
import { call } from './api';

const of = (callId: string) => `/api/calls/${encodeURIComponent(callId)}`;

export const controlApi = {
  colleagues: () => call('GET', '/api/colleagues', colleagueList),
  writeHandover: (callId: string, to: string, text: string) =>
    call('POST', `${of(callId)}/handover`, handover, { to, text }),
  handover: (id: string) => call('GET', `/api/handovers/${encodeURIComponent(id)}`, handover),
  /** Of a call: the numbers that serve where its caller belongs come first. */
  contacts: (of = '') =>
    call('GET', `/api/phonebook${of === '' ? '' : `?call=${encodeURIComponent(of)}`}`, contacts),
  typed: (callId: string, number: string, label: string, reason: string) =>
    call('POST', `${of(callId)}/contact`, contact, { number, label, reason }),
};
