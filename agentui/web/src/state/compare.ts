// What differs between two versions of a document.

/**
 * One difference: a field of an item of a list (a line, a template, a shift), a whole item that came or went (`field` is empty), or a field of the
 * document itself (`item` is null).
 */
export interface Difference {
  /** The field of the document. */
  readonly part: string;
  readonly item: string | null;
  /** What the item is called, in each language; null when it has no names. */
  readonly names: Readonly<Record<string, string>> | null;
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

type Item = Readonly<Record<string, unknown>>;

/** Items are the same when their id is; their order counts where the document says so: as a difference of `order`. */
export function differences(before: object, after: object, ordered: readonly string[] = []): Difference[] {
  const was = before as Item;
  const is = after as Item;
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((part) => {
    const [old, now] = [items(was[part]), items(is[part])];
    if (!old || !now) {
      if (same(was[part], is[part])) return [];
      return [{ part, item: null, names: null, field: part, before: was[part], after: is[part] }];
    }
    const found = [...new Set([...old.keys(), ...now.keys()])].flatMap((id) =>
      itemDifferences(part, id, old.get(id), now.get(id)),
    );
    const [first, then] = [[...old.keys()].filter((id) => now.has(id)), [...now.keys()]];
    if (
      ordered.includes(part) &&
      !same(
        first,
        then.filter((id) => old.has(id)),
      )
    )
      found.push({ part, item: null, names: null, field: 'order', before: first, after: then });
    return found;
  });
}

function itemDifferences(
  part: string,
  item: string,
  was: Item | undefined,
  is: Item | undefined,
): Difference[] {
  const names = namesOf(is ?? was);
  if (!was || !is) return [{ part, item, names, field: '', before: was, after: is }];
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter((field) => !same(was[field], is[field]))
    .map((field) => ({ part, item, names, field, before: was[field], after: is[field] }));
}

function namesOf(item: Item | undefined): Readonly<Record<string, string>> | null {
  const names = item?.names;
  return typeof names === 'object' && names !== null ? (names as Record<string, string>) : null;
}

/** A list of items by their ids; null when it is none. An absent list is an empty one. */
function items(value: unknown): Map<string, Item> | null {
  if (value === undefined || value === null) return new Map();
  if (!Array.isArray(value)) return null;
  const found = new Map<string, Item>();
  for (const entry of value as unknown[]) {
    if (typeof entry !== 'object' || entry === null) return null;
    const { id, skill } = entry as { id?: unknown; skill?: unknown };
    const key = id ?? skill;
    if (typeof key !== 'string' || found.has(key)) return null;
    found.set(key, entry as Item);
  }
  return found;
}

function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) =>
    same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}
