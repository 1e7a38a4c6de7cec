import { useI18n } from 'vue-i18n';
import type { LineStanding } from '../../../protocol/staff';
import { useListed } from '../../listed';

/** How a standing is said in one line. */
export function useStandingWords() {
  const { t } = useI18n();
  const listed = useListed();
  const say = (one: LineStanding): string => {
    const line = `${one.line_name} ${one.line}`;
    const rules = listed(one.lapsed.map((rule) => rule.name));
    if (one.lapsed.length > 0) return t(one.in ? 'staff.waived' : 'staff.barred', { line, rules });
    const next = one.due[0];
    return next ? t('staff.due', { line, name: next.name, date: next.until }) : '';
  };
  const hours = (minutes: number) => t('staff.hours', { n: (minutes / 60).toFixed(1) });
  return { say, hours };
}
