// What a counsellor knows and writes of a call. It loads apart from the first screen, but before the first call needs it.
import { later, laterWords } from '../locales';

const parts = {
  context: () => import('./context/CallContext.vue'),
  records: () => import('./files/RecordsPanel.vue'),
  notes: () => import('./notes/CallNotes.vue'),
  risk: () => import('./risk/RiskPanel.vue'),
  recording: () => import('./call/RecordingPanel.vue'),
  recorded: () => import('./call/RecordingState.vue'),
  form: () => import('./notes/Disposition.vue'),
  debrief: () => import('./shift/DebriefAsk.vue'),
};

export const CallContext = later(parts.context, 'care', 'files');
export const RecordsPanel = later(parts.records, 'care', 'files', 'forms');
export const FilesView = later(() => import('./files/FilesView.vue'), 'care', 'files', 'forms');
export const CallNotes = later(parts.notes, 'care');
export const Disposition = later(parts.form, 'care');
export const RiskPanel = later(parts.risk, 'risk');
export const RecordingPanel = later(parts.recording, 'taping');
export const RecordingState = later(parts.recorded, 'taping');
export const RiskAfter = later(() => import('./risk/RiskAfter.vue'), 'risk');
export const RiskConfirm = later(() => import('./risk/RiskConfirm.vue'), 'risk');
export const SoftTimer = later(() => import('./notes/SoftTimer.vue'), 'care');
export const DebriefAsk = later(parts.debrief, 'care');
export const ShiftView = later(() => import('./shift/ShiftView.vue'), 'care');

/** Fetches all of it while nothing else is to be done: a caller must not wait for a file. */
export function fetchCare(): void {
  const fetch = () => {
    for (const load of Object.values(parts)) void load().catch(() => undefined); // asked for again when it is shown
    for (const words of ['care', 'files', 'forms', 'risk', 'taping'])
      void laterWords(words).catch(() => undefined);
  };
  if ('requestIdleCallback' in window) requestIdleCallback(fetch, { timeout: 3000 });
  else setTimeout(fetch, 500);
}
