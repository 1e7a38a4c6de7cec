import { computed } from 'vue';
import { useI18n } from 'vue-i18n';
import type { TapeMark } from '../../protocol/recordings';
import { inLanguage, type Named } from '../../protocol/settings';
import { useConsole } from '../../session/console';
import { listed } from '../listed';

/** What stands together below the waveform, from top to bottom. */
export const lanes = ['course', 'people', 'risk', 'missing', 'comments'] as const;
export type Lane = (typeof lanes)[number];

const kinds: Readonly<Record<string, Lane>> = {
  talk: 'course',
  hold: 'course',
  consult: 'course',
  third: 'people',
  monitor: 'people',
  whisper: 'people',
  barge: 'people',
  risk: 'risk',
  detected: 'risk',
  paused: 'missing',
  gap: 'missing',
};

/** Marks of a kind that is not known yet stand with the course of the talk. */
export function laneOf(kind: string): Lane {
  return kinds[kind] ?? 'course';
}

/** What puts codes into words. */
export interface Words {
  readonly locale: string;
  /** The words under a key, or else. */
  readonly word: (key: string, otherwise: string) => string;
  /** Why a recording may be paused on this site. */
  readonly reasons: readonly Named[];
}

function codeOf(mark: TapeMark, { locale, word, reasons }: Words): string {
  if (mark.code === '' || mark.kind === 'third') return mark.code; // a name already
  const plain = word(`tapes.code.${mark.code}`, mark.code);
  if (mark.kind === 'risk') return word(`level.${mark.code}`, plain);
  const reason = mark.kind === 'paused' ? reasons.find((one) => one.id === mark.code) : undefined;
  return reason ? inLanguage(reason.names, locale, plain) : plain;
}

/** A mark in words. */
export function titleOf(mark: TapeMark, words: Words): string {
  return [words.word(`tapes.mark.${mark.kind}`, mark.kind), codeOf(mark, words), mark.name]
    .filter((part) => part !== '')
    .join(' · ');
}

/** Marks and names in the words of who reads them. */
export function useMarkWords() {
  const { t, te, locale } = useI18n();
  const { settings } = useConsole();
  const words = computed<Words>(() => ({
    locale: locale.value,
    word: (key, otherwise) => (te(key) ? t(key) : otherwise),
    reasons: settings.now.value?.settings.recording.reasons ?? [],
  }));
  return {
    title: (mark: TapeMark) => titleOf(mark, words.value),
    names: (people: readonly { name: string }[]) =>
      listed(
        people.map((one) => one.name),
        locale.value,
      ),
  };
}
