import { useI18n } from 'vue-i18n';
import type { TapeMark } from '../../protocol/recordings';

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

/** Marks in words. */
export function useMarkWords() {
  const { t, te } = useI18n();
  const word = (key: string, otherwise: string) => (te(key) ? t(key) : otherwise);

  function title(mark: TapeMark): string {
    const kind = word(`tapes.mark.${mark.kind}`, mark.kind);
    const code =
      mark.code === ''
        ? ''
        : mark.kind === 'risk'
          ? word(`level.${mark.code}`, mark.code)
          : word(`tapes.code.${mark.code}`, mark.code);
    return [kind, code, mark.name].filter((part) => part !== '').join(' · ');
  }
  return { title };
}
