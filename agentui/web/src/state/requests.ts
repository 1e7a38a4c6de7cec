// The book of requests that wait for their answer.

/** A request that was refused, or had no answer: `link_lost`, `timeout`, or the server's own code. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    readonly params: Readonly<Record<string, string | number>> = {},
    /** All that the server said beside the code, unread. */
    readonly details: unknown = null,
  ) {
    super(code);
    this.name = 'Refusal';
  }
}

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (refusal: Refusal) => void;
  overdueAt: number;
}

export class RequestBook {
  #next = 1;
  readonly #waiting = new Map<number, Waiting>();

  /** Opens an entry; `id` goes on the wire. */
  open(overdueAt: number): { id: number; answer: Promise<unknown> } {
    const id = this.#next++;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, overdueAt });
    });
    return { id, answer };
  }

  /** Settles one; false when nobody waits for that id (any more). */
  settle(id: number, outcome: { result: unknown } | { refusal: Refusal }): boolean {
    const entry = this.#waiting.get(id);
    if (!entry) return false;
    this.#waiting.delete(id);
    if ('refusal' in outcome) entry.reject(outcome.refusal);
    else entry.resolve(outcome.result);
    return true;
  }

  /** Refuses what is overdue; true when there was any. */
  expire(now: number): boolean {
    let any = false;
    for (const [id, entry] of this.#waiting) {
      if (entry.overdueAt > now) continue;
      any = true;
      this.settle(id, { refusal: new Refusal('timeout') });
    }
    return any;
  }

  /** Refuses all: the connection is gone, and numbers begin anew on the next. */
  clear(code: string): void {
    for (const id of [...this.#waiting.keys()]) this.settle(id, { refusal: new Refusal(code) });
    this.#next = 1;
  }
}
