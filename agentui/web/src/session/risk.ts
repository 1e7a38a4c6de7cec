// HTTP of the danger of a call (docs/protocol.md, section 5), and of the forms by which it is asked about.
import { formOfVersion, formsInForce } from '../protocol/forms';
import * as risk from '../protocol/risk';
import { call } from './api';

const of = (id: string) => `/api/calls/${encodeURIComponent(id)}/risk`;
const quick = { timeout: 4000 };

export const riskApi = {
  forms: () => call('GET', '/api/forms', formsInForce),
  form: (id: string, version: number) =>
    call('GET', `/api/forms/${encodeURIComponent(id)}?version=${String(version)}`, formOfVersion),
  of: (id: string) => call('GET', of(id), risk.callRisk, undefined, quick),
  asked: (id: string, answer: risk.RiskAnswer, reason: string) =>
    call('PUT', `${of(id)}/asked`, risk.riskAsked, { answer, reason }, quick),
  scale: (id: string, form: string, version: number, answers: unknown) =>
    call('POST', `${of(id)}/scales`, risk.scaleFilled, { form, version, answers }, quick),
  measure: (
    id: string,
    moment: risk.RiskMoment,
    hope: number | null,
    distress: number | null,
    intent: number | null,
  ) => call('POST', `${of(id)}/measures`, risk.riskMeasure, { moment, hope, distress, intent }, quick),
  level: (id: string, level: risk.RiskLevel, reason: string) =>
    call('POST', `${of(id)}/level`, risk.riskSaid, { level, reason }),
  proposals: () => call('GET', '/api/risk/proposals', risk.riskProposals),
  confirm: (proposal: string) =>
    call('POST', `/api/risk/proposals/${encodeURIComponent(proposal)}/confirm`, risk.riskProposal, {}),
  refuse: (proposal: string, reason: string) =>
    call('POST', `/api/risk/proposals/${encodeURIComponent(proposal)}/refuse`, risk.riskProposal, { reason }),
};
