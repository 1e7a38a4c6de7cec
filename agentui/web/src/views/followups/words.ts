// Words for the codes of what comes after a call. An unknown one shows itself instead of nothing.
import { useI18n } from 'vue-i18n';
import type { SafeTime, Wish } from '../../protocol/followups';
import { moment } from '../../state/clock';
import { clock, presetOf } from '../../state/followups';

export function useAfterWords() {
  const { t, te, locale } = useI18n();
  const word = (of: string, code: string) => (te(`after.${of}.${code}`) ? t(`after.${of}.${code}`) : code);
  const when = (ms: number) =>
    moment(ms, locale.value, {
      month: 'numeric',
      day: 'numeric',
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
    });
  const day = (ms: number) => moment(ms, locale.value, { month: 'long', day: 'numeric', weekday: 'short' });
  const time = (ms: number) => moment(ms, locale.value, { hour: '2-digit', minute: '2-digit' });
  function span(one: SafeTime): string {
    const days =
      one.days.length === 0 || one.days.length === 7
        ? t('after.day.all')
        : one.days.map((d) => t(`after.day.${String(d)}`)).join(t('after.day.and'));
    return `${days} ${clock(one.from)}–${clock(one.to)}`;
  }
  const times = (wish: Pick<Wish, 'times'>) =>
    presetOf(wish.times) === 'any'
      ? t('after.times.any')
      : wish.times.map(span).join(t('after.times.separator'));
  /** Opening hours as the directory writes them, "1-5 08:30-17:00; 6 09:00-12:00", in words. */
  const hours = (text: string) =>
    text === '24h'
      ? t('after.open.always')
      : text
          .split('; ')
          .map((part) =>
            part.replace(/^[\d,-]+ /, (days) =>
              days.replace(/\d/g, (d) => t(`after.day.${d}`)).replace('-', t('after.day.to')),
            ),
          )
          .join(t('after.times.separator'));
  return { t, word, when, day, time, times, hours };
}
