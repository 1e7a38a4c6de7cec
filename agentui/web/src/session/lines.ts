// The administrator's requests, and the switch of emergency mode; apart from api.ts so that only their pages load them.
import * as lines from '../protocol/lines';
import { emergency } from '../protocol/structures';
import { call } from './api';

export const linesApi = {
  show: () => call('GET', '/api/lines', lines.shown),
  save: (base: number, note: string, policy: lines.Policy) =>
    call('PUT', '/api/lines', lines.wholeVersion, { base, note, policy }),
  history: (before: number) =>
    call('GET', `/api/lines/versions${before > 0 ? `?before=${String(before)}` : ''}`, lines.history),
  version: (n: number) => call('GET', `/api/lines/versions/${String(n)}`, lines.wholeVersion),
  restore: (n: number, base: number, note: string) =>
    call('POST', `/api/lines/versions/${String(n)}/restore`, lines.wholeVersion, { base, note }),
  switches: () => call('GET', '/api/emergency', lines.switches),
  setEmergency: (on: boolean, reason: string) => call('POST', '/api/emergency', emergency, { on, reason }),
};
