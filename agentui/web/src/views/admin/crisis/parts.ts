// Which fields of the policy a part of its page has, and how the parts are put in words.
import { computed } from 'vue';
import type { DeadlineName } from '../../../protocol/crisis';
import { useAdminWords } from '../adminwords';

export const parts = {
  deadlines: ['deadlines'],
  tree: ['tree'],
  opens: ['opens'],
  risk: ['high_risk', 'measures'],
  dispatch: ['checklists', 'disclosure'],
  closure: ['closure', 'follow_ups'],
  report: ['report', 'names'],
} as const;
export type PolicyPart = keyof typeof parts;

/** In which unit a deadline is edited: seconds where they count, else minutes or hours. */
export const unitOf: Readonly<Record<DeadlineName, 's' | 'min' | 'h'>> = {
  acknowledge: 's',
  phone: 's',
  round: 's',
  again: 's',
  join: 's',
  second: 's',
  reach: 'min',
  facts: 'min',
  consent: 'min',
  measures: 'min',
  authorise: 'min',
  service: 'min',
  disclose: 'min',
  confirm: 'min',
  close: 'min',
  plan: 'min',
  report: 'h',
  debrief: 'h',
  remind: 'min',
  minor_ask: 'h',
  minor_report: 'min',
};
export const unitSeconds = { s: 1, min: 60, h: 3600 } as const;

export const triggerLevels = ['low', 'moderate', 'high'] as const;

export function usePolicyWords() {
  const { t, te } = useAdminWords();
  const known = (path: string, code: string) => (te(`${path}.${code}`) ? t(`${path}.${code}`) : code);
  const levels = computed(() =>
    triggerLevels.map((value) => ({ value: value as string, label: t(`incidentbar.level.${value}`) })),
  );
  const leastLevels = computed(() => [
    { value: '', label: t('crisis.any') },
    { value: 'none', label: t('incidentbar.level.none') },
    ...levels.value,
  ]);
  /** What a field can be filled from. */
  const sources = computed(() =>
    [
      '',
      'location',
      'means',
      'company',
      'contacts',
      'person',
      'level',
      'trigger',
      'line',
      'opened',
      'measures',
      'services',
      'arrival',
      'outcome',
    ].map((value) => ({ value, label: t(`crisis.source.${value || 'hand'}`) })),
  );
  return { t, known, levels, leastLevels, sources };
}
