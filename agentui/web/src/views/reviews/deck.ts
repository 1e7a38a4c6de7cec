// The player that is open beside a score sheet: moments are played in it, and taken from it.
import type { InjectionKey, Ref } from 'vue';

export interface ReviewDeck {
  /** A recording is open. */
  readonly open: Readonly<Ref<boolean>>;
  /** Where it is, in milliseconds. */
  now(): number;
  /** Plays from there. */
  play(ms: number): void;
}

export const reviewDeckKey: InjectionKey<ReviewDeck> = Symbol('the player beside a review');
