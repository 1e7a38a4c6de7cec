// Theme and language: what the person chose, else what the system and the account say.
import { computed, ref, watchEffect } from 'vue';
import { useI18n } from 'vue-i18n';
import { isLocale, type Locale } from '../locales';
import { preferences, type Theme } from '../session/preferences';

const dark = window.matchMedia('(prefers-color-scheme: dark)');

export function useTheme() {
  const chosen = ref<Theme | null>(preferences.theme());
  const system = ref<Theme>(dark.matches ? 'dark' : 'light');
  dark.addEventListener('change', () => {
    system.value = dark.matches ? 'dark' : 'light';
  });
  const theme = computed(() => chosen.value ?? system.value);
  watchEffect(() => {
    document.documentElement.dataset.theme = theme.value;
  });
  const toggle = () => {
    chosen.value = theme.value === 'dark' ? 'light' : 'dark';
    preferences.setTheme(chosen.value);
  };
  return { theme, toggle };
}

export function useLocale() {
  const { locale } = useI18n();
  watchEffect(() => {
    document.documentElement.lang = locale.value;
  });
  const choose = (next: Locale) => {
    locale.value = next;
    preferences.setLocale(next);
  };
  const toggle = () => {
    choose(locale.value === 'en' ? 'zh-CN' : 'en');
  };
  /** The account's language, unless the person chose one on this machine. */
  const suggest = (next: string) => {
    if (preferences.locale() === null && isLocale(next)) locale.value = next;
  };
  return { locale, toggle, suggest };
}
