// Words of earlier calls and shifts.
import { useI18n } from 'vue-i18n';
import { moment } from '../../state/clock';

export function useCareWords() {
  const { t, te, locale } = useI18n();
  const format = (at: number, options: Intl.DateTimeFormatOptions) => moment(at, locale.value, options);
  return {
    day: (at: number) =>
      format(at, { month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
    time: (at: number) => format(at, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
    /** A span in whole minutes, at least one. */
    minutes: (ms: number) => {
      const whole = Math.max(1, Math.round(ms / 60_000));
      const hours = Math.floor(whole / 60);
      return hours > 0 ? t('care.hours', { h: hours, m: whole % 60 }) : t('care.minutes', { n: whole });
    },
    outcome: (code: string) => (te(`care.outcome.${code}`) ? t(`care.outcome.${code}`) : code),
  };
}
