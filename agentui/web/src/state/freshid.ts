// Ids of what a person adds to a document of the site. Pure but for its randomness.

/**
 * An id that nothing in the document has: the prefix, a hyphen and eight hexadecimal digits. It never follows a name, so that a name can change and what
 * refers to the id goes on meaning the same. Two alike come once in about a thousand documents of 3000 entries, and the server refuses them.
 */
export function freshId(prefix: string): string {
  return `${prefix}-${crypto.randomUUID().slice(0, 8)}`;
}
