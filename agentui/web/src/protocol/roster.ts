// Rosters: the document, and what the server makes of it in some days. Times of day are the site's own; only the server turns them into instants.
import { count, flag, list, number, oneOf, type Read, record, text } from './shape';

export const covers = ['always', 'rostered'] as const;
export const workRoles = ['counsellor', 'supervisor'] as const;
const role = oneOf(...workRoles);

const work = {
  id: text,
  person: text,
  role,
  from: text,
  to: text,
  line: text,
  skill: text,
  note: text,
};
const shift = record({ ...work, date: text });
const pattern = record({ ...work, days: list(text), start: text, until: text, except: list(text) });
export const roster = record({
  zone: text,
  cover: oneOf(...covers),
  rest: count,
  shifts: list(shift),
  patterns: list(pattern),
});

const occurrence = record({
  id: text,
  date: text,
  pattern: flag,
  person: text,
  role,
  line: text,
  skill: text,
  note: text,
  start: count,
  end: count,
});
const span = record({ from: count, to: count });
const clash = record({ person: text, first: occurrence, second: occurrence, rest_minutes: number });
export const review = record({
  from: count,
  to: count,
  days: list(count),
  work: list(occurrence),
  gaps: list(span),
  deserted: list(span),
  overlaps: list(clash),
  rests: list(clash),
  unfit: list(record({ id: text, date: text, person: text, why: text })),
});
export const publication = record({
  n: count,
  version: count,
  from: text,
  to: text,
  at: count,
  by: text,
  by_name: text,
  note: text,
});
export const publications = record({ publications: list(publication) });
const person = record({ user: text, username: text, name: text, role: text, disabled: flag });
export const people = record({ people: list(person) });
export const feed = record({ path: text });
export const gaps = record({ n: count, gaps: list(span) });

export type Roster = Read<typeof roster>;
export type Shift = Read<typeof shift>;
export type Pattern = Read<typeof pattern>;
export type Occurrence = Read<typeof occurrence>;
export type Span = Read<typeof span>;
export type Clash = Read<typeof clash>;
export type Review = Read<typeof review>;
export type Publication = Read<typeof publication>;
export type RosterPerson = Read<typeof person>;
