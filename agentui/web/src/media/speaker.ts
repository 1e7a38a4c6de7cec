// Everything that sounds: the caller's voice on an <audio> element and the one AudioContext for ring and meters. Browsers keep both
// shut until the person has clicked; the log-in click opens them, so that the first ring of the day is heard.

export class Speaker {
  readonly #element: HTMLAudioElement;
  #context: AudioContext | null = null;

  constructor(
    element: HTMLAudioElement,
    readonly onBlocked: (blocked: boolean) => void,
  ) {
    this.#element = element;
  }

  get context(): AudioContext {
    if (!this.#context) {
      const context = new AudioContext({ latencyHint: 'interactive' });
      context.addEventListener('statechange', () => {
        this.onBlocked(context.state === 'suspended');
      });
      this.#context = context;
    }
    return this.#context;
  }

  /** Call from a click or a key. Harmless when already open. */
  async unlock(): Promise<void> {
    // While the browser waits for a click, resume() stays pending: look at the state after a moment instead.
    const resumed = this.context.resume().catch(() => undefined);
    await Promise.race([resumed, new Promise((done) => setTimeout(done, 400))]);
    await this.#resumeElement();
    this.onBlocked(this.context.state === 'suspended');
  }

  /** Plays a caller's stream; null stops. */
  play(stream: MediaStream | null): void {
    this.#element.srcObject = stream;
    void this.#resumeElement();
  }

  async #resumeElement(): Promise<void> {
    if (!this.#element.srcObject) return;
    try {
      await this.#element.play();
    } catch (error) {
      // AbortError: another stream was set meanwhile, and that one plays.
      if (error instanceof Error && error.name === 'NotAllowedError') this.onBlocked(true);
    }
  }
}
