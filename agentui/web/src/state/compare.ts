// What differs between two versions of the lines.
import type { Line, Policy } from '../protocol/lines';

/** One difference: a field of a line, a whole line that came or went (`field` is empty), or a field of the site (`line` is null). */
export interface Difference {
  readonly line: string | null;
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Lines are the same when their id is; the order of lines means nothing. */
export function differences(before: Policy, after: Policy): Difference[] {
  const old = byId(before.lines);
  const now = byId(after.lines);
  const found: Difference[] = [];
  for (const id of new Set([...old.keys(), ...now.keys()])) {
    const was = old.get(id);
    const is = now.get(id);
    if (was && is) found.push(...fields(id, was, is));
    else found.push({ line: id, field: '', before: was, after: is });
  }
  return [...found, ...fields(null, { ...before, lines: null }, { ...after, lines: null })];
}

function byId(lines: readonly Line[]): Map<string, Line> {
  return new Map(lines.map((line) => [line.id, line]));
}

function fields(line: string | null, before: object, after: object): Difference[] {
  const was = before as Record<string, unknown>;
  const is = after as Record<string, unknown>;
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter((field) => !same(was[field], is[field]))
    .map((field) => ({ line, field, before: was[field], after: is[field] }));
}

function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) =>
    same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}
