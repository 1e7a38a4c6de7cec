// The directory of those to whom people are sent on, as the administrator changes it.
import { count, flag, list, oneOf, type Read, record, text } from './shape';
import { words } from './settings';

export const serviceLevels = ['city', 'county', 'township', 'community'] as const;
export const serviceKinds = [
  'psychiatry',
  'hospital',
  'counselling',
  'school',
  'social',
  'women_children',
  'legal',
  'rehabilitation',
  'support',
  'other',
] as const;
const opening = record({ days: list(count), from: text, to: text });
export const directoryEntry = record({
  id: text,
  level: oneOf(...serviceLevels),
  kind: oneOf(...serviceKinds),
  names: words,
  region: text,
  address: text,
  phone: text,
  open: list(opening),
  note: text,
  closed: flag,
});
export const directory = record({ services: list(directoryEntry) });

export type Opening = Read<typeof opening>;
export type DirectoryEntry = Read<typeof directoryEntry>;
export type Directory = Read<typeof directory>;
