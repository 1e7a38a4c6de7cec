// Numbers outside whom a counsellor may bring into a talk.
import { count, list, oneOf, type Read, record, text } from './shape';
import { words } from './settings';

export const contactKinds = ['police', 'ambulance', 'fire', 'hospital', 'agency', 'other'] as const;
export const entry = record({
  id: text,
  kind: oneOf(...contactKinds),
  names: words,
  number: text,
  note: text,
});
export const book = record({ entries: list(entry) });
export const contacts = record({ contacts: list(entry) });
export const contact = record({ contact: text, masked: text, until: count });

export type ContactEntry = Read<typeof entry>;
export type Book = Read<typeof book>;
