// Keeps what somebody writes into a form on the server, while they write it: a moment after each pause, again until it is taken, in order.
export type DraftState = 'clean' | 'saving' | 'saved' | 'failing';
export type Answers = Readonly<Record<string, unknown>>;

const pause = 700;
const again = 2000;

export interface DraftKeeper {
  /** Takes what the form holds now. */
  change(answers: Answers): void;
  /** Sends at once what waits; the answer says whether all of it is durable. */
  flush(): Promise<boolean>;
  /** Forgets what waits: the record was saved, or the draft given up. */
  forget(): void;
}

/**
 * `rev` is that of the draft on the server, 0 without one. `send` resolves when a draft is durable; `tell` is told how it stands. What was refused
 * for `good` is not tried again until something else is written.
 */
export function keepDraft(
  rev: number,
  send: (rev: number, answers: Answers) => Promise<unknown>,
  tell: (state: DraftState) => void,
  good: (error: unknown) => boolean = () => false,
): DraftKeeper {
  let number = rev;
  let wanted: Answers | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<void> | null = null;

  async function run(): Promise<void> {
    clearTimeout(timer);
    while (wanted !== null) {
      const now = wanted;
      wanted = null;
      // Rises over every page of this person: the clock does, as well as each step.
      number = Math.max(number + 1, Date.now());
      tell('saving');
      try {
        await send(number, now);
        if (wanted === null) tell('saved');
      } catch (error) {
        wanted ??= now;
        tell('failing');
        if (!good(error) || wanted !== now) timer = setTimeout(() => void start(), again);
        return;
      }
    }
  }
  function start(): Promise<void> {
    running ??= run().finally(() => {
      running = null;
    });
    return running;
  }
  return {
    change(answers) {
      wanted = answers;
      tell('saving');
      clearTimeout(timer);
      timer = setTimeout(() => void start(), pause);
    },
    async flush() {
      clearTimeout(timer);
      await start();
      if (wanted !== null) await start();
      return wanted === null;
    },
    forget() {
      clearTimeout(timer);
      wanted = null;
      tell('clean');
    },
  };
}
