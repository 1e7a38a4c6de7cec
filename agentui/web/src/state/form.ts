// The form at the end of a call: what is asked, what is next, whether all is answered. Pure.
import type { Answers, Disposition, Question } from '../protocol/care';

/** The questions that are to be answered, given the answers before them. */
export function asked(questions: readonly Question[], answers: Answers): Question[] {
  const out: Question[] = [];
  for (const question of questions) {
    const when = question.when;
    const holds =
      when === null ||
      (out.some((q) => q.id === when.question) && (answers[when.question] ?? []).includes(when.choice));
    if (holds) out.push(question);
  }
  return out;
}

function answered(question: Question, answers: Answers): boolean {
  const given = answers[question.id] ?? [];
  if (question.kind === 'text') return (given[0] ?? '').trim() !== '';
  return given.length > 0 && given.every((id) => question.choices.some((c) => c.id === id));
}

/** The first question without an answer that has choices, needed ones before others: digits answer it. */
export function current(questions: readonly Question[], answers: Answers): Question | undefined {
  const open = questions.filter((q) => q.kind !== 'text' && !answered(q, answers));
  return open.find((q) => q.required) ?? open[0];
}

export function complete(questions: readonly Question[], answers: Answers): boolean {
  return questions.every((q) => !q.required || answered(q, answers));
}

/** A form as it is shown: as it was saved, or with what was said since, as far as its questions still take it. */
export function resumed(read: Disposition, said: Answers | undefined): { answers: Answers; open: boolean } {
  if (!said) return { answers: { ...read.answers }, open: read.filled < 0 };
  const answers: Answers = { ...read.answers };
  for (const { id, kind, choices } of read.form.questions) {
    const given = said[id];
    if (given) answers[id] = kind === 'text' ? given : given.filter((c) => choices.some((is) => is.id === c));
  }
  return { answers, open: true };
}

/** What is chosen after a choice was pressed. */
export function chosen(question: Question, before: readonly string[], choice: string): string[] {
  if (question.kind === 'one') return [choice];
  return before.includes(choice) ? before.filter((id) => id !== choice) : [...before, choice];
}

/** What the form says of the danger, once it is whole: not possible needs its reason. */
export function dangerSaid(answers: Answers): { answer: string; reason: string } | null {
  const answer = answers.suicide?.[0];
  const reason = (answers.why_not?.[0] ?? '').trim();
  if (answer === undefined || (answer === 'not_possible' && reason.length < 3)) return null;
  return { answer, reason: answer === 'not_possible' ? reason : '' };
}
