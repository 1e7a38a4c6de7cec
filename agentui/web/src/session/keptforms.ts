// Forms of calls that were filled in while the database was away: sealed by the site, kept in this browser, and brought as soon as the database is back.
import { ref } from 'vue';
import { Refusal } from '../state/requests';

const prefix = 'hotline.form.';

const refusedAs = (error: unknown, ...codes: string[]) =>
  error instanceof Refusal && codes.includes(error.code);

/** The server could not be asked, or could not ask its database: the same may be done later. */
export function away(error: unknown): boolean {
  return refusedAs(error, 'network', 'unavailable', 'timeout');
}

export class KeptForms {
  /** How many forms wait here for the person at this browser, as of the last look. */
  readonly count = ref(0);
  #sending = false;

  /** `who` is the person at this browser, '' for nobody: each brings their own forms only. */
  constructor(
    private readonly storage: () => Storage,
    private readonly who: () => string,
    private readonly bring: (call: string, sealed: string) => Promise<unknown>,
  ) {}

  #name = (call: string) => `${prefix}${this.who()}.${call}`;

  /** Throws when the browser has no room: then nothing was kept. */
  keep(call: string, sealed: string): void {
    this.storage().setItem(this.#name(call), sealed);
    this.look();
  }

  /** Brings the count up to date: after another came, or another window of this browser brought a form. */
  look(): void {
    this.count.value = this.waiting().length;
  }

  /** The calls whose forms wait here for this person. */
  waiting(): string[] {
    const own = this.#name('');
    if (this.who() === '') return [];
    try {
      const all = this.storage();
      return Array.from({ length: all.length }, (_, i) => all.key(i) ?? '')
        .filter((name) => name.startsWith(own))
        .map((name) => name.slice(own.length));
    } catch {
      return []; // a browser that keeps nothing
    }
  }

  /**
   * Brings what waits. Only what was sealed for somebody else, or altered, is dropped; whatever else the server says, the form may be the only one,
   * and is brought again.
   */
  async send(): Promise<void> {
    this.look(); // before anything waits for the network: a page that opens meanwhile must know
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (const call of this.waiting()) {
        const sealed = this.storage().getItem(this.#name(call));
        if (sealed === null) continue;
        try {
          await this.bring(call, sealed);
        } catch (error) {
          if (away(error)) return;
          if (!refusedAs(error, 'wrong_seal')) continue;
        }
        if (this.storage().getItem(this.#name(call)) === sealed) this.storage().removeItem(this.#name(call));
      }
    } finally {
      this.#sending = false;
      this.look();
    }
  }
}
