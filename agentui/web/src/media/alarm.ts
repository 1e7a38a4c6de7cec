// Two short soft tones, for who leads: a counsellor asks silently for help. Not the ring of a call, and repeated until somebody has seen it.

const every = 4000;

export class Alarm {
  #timer: ReturnType<typeof setInterval> | undefined;

  start(context: AudioContext): void {
    if (this.#timer !== undefined) return;
    void context.resume().catch(() => undefined);
    play(context);
    this.#timer = setInterval(() => {
      play(context);
    }, every);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function play(context: AudioContext): void {
  for (const [hz, after] of [
    [880, 0],
    [698.46, 0.22],
  ] as const) {
    const at = context.currentTime + after;
    const tone = context.createOscillator();
    const gain = context.createGain();
    tone.frequency.value = hz;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(0.22, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.001, at + 0.2);
    tone.connect(gain).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.22);
  }
}
