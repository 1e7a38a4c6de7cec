// Numbers outside whom a counsellor may bring into a talk.
import { count, dictionary, list, oneOf, type Read, record, text } from './shape';
import { words } from './settings';

export const contactKinds = ['police', 'ambulance', 'fire', 'hospital', 'agency', 'other'] as const;
export const entry = record({
  id: text,
  kind: oneOf(...contactKinds),
  names: words,
  number: text,
  note: text,
  regions: list(text),
});
export const book = record({ entries: list(entry) });
/** How near a number serves to where the caller belongs, the nearest first. */
export const nearness = ['city', 'province', 'national', 'elsewhere'] as const;
export const contacts = record({ contacts: list(entry), near: dictionary(oneOf(...nearness)) });
export const contact = record({ contact: text, masked: text, until: count });

export type ContactEntry = Read<typeof entry>;
export type Book = Read<typeof book>;
