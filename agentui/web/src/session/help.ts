// The silent call for help: asked again until the server shows it. Nothing of it sounds, and no refusal is put in words over the page.
import { computed, type ComputedRef, ref } from 'vue';
import type { Request } from '../protocol/messages';
import type { Self } from '../protocol/structures';
import { type Help, helpOf, mustAsk } from '../state/sos';

export class HelpCall {
  readonly #wantedAt = ref<number | null>(null);
  readonly state: ComputedRef<Help>;
  #askedAt: number | null = null;

  constructor(
    readonly self: () => Self | null,
    readonly ask: (request: Request) => Promise<unknown>,
  ) {
    this.state = computed(() => helpOf(this.self()?.sos ?? null, this.#wantedAt.value));
  }

  want(): void {
    if (this.self()?.sos && this.self()?.sos?.ack_by === '') return; // it is there already
    this.#wantedAt.value ??= performance.now();
    this.tick();
  }

  /** Called a few times a second. */
  tick(): void {
    const now = performance.now();
    if (this.self()?.sos) this.#wantedAt.value = this.#askedAt = null;
    if (!mustAsk(this.self(), this.#wantedAt.value, this.#askedAt, now)) return;
    this.#askedAt = now;
    void this.ask({ type: 'sos' }).catch(() => undefined); // asked again
  }

  forget(): void {
    this.#wantedAt.value = this.#askedAt = null;
  }
}
