// What a person changed in a text field, as one replacement. Pure.

export interface Change {
  readonly at: number;
  readonly removed: number;
  readonly added: string;
}

/**
 * The replacement that makes `after` of `before`. `caret` is where the cursor stands afterwards: what is right of it was there before, which
 * decides where a letter went in a run of equal ones.
 */
export function changeOf(before: string, after: string, caret: number): Change {
  let right = Math.min(before.length, Math.max(0, after.length - caret));
  if (before.slice(before.length - right) !== after.slice(after.length - right)) right = 0;
  let at = 0;
  const most = Math.min(before.length, after.length) - right;
  while (at < most && before[at] === after[at]) at++;
  while (
    right < Math.min(before.length, after.length) - at &&
    before[before.length - 1 - right] === after[after.length - 1 - right]
  )
    right++;
  // A character of two halves is never torn: the other typist would see neither.
  if (isTail(before[at]) || isTail(after[at])) at = Math.max(0, at - 1);
  if (isTail(before[before.length - right]) || isTail(after[after.length - right])) right--;
  return { at, removed: before.length - right - at, added: after.slice(at, after.length - right) };
}

function isTail(unit: string | undefined): boolean {
  const code = unit?.charCodeAt(0) ?? 0;
  return code >= 0xdc00 && code <= 0xdfff;
}

/** Pieces of at most `most` UTF-16 units, none of which tears a character. */
export function pieces(text: string, most: number): string[] {
  const out: string[] = [];
  for (let from = 0; from < text.length;) {
    let to = Math.min(text.length, from + most);
    if (isTail(text[to])) to--;
    out.push(text.slice(from, to));
    from = to;
  }
  return out;
}

/** A minute mark that a talk has passed, of ascending marks; 0: none. */
export function passed(marks: readonly number[], talkMs: number): number {
  return marks.filter((minutes) => talkMs >= minutes * 60_000).at(-1) ?? 0;
}
