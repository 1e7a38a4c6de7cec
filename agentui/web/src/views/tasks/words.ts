// Words for the codes of tasks. An unknown one shows itself instead of nothing.
import { useI18n } from 'vue-i18n';
import type { Attempt } from '../../protocol/structures';
import { moment } from '../../state/clock';

export function useTaskWords() {
  const { t, te, locale } = useI18n();
  const clock = (ms: number) =>
    moment(ms, locale.value, {
      ...(Math.abs(Date.now() - ms) > 20 * 3_600_000 ? { month: 'numeric', day: 'numeric' } : {}),
      hour: '2-digit',
      minute: '2-digit',
    });
  const reason = (code: string) => (te(`tasks.reason.${code}`) ? t(`tasks.reason.${code}`) : code);
  const result = (code: string) => (te(`tasks.result.${code}`) ? t(`tasks.result.${code}`) : code);
  const attempt = (last: Attempt) =>
    t('tasks.lastResult', { time: clock(last.at), result: result(last.result) });
  return { clock, reason, result, attempt };
}
