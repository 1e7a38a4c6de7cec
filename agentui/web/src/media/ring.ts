// The ring: two soft tones and a pause. One cycle is computed once and looped by the audio thread, so a background tab, whose timers
// the browser slows down, rings just as well.

const cycleSeconds = 2.6;
const notes = [
  { hz: 523.25, from: 0, seconds: 0.7 },
  { hz: 659.25, from: 0.38, seconds: 0.95 },
];

export class Ring {
  #source: AudioBufferSourceNode | null = null;
  #gain: GainNode | null = null;

  get ringing(): boolean {
    return this.#source !== null;
  }

  start(context: AudioContext): void {
    if (this.#source) return;
    void context.resume().catch(() => undefined);
    const gain = context.createGain();
    // The first seconds are gentle; who does not react hears it louder.
    gain.gain.setValueAtTime(0.35, context.currentTime);
    gain.gain.linearRampToValueAtTime(0.9, context.currentTime + 2 * cycleSeconds);
    const source = context.createBufferSource();
    source.buffer = cycle(context);
    source.loop = true;
    source.connect(gain).connect(context.destination);
    source.start();
    this.#source = source;
    this.#gain = gain;
  }

  stop(): void {
    this.#source?.stop();
    this.#source?.disconnect();
    this.#gain?.disconnect();
    this.#source = null;
    this.#gain = null;
  }
}

function cycle(context: AudioContext): AudioBuffer {
  const rate = context.sampleRate;
  const buffer = context.createBuffer(1, Math.round(cycleSeconds * rate), rate);
  const samples = buffer.getChannelData(0);
  for (const note of notes) {
    const first = Math.round(note.from * rate);
    const length = Math.round(note.seconds * rate);
    for (let i = 0; i < length && first + i < samples.length; i++) {
      const t = i / rate;
      const attack = Math.min(1, t / 0.02);
      const fade = Math.exp(-3.2 * t) * Math.min(1, (length - i) / (0.05 * rate));
      const wave = Math.sin(2 * Math.PI * note.hz * t) + 0.25 * Math.sin(4 * Math.PI * note.hz * t);
      samples[first + i] = (samples[first + i] ?? 0) + 0.28 * attack * fade * wave;
    }
  }
  return buffer;
}
