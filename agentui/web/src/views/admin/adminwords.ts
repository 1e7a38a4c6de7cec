// Words of the administrator's pages. They load with the pages and not before: a counsellor's first screen does not carry them.
import { useI18n } from 'vue-i18n';
import en from './words/en.json';
import zhCN from './words/zh-CN.json';

let merged = false;

export function useAdminWords() {
  const { t, te, locale, mergeLocaleMessage } = useI18n({ useScope: 'global' });
  if (!merged) {
    mergeLocaleMessage('zh-CN', zhCN);
    mergeLocaleMessage('en', en);
    merged = true;
  }
  const when = (ms: number) =>
    new Intl.DateTimeFormat(locale.value, { dateStyle: 'medium', timeStyle: 'short' }).format(ms);
  /** Who did something: a person's name, or what stands for the file and the command line. */
  const who = (by: string, name: string) => {
    if (by.startsWith('u-')) return name;
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
