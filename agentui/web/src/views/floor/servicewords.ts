// How a promise of service is said.
import { useI18n } from 'vue-i18n';
import type { Standing } from '../../protocol/floor';
import { percent } from '../../state/service';

export function useServiceWords() {
  const { t, te } = useI18n();
  const name = (s: Standing) =>
    te(`service.goals.${s.goal}`)
      ? t(`service.goals.${s.goal}`, { line: s.line_name, s: Math.round(s.within_ms / 1000) })
      : s.goal;
  const reached = (s: Standing) => (s.of === 0 ? '–' : `${percent(s.reached)} %`);
  const promised = (s: Standing) => t(s.above ? 'service.above' : 'service.least', { share: s.share });
  /** What a person needs to know to act. */
  const room = (s: Standing) => {
    switch (s.health) {
      case 'quiet':
        return t('service.quiet');
      case 'broken':
        return t('service.needed', { n: s.needed });
      case 'warning':
        return t('service.warning', { n: s.left, ahead: percent(s.ahead) });
      case 'kept':
        return t('service.left', { n: s.left });
    }
  };
  return { name, reached, promised, room };
}
