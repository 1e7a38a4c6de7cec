// HTTP of people: files, records, reports, numbers (docs/protocol.md, section 5).
import * as care from '../protocol/care';
import * as files from '../protocol/files';
import { call } from './api';

const ofCall = (id: string) => `/api/calls/${encodeURIComponent(id)}`;
const ofFile = (id: string) => `/api/files/${encodeURIComponent(id)}`;
const ofReport = (id: string) => `/api/reports/${encodeURIComponent(id)}`;
const ofReveal = (id: string) => `/api/reveals/${encodeURIComponent(id)}`;
const nothing = () => null;
const writeWithin = 4000;

export interface Seek {
  file?: string;
  code?: string;
  phrase?: string;
  call?: string;
  reason?: string;
}

export const filesApi = {
  people: (id: string) => call('GET', `${ofCall(id)}/people`, files.callPeople),
  link: (id: string, code: string) => call('POST', `${ofCall(id)}/people`, files.callPeople, { code }),
  third: (id: string, on: boolean, code = '') =>
    call('POST', `${ofCall(id)}/third`, files.callPeople, { on, code }),
  harm: (id: string, file: string, harm: 'none' | 'suspected', words: string) =>
    call('POST', `${ofCall(id)}/harm`, files.minorReport, { file, harm, words }),

  open: (seek: Seek) =>
    call('POST', '/api/files/open', files.filePage, {
      file: '',
      code: '',
      phrase: '',
      call: '',
      reason: '',
      ...seek,
    }),
  high: () => call('GET', '/api/files', files.fileList),
  profile: (file: string, grant: string, callId: string, profile: files.Profile) =>
    call('PUT', `${ofFile(file)}/profile`, files.personFile, { grant, call: callId, ...profile }),
  phrase: (file: string, grant: string, phrase: string) =>
    call('PUT', `${ofFile(file)}/phrase`, nothing, { grant, phrase }),
  safetyHistory: (file: string, grant: string) =>
    call('GET', `${ofFile(file)}/safety?grant=${encodeURIComponent(grant)}`, files.safetyHistory),
  saveSafety: (file: string, grant: string, callId: string, base: number, steps: files.SafetySteps) =>
    call('PUT', `${ofFile(file)}/safety`, files.safetyPlan, { grant, call: callId, base, steps }),
  fileDrafts: (file: string, grant: string) =>
    call('GET', `${ofFile(file)}/drafts?grant=${encodeURIComponent(grant)}`, files.fileDrafts),
  keepFileDraft: (
    file: string,
    grant: string,
    kind: files.FileDraftKind,
    base: number,
    rev: number,
    answers: Readonly<Record<string, unknown>>,
  ) =>
    call(
      'PUT',
      `${ofFile(file)}/drafts/${kind}`,
      files.fileDraft,
      { grant, base, rev, answers },
      { timeout: writeWithin },
    ),
  dropFileDraft: (file: string, grant: string, kind: files.FileDraftKind) =>
    call('PUT', `${ofFile(file)}/drafts/${kind}`, nothing, { grant, base: 0, rev: 1, answers: null }),
  restoreSafety: (file: string, grant: string, base: number, version: number) =>
    call('POST', `${ofFile(file)}/safety/restore`, files.safetyPlan, { grant, base, version }),
  preview: (file: string, code: string) =>
    call('POST', `${ofFile(file)}/merge/preview`, files.mergePreview, { code, reason: '' }),
  merge: (file: string, code: string, reason: string) =>
    call('POST', `${ofFile(file)}/merge`, files.filePage, { code, reason }),
  split: (file: string, calls: string[], code: string, reason: string) =>
    call('POST', `${ofFile(file)}/split`, files.filePage, { calls, code, reason }),
  undo: (act: string) => call('POST', `/api/files/acts/${encodeURIComponent(act)}/undo`, files.filePage, {}),

  records: (id: string, grant = '') =>
    call('GET', `${ofCall(id)}/records?grant=${encodeURIComponent(grant)}`, files.callRecords),
  recordHistory: (id: string, form: string, grant = '') =>
    call(
      'GET',
      `${ofCall(id)}/records/${encodeURIComponent(form)}?grant=${encodeURIComponent(grant)}`,
      files.recordHistory,
    ),
  saveRecord: (id: string, form: string, version: number, answers: Readonly<Record<string, unknown>>) =>
    call('PUT', `${ofCall(id)}/records/${encodeURIComponent(form)}`, files.contactRecord, {
      version,
      rev: 0,
      answers,
    }),
  keepDraft: (
    id: string,
    form: string,
    version: number,
    rev: number,
    answers: Readonly<Record<string, unknown>>,
  ) =>
    call(
      'PUT',
      `${ofCall(id)}/records/${encodeURIComponent(form)}/draft`,
      files.contactRecord,
      { version, rev, answers },
      { timeout: writeWithin },
    ),
  dropDraft: (id: string, form: string) =>
    call('POST', `${ofCall(id)}/records/${encodeURIComponent(form)}/drop`, nothing, {}),
  drafts: () => call('GET', '/api/drafts', files.unfinished),

  reports: () => call('GET', '/api/reports', files.minorReports),
  report: (id: string) => call('GET', ofReport(id), files.minorReportActs),
  sayReport: (id: string, act: 'propose' | 'confirm' | 'refuse' | 'guardian', what: string, words: string) =>
    call('POST', `${ofReport(id)}/${act}`, files.minorReport, { what, words }),

  number: (id: string, reason: string, emergency: boolean) =>
    call('POST', `${ofCall(id)}/number`, care.revealedNumber, { reason, emergency }),
  askNumber: (id: string, reason: string) =>
    call('POST', `${ofCall(id)}/number/ask`, files.numberReveal, { reason, emergency: false }),
  reveals: () => call('GET', '/api/reveals', files.numberReveals),
  look: (id: string) => call('POST', `${ofReveal(id)}/look`, care.revealedNumber, {}),
  approve: (id: string) => call('POST', `${ofReveal(id)}/approve`, files.numberReveal, {}),
  refuse: (id: string, reason: string) =>
    call('POST', `${ofReveal(id)}/refuse`, files.numberReveal, { reason }),
  review: (id: string, justified: boolean, reason: string) =>
    call('POST', `${ofReveal(id)}/review`, files.numberReveal, { justified, reason }),
};
