// A scale while it is asked, one question at a time: what is next, what a digit means, when it is whole. Pure.
import type { FormAnswers } from '../protocol/forms';
import { type Field, isShown, kept } from './forms';

/** The questions that are asked, given the answers so far. */
export function askedNow(fields: readonly Field[], answers: FormAnswers): Field[] {
  const given = kept(fields, answers);
  return fields.filter((field) => isShown(field, given));
}

/** The first question without an answer; undefined when the scale is whole. */
export function nextOpen(fields: readonly Field[], answers: FormAnswers): Field | undefined {
  return askedNow(fields, answers).find((field) => answers[field.name] === undefined);
}

/** What a digit answers: 1 is the first choice. */
export function choiceOf(field: Field, digit: number): Field['choices'][number] | undefined {
  return field.choices[digit - 1];
}

/** The answers without the last one that was given, and which question that was. */
export function stepBack(
  fields: readonly Field[],
  answers: FormAnswers,
): { answers: Record<string, unknown>; field: string } | null {
  const last = [...askedNow(fields, answers)].reverse().find((field) => answers[field.name] !== undefined);
  if (!last) return null;
  const rest = Object.fromEntries(Object.entries(answers).filter(([name]) => name !== last.name));
  return { answers: rest, field: last.name };
}
