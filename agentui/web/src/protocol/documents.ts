// Documents of the site in versions (docs/protocol.md, section 8): settings, phonebook, roster. Only the administrator's pages load this.
import { count, list, oneOf, params, type Read, type Reader, record, text } from './shape';

const versionFields = {
  version: count,
  at: count,
  by: text,
  by_name: text,
  note: text,
  origin: oneOf('first', 'saved', 'restore', 'import'),
  restored: count,
};
export const documentVersion = record(versionFields);
export const documentHistory = record({ versions: list(documentVersion) });
export type DocumentVersion = Read<typeof documentVersion>;
export type WholeDocument<T> = DocumentVersion & { doc: T };

/** A version with its document. */
export function wholeDocument<T>(doc: Reader<T>): Reader<WholeDocument<T>> {
  return (value, path) => ({
    ...documentVersion(value, path),
    doc: doc((value as { doc?: unknown }).doc, path ? `${path}.doc` : 'doc'),
  });
}

/** What is wrong with a document, and where. */
const fault = record({ field: text, code: text, params });
export const faultList = record({ faults: list(fault) });
export type Fault = Read<typeof fault>;
