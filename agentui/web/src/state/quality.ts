import type { Quality } from '../protocol/structures';

export type Grade = 'good' | 'fair' | 'poor' | 'unknown';

/** MOS 1 to 5. G.711 without loss reaches about 4.4; below 3.6 many listeners are dissatisfied (ITU-T G.107, annex B), below 3.1 nearly all. */
export function gradeOf(quality: Quality | null): Grade {
  if (quality === null || quality.mos <= 0) return 'unknown';
  if (quality.mos >= 3.6) return 'good';
  return quality.mos >= 3.1 ? 'fair' : 'poor';
}
