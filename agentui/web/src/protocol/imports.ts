// Files that an administrator gives: what would come of them, row by row.
import { count, flag, list, oneOf, params, type Read, record, text } from './shape';
import { words } from './settings';

export const importKinds = ['users', 'phonebook', 'roster', 'holidays', 'services'] as const;
export const rowStates = ['wrong', 'new', 'changed', 'unchanged'] as const;

const summary = record({ new: count, changed: count, unchanged: count, wrong: count });
const row = record({
  row: count,
  state: oneOf(...rowStates),
  cells: words,
  changes: words,
  faults: list(record({ field: text, code: text, params })),
});
export const importPreview = record({
  id: text,
  kind: oneOf(...importKinds),
  columns: list(record({ id: text, names: words, needed: flag })),
  ignored: list(text),
  rows: list(row),
  summary,
});
export const importApplied = record({ summary, version: count });

export type ImportKind = (typeof importKinds)[number];
export type ImportRow = Read<typeof row>;
export type ImportPreview = Read<typeof importPreview>;
export type ImportApplied = Read<typeof importApplied>;
