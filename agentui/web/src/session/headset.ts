// The counsellor's headset: microphone, speaker and the leg to the gateway, kept up by state/leg.ts.
import { ref, shallowRef } from 'vue';
import { Meter } from '../media/meter';
import {
  type Choice,
  type Device,
  listMicrophones,
  MicError,
  type MicFault,
  Microphone,
  watchDevices,
} from '../media/microphone';
import { Peer, type PeerConfig } from '../media/peer';
import { Speaker } from '../media/speaker';
import type { Request } from '../protocol/messages';
import { legAnswer } from '../protocol/structures';
import { backoff } from '../state/backoff';
import { type Leg, type LegCommand, type LegEvent, nextLeg, noLeg } from '../state/leg';
import { preferences } from './preferences';

const connectWithin = 6000; // an answered leg that carries nothing by then is given up

type Ask = (request: Request) => Promise<unknown>;

export class Headset {
  /** Why there is no microphone, or null. */
  readonly fault = ref<MicFault | null>(null);
  readonly open = ref(false);
  /** The browser waits for a click before it lets anything sound. */
  readonly blocked = ref(false);
  readonly muted = ref(false);
  readonly devices = shallowRef<Device[]>([]);
  readonly choice = ref<Choice>(preferences.microphone());
  readonly step = ref<Leg['step']>('idle');
  /** Sound flows between the browser and the gateway. */
  readonly flowing = ref(false);
  /** Sound came from the gateway: a caller was joined to this leg. */
  readonly hearing = ref(false);

  readonly speaker: Speaker;
  #leg: Leg = noLeg;
  #mic: Microphone | null = null;
  #opening: Promise<void> | null = null;
  #wanted = false;
  #peer: Peer | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #inMeter: Meter | null = null;
  #outMeter: Meter | null = null;

  constructor(
    element: HTMLAudioElement,
    readonly ask: Ask,
    readonly peerConfig: () => PeerConfig,
  ) {
    this.speaker = new Speaker(element, (blocked) => {
      this.blocked.value = blocked;
    });
    watchDevices(() => {
      void this.#listDevices();
      if (this.#wanted && this.fault.value !== null) void this.warm();
    });
  }

  /** Opens the microphone; also the retry after a fault. Never throws: the fault is shown. */
  warm(): Promise<void> {
    this.#wanted = true;
    this.#opening ??= this.#openMic().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async choose(choice: Choice): Promise<void> {
    this.choice.value = choice;
    preferences.setMicrophone(choice);
    await this.#opening;
    await this.warm();
  }

  setMuted(muted: boolean): void {
    this.muted.value = muted;
    if (this.#mic) this.#mic.track.enabled = !muted;
  }

  /** Loudness of what the microphone hears, dB; also while muted. */
  inputLevel(): number {
    return this.#inMeter?.read() ?? -100;
  }

  /** Loudness of what the counsellor hears, dB. */
  outputLevel(): number {
    return this.#outMeter?.read() ?? -100;
  }

  /** The id of the leg when it carries sound: what `hello` names. */
  get liveLeg(): string {
    return this.#peer?.connected ? this.#leg.id : '';
  }

  get legId(): string {
    return this.#leg.id;
  }

  tell(event: LegEvent): void {
    const [next, commands] = nextLeg(this.#leg, event);
    this.#leg = next;
    this.step.value = next.step;
    for (const command of commands) this.#do(command);
  }

  /** Lets go of everything: signed out, or another window took over. */
  release(): void {
    this.#wanted = false;
    this.#closePeer();
    this.#leg = noLeg;
    this.step.value = 'idle';
    this.#closeMic();
  }

  async #openMic(): Promise<void> {
    let mic: Microphone;
    try {
      mic = await Microphone.open(this.choice.value, () => {
        this.#onUnplugged();
      });
    } catch (error) {
      this.#closeMic();
      this.fault.value = error instanceof MicError ? error.fault : 'failed';
      this.tell({ type: 'mic', open: false });
      return;
    }
    if (!this.#wanted) {
      mic.close();
      return;
    }
    await this.#adopt(mic);
  }

  async #adopt(mic: Microphone): Promise<void> {
    this.#inMeter?.close();
    this.#mic?.close();
    this.#mic = mic;
    mic.track.enabled = !this.muted.value;
    this.#inMeter = new Meter(this.speaker.context, mic.stream);
    this.fault.value = null;
    this.open.value = true;
    void this.#listDevices();
    await this.#peer?.replace(mic.track).catch(() => undefined);
    this.tell({ type: 'mic', open: true });
  }

  #closeMic(): void {
    this.#inMeter?.close();
    this.#inMeter = null;
    this.#mic?.close();
    this.#mic = null;
    this.open.value = false;
  }

