import { useI18n } from 'vue-i18n';
import type { Review, Words } from '../../protocol/reviews';
import { moment } from '../../state/clock';

/** Words and dates of reviews, in the language of the page. */
export function useReviewWords() {
  const { t, locale } = useI18n();
  const of = (words: Words) => words[locale.value] || words['zh-CN'] || '';
  const when = (ms: number) =>
    moment(ms, locale.value, {
      month: 'numeric',
      day: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
    });
  const day = (ms: number) => moment(ms, locale.value, { year: 'numeric', month: 'numeric', day: 'numeric' });
  const minutes = (ms: number) => t('reviews.minutes', { n: Math.max(1, Math.round(ms / 60_000)) });
  const talk = (one: Review) =>
    `${one.agent_name} · ${one.line_name} · ${when(one.called_at)} · ${minutes(one.talk_ms)}`;
  return { of, when, day, minutes, talk };
}
