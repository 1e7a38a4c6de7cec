// Requests of the telephones of the call tree and of detectors outside; apart from api.ts so that only their pages load them.
import * as alerts from '../protocol/alerts';
import { call } from './api';

const nothing = () => null;
const telephoneOf = (user: string) =>
  user === '' ? '/api/account/telephone' : `/api/people/${encodeURIComponent(user)}/telephone`;

export const alertsApi = {
  /** `user` is empty for one's own. */
  telephone: (user: string) => call('GET', telephoneOf(user), alerts.telephone),
  setTelephone: (user: string, number: string) =>
    call('POST', telephoneOf(user), alerts.telephone, { number }),
  detectors: () => call('GET', '/api/admin/detectors', alerts.detectorList),
  makeDetector: (name: string) => call('POST', '/api/admin/detectors', alerts.detectorMade, { name }),
  revokeDetector: (id: string) =>
    call('POST', `/api/admin/detectors/${encodeURIComponent(id)}/revoke`, nothing, {}),
};
