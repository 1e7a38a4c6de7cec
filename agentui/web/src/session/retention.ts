// Requests about what is kept and erased.
import { erasurePass, type Kind, recordingStones, retention, retentionPlan } from '../protocol/retention';
import { call } from './api';

export interface KeepOrErase {
  kind: Kind;
  object: string;
  reason: string;
}

const at = '/api/retention';
export const retentionApi = {
  plan: () => call('GET', `${at}/plan`, retentionPlan, undefined, { timeout: 30_000 }),
  recordingStones: () => call('GET', `${at}/recordings`, recordingStones),
  show: () => call('GET', at, retention, undefined, { timeout: 30_000 }),
  pass: () => call('POST', `${at}/pass`, erasurePass, {}, { timeout: 120_000 }),
  hold: (what: KeepOrErase) => call('POST', `${at}/holds`, retention, what),
  lift: (id: string) => call('POST', `${at}/holds/${id}/lift`, retention, {}),
  ask: (what: KeepOrErase) => call('POST', `${at}/requests`, retention, what),
  grant: (id: string) => call('POST', `${at}/requests/${id}/grant`, retention, {}, { timeout: 120_000 }),
  refuse: (id: string) => call('POST', `${at}/requests/${id}/refuse`, retention, {}),
};
