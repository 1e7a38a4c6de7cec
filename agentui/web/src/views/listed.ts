// Several things in one line, joined as the language of the page joins them.
import { useI18n } from 'vue-i18n';

export function listed(parts: readonly string[], locale: string): string {
  return new Intl.ListFormat(locale, { type: 'conjunction' }).format(parts);
}

export function useListed() {
  const { locale } = useI18n({ useScope: 'global' });
  return (parts: readonly string[]) => listed(parts, locale.value);
}
