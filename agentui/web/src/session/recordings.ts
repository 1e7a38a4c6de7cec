// Requests about recordings, their comments and their copies.
import {
  recordingList,
  tape,
  tapeComments,
  tapeExport,
  tapeExports,
  type RecordingList,
} from '../protocol/recordings';
import { grant } from '../protocol/structures';
import { Refusal } from '../state/requests';
import { call } from './api';

/** What is looked for; a field that is empty or 0 asks for all. */
export interface RecordingSearch {
  from: number;
  to: number;
  line: string;
  agent: string;
  class: string;
  level: string;
}

export interface TapeAct {
  act: 'play' | 'pause' | 'seek';
  from_ms: number;
  to_ms: number;
}

const of = (id: string) => `/api/recordings/${encodeURIComponent(id)}`;

export const recordingsApi = {
  list: (search: RecordingSearch, before: string, limit: number): Promise<RecordingList> => {
    const query = new URLSearchParams({ limit: String(limit) });
    for (const [name, value] of Object.entries({ ...search, before })) {
      if (value !== '' && value !== 0) query.set(name, String(value));
    }
    return call('GET', `/api/recordings?${query.toString()}`, recordingList);
  },
  access: (id: string, reason: string) => call('POST', `${of(id)}/access`, grant, { reason }),
  show: (id: string, leave: string) =>
    call('GET', `${of(id)}?grant=${encodeURIComponent(leave)}`, tape, undefined, { timeout: 30_000 }),
  /** For each tenth of a second a byte of the left and one of the right side: 0 silence, 255 the loudest. */
  peaks: async (id: string, leave: string, signal: AbortSignal): Promise<Uint8Array> => {
    const answer = await fetch(`${of(id)}/peaks?grant=${encodeURIComponent(leave)}`, {
      credentials: 'same-origin',
      signal,
    }).catch(() => {
      throw new Refusal('network');
    });
    if (!answer.ok) throw new Refusal(answer.status >= 500 ? 'unavailable' : `http_${String(answer.status)}`);
    return new Uint8Array(await answer.arrayBuffer());
  },
  tell: (id: string, leave: string, acts: readonly TapeAct[]) =>
    call('POST', `${of(id)}/acts`, () => null, { grant: leave, acts }),
  comment: (id: string, leave: string, at: number, text: string) =>
    call('POST', `${of(id)}/comments`, tapeComments, { grant: leave, at_ms: at, text }),
  withdraw: (id: string, leave: string, comment: string) =>
    call('POST', `${of(id)}/comments/${encodeURIComponent(comment)}/withdraw`, tapeComments, {
      grant: leave,
    }),
  askExport: (id: string, leave: string, from: number, to: number, reason: string) =>
    call('POST', `${of(id)}/exports`, tapeExport, { grant: leave, from_ms: from, to_ms: to, reason }),
  exports: () => call('GET', '/api/exports', tapeExports),
  grantExport: (id: string) =>
    call('POST', `/api/exports/${encodeURIComponent(id)}/grant`, tapeExport, { reason: '' }),
  refuseExport: (id: string, reason: string) =>
    call('POST', `/api/exports/${encodeURIComponent(id)}/refuse`, tapeExport, { reason }),
  fetchExport: (id: string) => call('POST', `/api/exports/${encodeURIComponent(id)}/fetch`, grant, {}),
};
