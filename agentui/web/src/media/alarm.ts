// Tones for who leads, repeated until somebody has answered. Neither is the ring of a call, and nobody can take one for the other.

interface Motif {
  /** Frequency in Hz and when it begins, seconds. */
  readonly notes: readonly (readonly [hz: number, after: number])[];
  /** How long one note sounds, seconds. */
  readonly length: number;
  readonly every: number;
  readonly gain: number;
}

/** Two short soft tones, falling: a counsellor asks silently for help. */
export const helpMotif: Motif = {
  notes: [
    [880, 0],
    [698.46, 0.22],
  ],
  length: 0.22,
  every: 4000,
  gain: 0.22,
};

/** Three longer tones, rising, and the last once more: somebody must answer for a person at high risk. */
export const incidentMotif: Motif = {
  notes: [
    [523.25, 0],
    [659.26, 0.28],
    [783.99, 0.56],
    [783.99, 0.92],
  ],
  length: 0.34,
  every: 2600,
  gain: 0.3,
};

export class Alarm {
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(readonly motif: Motif = helpMotif) {}

  get sounding(): boolean {
    return this.#timer !== undefined;
  }

  start(context: AudioContext): void {
    if (this.#timer !== undefined) return;
    void context.resume().catch(() => undefined);
    play(context, this.motif);
    this.#timer = setInterval(() => {
      play(context, this.motif);
    }, this.motif.every);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function play(context: AudioContext, motif: Motif): void {
  for (const [hz, after] of motif.notes) {
    const at = context.currentTime + after;
    const tone = context.createOscillator();
    const gain = context.createGain();
    tone.frequency.value = hz;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(motif.gain, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.001, at + motif.length - 0.02);
    tone.connect(gain).connect(context.destination);
    tone.start(at);
    tone.stop(at + motif.length);
  }
}
