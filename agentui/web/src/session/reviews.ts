// What pages ask about reviews of talks; apart from api.ts so that only they load it.
import {
  type Mark,
  reviewCalibration,
  reviewDetail,
  reviewList,
  reviewTrend,
  reviewTrends,
} from '../protocol/reviews';
import { call } from './api';

const id = (text: string) => encodeURIComponent(text);
const at = (review: string) => `/api/reviews/${id(review)}`;

export interface Wanted {
  readonly state: string;
  readonly why: string;
  readonly mine: boolean;
}

export const reviewsApi = {
  list: (wanted: Wanted) => {
    const query = new URLSearchParams();
    if (wanted.state) query.set('state', wanted.state);
    if (wanted.why) query.set('why', wanted.why);
    if (wanted.mine) query.set('mine', '1');
    return call('GET', `/api/reviews?${query.toString()}`, reviewList);
  },
  ofCall: (of: string) => call('GET', `/api/reviews?call=${id(of)}`, reviewList),
  ask: (of: string, wanted: number) =>
    call('POST', '/api/reviews', reviewDetail, { call: of, agent: '', wanted }),
  show: (review: string) => call('GET', at(review), reviewDetail),
  take: (review: string) => call('POST', `${at(review)}/take`, reviewDetail, {}),
  release: (review: string) => call('POST', `${at(review)}/release`, reviewDetail, {}),
  want: (review: string, wanted: number) => call('POST', `${at(review)}/want`, reviewDetail, { wanted }),
  drop: (review: string, reason: string) => call('POST', `${at(review)}/drop`, reviewDetail, { reason }),
  read: (review: string) => call('POST', `${at(review)}/read`, reviewDetail, {}),
  answer: (review: string, text: string) => call('POST', `${at(review)}/answer`, reviewDetail, { text }),
  keep: (review: string, marks: Readonly<Record<string, Mark>>, words: string) =>
    call('POST', `${at(review)}/sheet`, () => null, { marks, words, final: false }),
  handIn: (review: string, marks: Readonly<Record<string, Mark>>, words: string) =>
    call('POST', `${at(review)}/sheet`, reviewDetail, { marks, words, final: true }),
  mine: () => call('GET', '/api/reviews/mine', reviewTrend),
  of: (user: string) => call('GET', `/api/people/${id(user)}/reviews`, reviewTrend),
  trends: () => call('GET', '/api/reviews/trends', reviewTrends),
  calibration: () => call('GET', '/api/reviews/calibration', reviewCalibration),
};
