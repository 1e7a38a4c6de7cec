// A document in versions while somebody edits it. The draft outlives the page: a look at the board must not throw half an hour's work away.
import { computed, reactive, ref, type Ref, shallowRef } from 'vue';
import type { Fault } from '../../protocol/documents';
import { faultList } from '../../protocol/documents';
import { Refusal } from '../../state/requests';

/** What every version says of itself. */
export interface VersionLike {
  readonly version: number;
  readonly at: number;
  readonly by: string;
  readonly by_name: string;
  readonly note: string;
  readonly origin: string;
  readonly restored: number;
}

export interface Stale {
  readonly version: number;
  readonly name: string;
}

/** A part of a document's page. What is wrong with one of its fields is counted on its tab and opens it. */
export interface SheetPart<P extends string> {
  readonly value: P;
  readonly label: string;
  readonly fields: readonly string[];
}

/** How a kind of document is read, edited and written. V is a version with the document, D the draft. */
export interface Desk<V, D> {
  load(): Promise<V>;
  save(base: number, note: string, draft: D): Promise<V>;
  /** Asks what is wrong with a draft without saving it; refused with the faults. Absent where only saving tells. */
  check?(draft: D): Promise<unknown>;
  /** A hundred versions at most, the newest first, older than before; 0 begins with the newest. */
  history(before: number): Promise<{ versions: readonly VersionLike[] }>;
  version(n: number): Promise<V>;
  /** Makes version n the newest; refused as stale when base is not the newest any more. */
  restore(n: number, base: number, note: string): Promise<V>;
  open(version: V): D;
  /** The document of a version, for comparing. */
  shown(version: V): object;
  /** The document that a draft makes, for comparing. */
  close(draft: D): object;
}

export class Sheet<V extends { version: number }, D extends object> {
  readonly current = shallowRef<V | null>(null);
  readonly draft = ref(null) as Ref<D | null>;
  readonly faults = ref<readonly Fault[]>([]);
  readonly stale = ref<Stale | null>(null);
  readonly savedAs = ref(0);
  readonly note = ref('');
  readonly busy = ref(false);
  readonly #clean = ref('');

  readonly dirty = computed(() => this.draft.value !== null && this.#text() !== this.#clean.value);

  constructor(readonly desk: Desk<V, D>) {}

  #text(): string {
    return this.draft.value ? JSON.stringify(this.desk.close(this.draft.value)) : '';
  }

  /** Loads what is in force. A draft that was changed stays. */
  async load(): Promise<void> {
    const version = await this.desk.load();
    if (!this.dirty.value) this.take(version);
  }

  /** Begins a new draft from a version that is in force. */
  take(version: V): void {
    this.current.value = version;
    this.draft.value = reactive(this.desk.open(version)) as D;
    this.#clean.value = this.#text();
    this.faults.value = [];
    this.stale.value = null;
    this.note.value = '';
  }

  /** Places of faults count rows: when rows come or go they no longer point where they should. */
  reshaped(): void {
    this.faults.value = [];
  }

  discard(): void {
    if (this.current.value) this.take(this.current.value);
    this.savedAs.value = 0;
  }

  /** Waits for a check of the draft and keeps what it found. */
  async checked(check: Promise<unknown>): Promise<void> {
    try {
      await check;
      this.faults.value = [];
    } catch (error) {
      if (!(error instanceof Refusal) || !this.#told(error)) throw error;
    }
  }

  #told(error: Refusal): boolean {
    if (error.code !== 'invalid_lines' && error.code !== 'invalid_document') return false;
    this.faults.value = faultList(error.details, '').faults;
    return true;
  }

  /** Asks what is wrong with the draft; true when nothing is. */
  async check(): Promise<boolean> {
    const { check } = this.desk;
    if (!this.draft.value || !check) return false;
    this.reshaped();
    await this.checked(check(this.draft.value));
    return this.faults.value.length === 0;
  }

  /** Makes an older version the newest, and the draft begins anew from it. */
  async restore(n: number, note: string): Promise<void> {
    const made = await this.desk.restore(n, this.current.value?.version ?? 0, note);
    this.take(made);
    this.savedAs.value = made.version;
  }

  async save(base = this.current.value?.version ?? 0): Promise<void> {
    if (!this.draft.value || this.busy.value) return;
    this.busy.value = true;
    this.faults.value = [];
    this.savedAs.value = 0;
    try {
      const made = await this.desk.save(base, this.note.value.trim(), this.draft.value);
      this.take(made);
      this.savedAs.value = made.version;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (this.#told(error)) return;
      if (error.code === 'stale') {
        this.stale.value = {
          version: Number(error.params.version),
          name: String(error.params.by_name),
        };
      } else throw error;
    } finally {
      this.busy.value = false;
    }
  }
}

/** One sheet for each person who is signed in: nobody finds another's draft. */
export function keptFor<S>(make: () => S): (user: string) => S {
  let kept: S | null = null;
  let owner = '';
  return (user) => {
    if (kept === null || user !== owner) {
      kept = make();
      owner = user;
    }
    return kept;
  };
}
