// The silent call for help: asked again until the server shows it. Nothing of it sounds, and no refusal is put in words over the page.
import { computed, type ComputedRef, ref } from 'vue';
import type { Request } from '../protocol/messages';
import type { Self } from '../protocol/structures';
import { type Help, helpOf, mustAsk, taken } from '../state/sos';

export class HelpCall {
  readonly #wanted = ref<number | null>(null);
  readonly state: ComputedRef<Help>;
  #askedAt: number | null = null;

  constructor(
    readonly self: () => Self | null,
    readonly ask: (request: Request) => Promise<unknown>,
  ) {
    this.state = computed(() => helpOf(this.self()?.sos ?? null, this.#wanted.value));
  }

  want(): void {
    const sos = this.self()?.sos ?? null;
    if (sos?.ack_by === '') return; // it is there already
    this.#wanted.value ??= sos?.at ?? 0;
    this.tick();
  }

  /** Called a few times a second. */
  tick(): void {
    const now = performance.now();
    const sos = this.self()?.sos ?? null;
    if (this.#wanted.value !== null && taken(sos, this.#wanted.value)) this.forget();
    if (!mustAsk(this.self(), this.#wanted.value, this.#askedAt, now)) return;
    this.#askedAt = now;
    void this.ask({ type: 'sos' }).catch(() => undefined); // asked again
  }

  forget(): void {
    this.#wanted.value = this.#askedAt = null;
  }
}
