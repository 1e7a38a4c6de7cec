// The parts of a safety plan, in the order in which they are gone through.
import type { SafetySteps } from '../protocol/files';

export const safetyParts = [
  'signs',
  'coping',
  'people',
  'places',
  'professionals',
  'means',
] as const satisfies readonly (keyof SafetySteps)[];

/** What was typed, line by line, without empty ones. */
export function toLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
