// How the administrator's pages say times, people and spans.
import { useI18n } from 'vue-i18n';
import { moment } from '../../state/clock';

export function useAdminWords() {
  const { t, te, locale } = useI18n({ useScope: 'global' });
  const when = (ms: number) => moment(ms, locale.value, { dateStyle: 'medium', timeStyle: 'short' });
  /** Who did something: a person's name, or what stands for the file and the command line. */
  const who = (by: string, name: string) => {
    if (by.startsWith('u-')) return name;
    if (by === 'system') return t('admin.by.program');
    return by === 'file' ? t('admin.by.file') : t('admin.by.cli');
  };
  /** A span as a person says it: "30 s", "2 min". */
  const span = (ms: number) => {
    const [n, unit] =
      ms > 0 && ms % 3_600_000 === 0
        ? [ms / 3_600_000, 'h']
        : ms > 0 && ms % 60_000 === 0
          ? [ms / 60_000, 'min']
          : [ms / 1000, 's'];
    return `${String(n)} ${t(`admin.unit.${unit}`)}`;
  };
  return { t, te, locale, when, who, span };
}
