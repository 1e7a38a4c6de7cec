// What pages ask about training, requirements and statistics; apart from api.ts so that only they load it.
import { type NewRecord, staffRecords, trainingList, waiver, waiverList } from '../protocol/staff';
import { publicStatistics, statistics, statisticsRecords } from '../protocol/statistics';
import { call } from './api';

const id = (text: string) => encodeURIComponent(text);
const nothing = () => null;

export const trainingApi = {
  list: () => call('GET', '/api/training', trainingList),
  mine: () => call('GET', '/api/training/mine', staffRecords),
  of: (user: string) => call('GET', `/api/people/${id(user)}/training`, staffRecords),
  add: (user: string, one: NewRecord) => call('POST', `/api/people/${id(user)}/training`, staffRecords, one),
  void: (record: string, reason: string) =>
    call('POST', `/api/training/${id(record)}/void`, nothing, { reason }),
  waivers: () => call('GET', '/api/training/waivers', waiverList),
  waive: (line: string, hours: number, reason: string) =>
    call('POST', '/api/training/waivers', waiver, { line, hours, reason }),
  endWaiver: (which: string) => call('POST', `/api/training/waivers/${id(which)}/end`, nothing, {}),
};

export interface Asked {
  readonly step: string;
  readonly from: string;
  readonly to: string;
  readonly line: string;
}
const query = (a: Asked) =>
  new URLSearchParams(a.line === '' ? { step: a.step, from: a.from, to: a.to } : { ...a }).toString();
const slow = { timeout: 90_000 };

export const statisticsApi = {
  read: (a: Asked, signal: AbortSignal) =>
    call('GET', `/api/statistics?${query(a)}`, statistics, undefined, { ...slow, signal }),
  exportAt: (a: Asked, format: 'xlsx' | 'csv') => `/api/statistics/export?format=${format}&${query(a)}`,
  records: (figure: string, part: string, from: string, to: string, line: string) =>
    call('POST', '/api/statistics/records', statisticsRecords, { figure, part, from, to, line }, slow),
  public: () => call('GET', '/api/statistics/public', publicStatistics, undefined, slow),
};
