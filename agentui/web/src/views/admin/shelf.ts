// The lines in force and the draft that somebody works on. It outlives the page: a look at the board must not throw half an hour's work away.
import { computed, reactive, ref, shallowRef } from 'vue';
import { type Fault, invalid, type Shown, type WholeVersion } from '../../protocol/lines';
import { linesApi } from '../../session/lines';
import { closePolicy, openPolicy, type PolicyDraft } from '../../state/draft';
import { Refusal } from '../../state/requests';

export interface Stale {
  readonly version: number;
  readonly name: string;
}

export class Shelf {
  readonly shown = shallowRef<Shown | null>(null);
  readonly draft = ref<PolicyDraft | null>(null);
  readonly faults = ref<readonly Fault[]>([]);
  readonly stale = ref<Stale | null>(null);
  readonly savedAs = ref(0);
  readonly note = ref('');
  readonly busy = ref(false);
  #clean = ref('');

  readonly dirty = computed(() => this.draft.value !== null && this.#text() !== this.#clean.value);

  #text(): string {
    return this.draft.value ? JSON.stringify(closePolicy(this.draft.value)) : '';
  }

  /** Loads what is in force. A draft that was changed stays. */
  async load(): Promise<void> {
    const shown = await linesApi.show();
    if (this.dirty.value) return;
    this.shown.value = shown;
    this.take(shown.current);
  }

  /** Begins a new draft from a version that is in force. */
  take(version: WholeVersion): void {
    if (this.shown.value) this.shown.value = { ...this.shown.value, current: version };
    this.draft.value = reactive(openPolicy(version.policy));
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
    if (this.shown.value) this.take(this.shown.value.current);
    this.savedAs.value = 0;
  }

  async save(base = this.shown.value?.current.version ?? 0): Promise<void> {
    if (!this.draft.value || this.busy.value) return;
    this.busy.value = true;
    this.faults.value = [];
    this.savedAs.value = 0;
    try {
      const made = await linesApi.save(base, this.note.value.trim(), closePolicy(this.draft.value));
      this.take(made);
      this.savedAs.value = made.version;
    } catch (error) {
      if (error instanceof Refusal && error.code === 'invalid_lines') {
        this.faults.value = invalid(error.details, '').faults;
      } else if (error instanceof Refusal && error.code === 'stale') {
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

let shelf = new Shelf();
let owner = '';

/** The shelf of the person who is signed in: nobody finds another's draft. */
export function useShelf(user: string): Shelf {
  if (user !== owner) {
    shelf = new Shelf();
    owner = user;
  }
  return shelf;
}
