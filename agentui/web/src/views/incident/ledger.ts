// The ledger in plain language: sentences made from the events, in the language of the page.
import { useI18n } from 'vue-i18n';
import type { Incident, IncidentEvent } from '../../protocol/incidents';
import { sentenceOf, wordsOf } from '../../state/incident';
import { useIncidentWords } from './words';

export interface LedgerLine {
  readonly seq: number;
  readonly at: number;
  readonly kind: string;
  readonly sentence: string;
  readonly words: readonly string[];
}

export function useLedger() {
  const { t, te } = useI18n();
  const { known, choice, when } = useIncidentWords();

  function lineOf(event: IncidentEvent, incident: Incident): LedgerLine {
    const { key, values } = sentenceOf(event);
    const path = `incident.ledger.${key}`;
    const named = (list: 'measures' | 'outcomes' | 'checklist', id: string) => {
      const one = incident.rules[list].find((row) => row.id === id);
      return one ? choice(one, list) : id;
    };
    const code = values.code ?? '';
    const places = {
      name: values.name ?? '',
      other: values.other ?? '',
      contact: values.contact ?? '',
      trigger: known('incidentbar.trigger', values.trigger ?? ''),
      level: known('incidentbar.level', values.level ?? ''),
      step: known('incidentbar.step', values.step || incident.step),
      fact: known('incidentbar.facts', code),
      measure: named('measures', code),
      item: named('checklist', code),
      ground: known('incidentbar.grounds', code),
      outcome:
        event.kind === 'measure'
          ? known('incidentbar.outcome', values.outcome ?? '')
          : named('outcomes', code || (incident.closure?.outcome ?? '')),
      until: values.until ? when(Number(values.until)) : '',
    };
    return {
      seq: event.seq,
      at: event.at,
      kind: event.kind,
      sentence: te(path) ? t(path, places) : event.kind,
      words: wordsOf(event),
    };
  }
  return {
    /** All of it, in order. What every deadline did is told by what people did then: it is left out. */
    lines: (incident: Incident): readonly LedgerLine[] =>
      incident.timeline.filter((event) => event.kind !== 'due').map((event) => lineOf(event, incident)),
    lineOf,
  };
}
