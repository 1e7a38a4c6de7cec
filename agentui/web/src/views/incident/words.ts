// Words for what incidents say in codes. A code that this page does not know shows as itself, or is left out where it would only confuse.
import { useI18n } from 'vue-i18n';
import type { IncidentRow, NamedChoice } from '../../protocol/incidents';
import { inLanguage } from '../../protocol/settings';
import { useConsole } from '../../session/console';
import { moment } from '../../state/clock';
import { countdown, far } from '../../state/incident';

export function useIncidentWords() {
  const { t, te, locale } = useI18n();
  const { now } = useConsole();
  const known = (path: string, code: string) => (te(`${path}.${code}`) ? t(`${path}.${code}`) : code);
  const when = (at: number) =>
    moment(at, locale.value, {
      month: 'numeric',
      day: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
    });
  const clock = (at: number) =>
    moment(at, locale.value, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  return {
    when,
    clock,
    known,
    trigger: (row: Pick<IncidentRow, 'trigger' | 'level'>) =>
      `${known('incidentbar.level', row.level)} · ${known('incidentbar.trigger', row.trigger)}`,
    level: (code: string) => known('incidentbar.level', code),
    step: (code: string) => known('incidentbar.step', code),
    /** A choice of the policy in the person's language, else the page's own words for its id. */
    choice: (one: NamedChoice, kind: string) =>
      Object.keys(one.names).length > 0
        ? inLanguage(one.names, locale.value, one.id)
        : known(`incidentbar.${kind}`, one.id),
    left: (due: number) =>
      due - now.value > far ? { text: when(due), late: false } : countdown(due, now.value),
    news: (one: IncidentRow['last'][number]) =>
      te(`incidentbar.news.${one.kind}`)
        ? t(`incidentbar.news.${one.kind}`, { name: one.by_name, about: about(one.kind, one.about) })
        : '',
  };

  function about(kind: string, code: string): string {
    if (kind === 'fact') return known('incidentbar.facts', code);
    if (kind === 'consent') return known('incidentbar.consent', code);
    if (kind === 'level') return known('incidentbar.level', code);
    return code;
  }
}
