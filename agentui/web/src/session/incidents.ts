// Requests about incidents; apart from api.ts so that only their pages load them. Each act carries a name of its own, so that one that is sent twice is
// done once.
import { incident, incidentList, incidentReport, type PacketField } from '../protocol/incidents';
import type { Level } from '../state/incident';
import { call } from './api';

const of = (id: string) => `/api/incidents/${encodeURIComponent(id)}`;
const req = () => crypto.randomUUID();

const act = (id: string, path: string, body: object) =>
  call('POST', `${of(id)}/${path}`, incident, { req: req(), ...body });
const say = (id: string, path: string, kind: string, words: string, outcome = '') =>
  act(id, path, { kind, outcome, text: words });

export const incidentApi = {
  list: (before: string) =>
    call(
      'GET',
      `/api/incidents${before === '' ? '' : `?before=${encodeURIComponent(before)}`}`,
      incidentList,
    ),
  open: (callId: string, level: Level, why: string) =>
    call('POST', '/api/incidents', incident, { req: req(), call: callId, level, text: why }),
  show: (id: string) => call('GET', of(id), incident),
  lead: (id: string) => act(id, 'lead', {}),
  decline: (id: string) => act(id, 'decline', {}),
  second: (id: string, region: string) => say(id, 'second', region, ''),
  level: (id: string, level: Level) => say(id, 'level', level, ''),
  fact: (id: string, kind: string, known: boolean, words: string) =>
    say(id, 'facts', kind, words, known ? '' : 'unknown'),
  consent: (id: string, answer: string, words: string) => say(id, 'consent', answer, words),
  measure: (id: string, kind: string, outcome: string, words: string) =>
    say(id, 'measures', kind, words, outcome),
  authorise: (id: string, ground: string, words: string) => say(id, 'authorisation', ground, words),
  check: (id: string, item: string) => say(id, 'checks', item, ''),
  skip: (id: string, step: string, why: string) => say(id, 'skips', step, why),
  reached: (id: string, how: string) => say(id, 'reached', '', how),
  note: (id: string, words: string) => say(id, 'notes', '', words),
  service: (id: string, contact: string, result: 'asked' | 'joined' | 'failed') =>
    act(id, 'services', { contact, result }),
  disclose: (id: string, contact: string, packet: readonly PacketField[]) =>
    act(id, 'disclosures', { contact, packet }),
  arrived: (id: string, who: string, how: string) => act(id, 'arrival', { who, how }),
  next: (id: string, what: string, owner: string, until: number) => act(id, 'next', { what, owner, until }),
  nextDone: (id: string, words: string) => say(id, 'next/done', '', words),
  propose: (id: string, outcome: string, words: string) => say(id, 'closure', outcome, words),
  decide: (id: string, yes: boolean, words: string) => act(id, 'closure/decide', { yes, text: words }),
  reopen: (id: string, why: string) => say(id, 'reopen', '', why),
  debriefed: (id: string) => act(id, 'debrief', {}),
  report: (id: string) => call('GET', `${of(id)}/report`, incidentReport),
  fileReport: (id: string, answers: Readonly<Record<string, string>>) => act(id, 'report', { answers }),
  /** Where the browser gets the report as a file. */
  reportFile: (id: string, kind: 'xlsx' | 'csv') => `${of(id)}/report/${kind}`,
};