  // The headset was pulled out: take what is left, so that the caller goes on hearing someone.
  #onUnplugged(): void {
    this.#closeMic();
    this.fault.value = 'unplugged';
    if (this.#wanted) void this.warm();
  }

  async #listDevices(): Promise<void> {
    this.devices.value = await listMicrophones().catch(() => []);
  }

  #do(command: LegCommand): void {
    switch (command) {
      case 'open':
        void this.#openLeg();
        break;
      case 'restart':
        void this.#restartLeg();
        break;
      case 'close':
        this.#closePeer();
        break;
      case 'rest':
        this.#later(backoff(this.#leg.tries - 1, Math.random(), 100, 5000), { type: 'rested' });
        break;
    }
  }

  async #openLeg(): Promise<void> {
    const track = this.#mic?.track;
    if (!track) return;
    const peer = new Peer(this.peerConfig(), track, {
      connected: () => {
        this.#onConnected(peer);
      },
      shaky: () => {
        if (this.#peer === peer) this.tell({ type: 'shaky' });
      },
      broken: () => {
        if (this.#peer === peer) this.tell({ type: 'broken' });
      },
      remote: (stream) => {
        this.#onRemote(peer, stream);
      },
      arriving: (arriving) => {
        if (this.#peer === peer) this.hearing.value = arriving;
      },
    });
    this.#peer = peer;
    await this.#negotiate(peer, async () => this.ask({ type: 'leg', offer: await peer.offer(false) }));
  }

  async #restartLeg(): Promise<void> {
    const peer = this.#peer;
    const leg = this.#leg.id;
    if (!peer) return;
    await this.#negotiate(peer, async () =>
      this.ask({ type: 'leg_restart', leg, offer: await peer.offer(true) }),
    );
  }

  async #negotiate(peer: Peer, offered: () => Promise<unknown>): Promise<void> {
    try {
      const result = legAnswer(await offered(), 'result');
      if (this.#peer !== peer) return;
      await peer.answer(result.answer);
      this.tell({ type: 'answered', id: result.leg });
      if (!peer.connected) this.#later(connectWithin, { type: 'broken' });
    } catch {
      // Refused, unanswered or unusable alike: rest and try anew. A lost link has already moved the machine on.
      if (this.#peer === peer && this.#leg.live) this.tell({ type: 'refused' });
    }
  }

  #onConnected(peer: Peer): void {
    if (this.#peer !== peer) return;
    clearTimeout(this.#timer);
    this.flowing.value = true;
    this.tell({ type: 'connected' });
  }

  #onRemote(peer: Peer, stream: MediaStream): void {
    if (this.#peer !== peer) return;
    this.speaker.play(stream);
    this.#outMeter?.close();
    this.#outMeter = new Meter(this.speaker.context, stream);
  }

  #later(ms: number, event: LegEvent): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.tell(event);
    }, ms);
  }

  #closePeer(): void {
    clearTimeout(this.#timer);
    this.#peer?.close();
    this.#peer = null;
    this.flowing.value = false;
    this.hearing.value = false;
    this.#outMeter?.close();
    this.#outMeter = null;
    this.speaker.play(null);
  }
}
