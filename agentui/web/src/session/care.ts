// HTTP of what is known and written of a call (docs/protocol.md, section 5).
import * as care from '../protocol/care';
import type { NoteWire } from './notebook';
import { call } from './api';

const of = (id: string) => `/api/calls/${encodeURIComponent(id)}`;

export const careApi = {
  context: (id: string) => call('GET', `${of(id)}/context`, care.callContext),
  reveal: (id: string, reason: string) => call('POST', `${of(id)}/number`, care.revealedNumber, { reason }),
  planHistory: (id: string) => call('GET', `${of(id)}/plan`, care.planHistory),
  savePlan: (id: string, base: number, text: string) =>
    call('PUT', `${of(id)}/plan`, care.plan, { base, text }),
  restorePlan: (id: string, base: number, version: number) =>
    call('POST', `${of(id)}/plan/restore`, care.plan, { base, version }),
  disposition: (id: string) => call('GET', `${of(id)}/disposition`, care.disposition),
  saveDisposition: (id: string, form: number, answers: care.Answers) =>
    call('PUT', `${of(id)}/disposition`, care.disposition, { form, answers }),
  saveKept: (id: string, sealed: string) => call('PUT', `${of(id)}/disposition/kept`, () => null, { sealed }),
  shift: () => call('GET', '/api/shift', care.shift),
  debriefs: () => call('GET', '/api/debriefs', care.debriefList),
  askDebrief: (id: string, words: string) => call('POST', '/api/debriefs', care.debrief, { call: id, words }),
  doneDebrief: (id: string) => call('POST', `/api/debriefs/${encodeURIComponent(id)}/done`, care.debrief, {}),
};

const writeWithin = 4000;
const followWithin = 40_000;

export function noteWire(id: string): NoteWire {
  const path = `${of(id)}/note`;
  return {
    open: (reason) => call('POST', `${path}/open`, care.note, { reason }),
    follow: (after, client, grant, signal) =>
      call(
        'GET',
        `${path}/updates?after=${String(after)}&client=${client}&grant=${encodeURIComponent(grant)}`,
        care.noteUpdates,
        undefined,
        { timeout: followWithin, signal },
      ),
    push: (write) => call('POST', `${path}/updates`, care.noteHead, write, { timeout: writeWithin }),
    text: (text, reflects, grant) =>
      call('PUT', `${path}/text`, care.noteHead, { text, reflects, grant }, { timeout: writeWithin }),
  };
}
