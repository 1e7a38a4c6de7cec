// Readers turn unknown JSON into checked values. A value of the wrong kind is refused with its path, so that a mistake in
// the contract shows at the door and not as a blank on a screen at night. Fields we do not know are dropped: an older
// page must survive a newer server.

/** What a reader refuses; `path` is like `self.offer.tier`. */
export class ShapeError extends Error {
  constructor(
    readonly path: string,
    readonly wanted: string,
  ) {
    super(`${path || 'value'}: ${wanted} wanted`);
    this.name = 'ShapeError';
  }
}

export type Reader<T> = (value: unknown, path: string) => T;
export type Read<R> = R extends Reader<infer T> ? T : never;

export const text: Reader<string> = (value, path) => {
  if (typeof value !== 'string') throw new ShapeError(path, 'text');
  return value;
};

export const number: Reader<number> = (value, path) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new ShapeError(path, 'number');
  return value;
};

/** A count, a sequence number or a time in milliseconds: never negative, never a fraction. */
export const count: Reader<number> = (value, path) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new ShapeError(path, 'whole number >= 0');
  }
  return value;
};

export const flag: Reader<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw new ShapeError(path, 'true or false');
  return value;
};

export function oneOf<const T extends readonly string[]>(...words: T): Reader<T[number]> {
  return (value, path) => {
    if (typeof value !== 'string' || !words.includes(value)) throw new ShapeError(path, words.join(' | '));
    return value;
  };
}

/** A list. Go writes an empty slice as null now and then; both mean "none". */
export function list<T>(item: Reader<T>): Reader<T[]> {
  return (value, path) => {
    if (value === null) return [];
    if (!Array.isArray(value)) throw new ShapeError(path, 'list');
    return value.map((entry: unknown, i) => item(entry, `${path}[${String(i)}]`));
  };
}

export function nullable<T>(inner: Reader<T>): Reader<T | null> {
  return (value, path) => (value === null || value === undefined ? null : inner(value, path));
}

/** A field that may be absent. */
export function optional<T>(inner: Reader<T>): Reader<T | undefined> {
  return (value, path) => (value === undefined ? undefined : inner(value, path));
}

type Fields = Record<string, Reader<unknown>>;
type Optional<F extends Fields> = { [K in keyof F]: undefined extends Read<F[K]> ? K : never }[keyof F];
type ReadFields<F extends Fields> = { [K in Exclude<keyof F, Optional<F>>]: Read<F[K]> } & {
  [K in Optional<F>]?: Exclude<Read<F[K]>, undefined>;
};
export type Shape<F extends Fields> = { [K in keyof ReadFields<F>]: ReadFields<F>[K] };

export function record<F extends Fields>(fields: F): Reader<Shape<F>> {
  const names = Object.keys(fields);
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new ShapeError(path, 'object');
    const from = value as Record<string, unknown>;
    const into: Record<string, unknown> = {};
    for (const name of names) {
      const read = (fields[name] as Reader<unknown>)(from[name], path ? `${path}.${name}` : name);
      if (read !== undefined) into[name] = read;
    }
    return into as Shape<F>;
  };
}

/** An object whose names are free, such as words by language. */
export function dictionary<T>(item: Reader<T>): Reader<Record<string, T>> {
  return (value, path) => {
    if (value === null || value === undefined) return {};
    if (typeof value !== 'object' || Array.isArray(value)) throw new ShapeError(path, 'object');
    const into: Record<string, T> = {};
    for (const [name, entry] of Object.entries(value))
      into[name] = item(entry, path ? `${path}.${name}` : name);
    return into;
  };
}

/** An object of free words, as in the `params` of an error. */
export const params: Reader<Record<string, string | number>> = (value, path) => {
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw new ShapeError(path, 'object');
  const into: Record<string, string | number> = {};
  for (const [name, entry] of Object.entries(value)) {
    if (typeof entry === 'string' || typeof entry === 'number') into[name] = entry;
  }
  return into;
};
