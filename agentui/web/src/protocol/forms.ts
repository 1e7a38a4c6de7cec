// Forms that an administrator configures (docs/protocol.md, section 5): scales, records, reports. A form is a JSON Schema of its answers with our words.
import { count, dictionary, list, nullable, oneOf, type Read, type Reader, record, text } from './shape';

/** Any JSON object, as it came. */
const object: Reader<Readonly<Record<string, unknown>>> = (value, path) => {
  record({})(value, path);
  return value as Record<string, unknown>;
};

export const formKinds = ['scale', 'record', 'report'] as const;
export const configuredForm = record({
  id: text,
  kind: oneOf(...formKinds),
  names: dictionary(text),
  schema: object,
  order: list(text),
  scoring: nullable(object),
});
/** The document of the administrator. */
export const formBook = record({ forms: list(configuredForm) });
/** GET /api/forms: the forms in force and the version that a record keeps. */
export const formsInForce = record({ version: count, forms: list(configuredForm) });
/** GET /api/forms/{id}?version=: one form as it was. */
export const formOfVersion = record({ version: count, form: configuredForm });

export type ConfiguredForm = Read<typeof configuredForm>;
export type FormBook = Read<typeof formBook>;
export type FormsInForce = Read<typeof formsInForce>;
/** What was filled in, by field. */
export type FormAnswers = Readonly<Record<string, unknown>>;
