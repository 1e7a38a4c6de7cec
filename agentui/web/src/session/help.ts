// The silent call for help: asked again until the server has taken it. Nothing of it sounds, and no refusal is put in words over the page.
import { computed, type ComputedRef, ref } from 'vue';
import type { Request } from '../protocol/messages';
import type { Self } from '../protocol/structures';
import { type Help, type HelpWanted, helpOf, mustAsk, settled } from '../state/sos';

export class HelpCall {
  readonly #wanted = ref<HelpWanted | null>(null);
  readonly state: ComputedRef<Help>;

  constructor(
    readonly self: () => Self | null,
    readonly ask: (request: Request) => Promise<unknown>,
  ) {
    this.state = computed(() => helpOf(this.self()?.sos ?? null, this.#wanted.value));
  }

  want(): void {
    const sos = this.self()?.sos ?? null;
    if (sos?.ack_by === '') return; // it is there already
    // A press after the answer is another call for help: the one before may be over already.
    if (this.#wanted.value === null || this.#wanted.value.takenAt !== null)
      this.#wanted.value = { before: sos?.at ?? 0, askedAt: null, takenAt: null };
    this.tick();
  }

  /** Called a few times a second. */
  tick(): void {
    const now = performance.now();
    const wanted = this.#wanted.value;
    if (wanted === null) return;
    if (settled(this.self()?.sos ?? null, wanted, now)) {
      this.#wanted.value = null;
      return;
    }
    if (!mustAsk(this.self(), wanted, now)) return;
    wanted.askedAt = now;
    this.ask({ type: 'sos' }).then(
      () => (wanted.takenAt ??= performance.now()),
      () => undefined, // asked again
    );
  }
}
