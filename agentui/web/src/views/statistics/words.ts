import { useI18n } from 'vue-i18n';

/** Words that come with the numbers, in the language of the page. */
export function useFigureWords() {
  const { t, locale } = useI18n();
  const of = (words: Readonly<Record<string, string>>) => words[locale.value] ?? words['zh-CN'] ?? '';
  const missing = (why: string) => t(why === 'no_home' ? 'stats.noHome' : 'stats.notYet');
  return { of, missing };
}
