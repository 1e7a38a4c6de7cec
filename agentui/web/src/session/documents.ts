// The administrator's requests about documents in versions; apart from api.ts so that only their pages load them.
import { type CrisisPolicy, crisisPolicy, rehearsal } from '../protocol/crisis';
import { documentHistory, type WholeDocument, wholeDocument } from '../protocol/documents';
import { formBook } from '../protocol/forms';
import { importApplied, type ImportKind, importPreview } from '../protocol/imports';
import { book } from '../protocol/phonebook';
import { feed, people, publication, publications, review, type Roster, roster } from '../protocol/roster';
import { requirements } from '../protocol/requirements';
import { directory } from '../protocol/services';
import { settings, skillRenamed, skillUses } from '../protocol/settings';
import { scoreSheet } from '../protocol/reviews';
import type { Reader } from '../protocol/shape';
import { statisticsParams } from '../protocol/statistics';
import { call } from './api';

function documentApi<T>(name: string, doc: Reader<T>) {
  const at = `/api/admin/${name}`;
  const whole: Reader<WholeDocument<T>> = wholeDocument(doc);
  return {
    show: () => call('GET', at, whole),
    save: (base: number, note: string, draft: T) => call('PUT', at, whole, { base, note, doc: draft }),
    history: (before: number) =>
      call('GET', `${at}/versions${before > 0 ? `?before=${String(before)}` : ''}`, documentHistory),
    version: (n: number) => call('GET', `${at}/versions/${String(n)}`, whole),
    restore: (n: number, base: number, note: string) =>
      call('POST', `${at}/versions/${String(n)}/restore`, whole, { base, note }),
    check: (draft: T) => call('POST', `${at}/check`, () => null, { doc: draft }),
  };
}

export const settingsApi = documentApi('settings', settings);
export const phonebookApi = documentApi('phonebook', book);
export const scoreSheetApi = documentApi('scoresheet', scoreSheet);
export const requirementsApi = documentApi('requirements', requirements);
export const statisticsParamsApi = documentApi('statistics', statisticsParams);
export const formsApi = documentApi('forms', formBook);
export const crisisApi = {
  ...documentApi('crisis', crisisPolicy),
  /** What a draft would have made of the last 30 days. */
  rehearse: (doc: CrisisPolicy) =>
    call('POST', '/api/admin/crisis/dry-run', rehearsal, { doc }, { timeout: 30_000 }),
};
export const servicesApi = documentApi('services', directory);
export const rosterApi = {
  ...documentApi('roster', roster),
  people: () => call('GET', '/api/admin/roster/people', people),
  review: (doc: Roster, from: string, to: string) =>
    call('POST', '/api/admin/roster/review', review, { doc, from, to }),
  publish: (version: number, from: string, to: string, note: string) =>
    call('POST', '/api/admin/roster/publish', publication, { version, from, to, note }),
  publications: () => call('GET', '/api/admin/roster/publications', publications),
  makeFeed: () => call('POST', '/api/roster/feed', feed, {}),
  revokeFeed: () => call('POST', '/api/roster/feed/revoke', () => null, {}),
};
export const skillApi = {
  list: () => call('GET', '/api/admin/skills', skillUses),
  rename: (from: string, to: string, note: string) =>
    call('POST', '/api/admin/skills/rename', skillRenamed, { from, to, note }),
};
export const importApi = {
  read: (kind: ImportKind, file: Blob) => call('POST', `/api/admin/imports/${kind}`, importPreview, file),
  apply: (kind: ImportKind, id: string, note: string, skipWrong: boolean) =>
    call('POST', `/api/admin/imports/${kind}/${id}/apply`, importApplied, { note, skip_wrong: skipWrong }),
};
