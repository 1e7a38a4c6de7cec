// The player that is open beside a score sheet: moments are played in it, and taken from it.
import type { InjectionKey, Ref } from 'vue';

export interface ReviewDeck {
  /** A recording is open. */
  readonly open: Readonly<Ref<boolean>>;
  /** Where it is, in milliseconds. */
  now(): number;
  /** The same, to be shown. */
  readonly at: Readonly<Ref<number>>;
  readonly length: Readonly<Ref<number>>;
  readonly playing: Readonly<Ref<boolean>>;
  /** Plays from there. */
  play(ms: number): void;
  /** Plays or pauses. */
  toggle(): void;
}

export const reviewDeckKey: InjectionKey<ReviewDeck> = Symbol('the player beside a review');
