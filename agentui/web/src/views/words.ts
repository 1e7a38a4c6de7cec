// Words for codes that the server may add to: an unknown one shows itself instead of nothing.
import { useI18n } from 'vue-i18n';
import { inLanguage } from '../protocol/settings';
import { useConsole } from '../session/console';
import { moment } from '../state/clock';

export function useWords() {
  const { t, te, locale } = useI18n();
  const { settings } = useConsole();
  // `te` looks only into the present language; both are proved complete.
  const reason = (code: string) => {
    const named = settings.now.value?.settings.reasons.find((row) => row.id === code);
    if (named) return inLanguage(named.names, locale.value, code);
    return te(`reason.${code}`) ? t(`reason.${code}`) : t('reason.other', { code });
  };
  const skill = (code: string) => {
    const named = settings.now.value?.settings.skills.find((row) => row.skill === code);
    return named ? inLanguage(named.names, locale.value, code) : code;
  };
  const reasonHelp = (code: string, until: number) => {
    if (!te(`reasonHelp.${code}`)) return t('reasonHelp.other');
    return t(`reasonHelp.${code}`, {
      time: moment(until, locale.value, { timeStyle: 'short' }),
    });
  };
  const error = (code: string, params: Readonly<Record<string, string | number>>) =>
    te(`errors.${code}`) ? t(`errors.${code}`, params) : t('errors.unknown', { code });
  const trouble = (code: string) =>
    te(`trouble.${code}`) ? t(`trouble.${code}`) : t('trouble.other', { code });
  return { reason, reasonHelp, skill, error, trouble };
}
