// One peer connection to the gateway: audio both ways, every candidate in the offer (no trickle, docs/protocol.md section 3).

export interface PeerEvents {
  connected: () => void;
  /** No contact for 2 s: worth an ICE restart. */
  shaky: () => void;
  broken: () => void;
  remote: (stream: MediaStream) => void;
  /** The first sound came, or sound stopped coming. */
  arriving: (arriving: boolean) => void;
}

export interface PeerConfig {
  readonly iceServers: RTCIceServer[];
  /** Preferred codec, such as PCMA: what Asterisk speaks, so that nothing is transcoded. */
  readonly codec: string;
}

const gatherMost = 500; // host candidates come within milliseconds; a slow STUN or TURN server must not hold the headset up
const shakyAfter = 2000;

export class Peer {
  readonly #pc: RTCPeerConnection;
  readonly #sender: RTCRtpSender;
  #shaky: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(config: PeerConfig, track: MediaStreamTrack, events: PeerEvents) {
    this.#pc = new RTCPeerConnection({ iceServers: config.iceServers, bundlePolicy: 'max-bundle' });
    const stream = new MediaStream([track]);
    const transceiver = this.#pc.addTransceiver(track, { direction: 'sendrecv', streams: [stream] });
    this.#sender = transceiver.sender;
    prefer(transceiver, config.codec);
    this.#pc.addEventListener('track', (event) => {
      events.remote(event.streams[0] ?? new MediaStream([event.track]));
      // A remote track is muted by the browser until its first packet is there.
      const tell = () => {
        if (!this.#closed) events.arriving(!event.track.muted);
      };
      event.track.addEventListener('unmute', tell);
      event.track.addEventListener('mute', tell);
      tell();
    });
    this.#pc.addEventListener('connectionstatechange', () => {
      this.#onState(events);
    });
  }

  get connected(): boolean {
    return this.#pc.connectionState === 'connected';
  }

  async offer(restart: boolean): Promise<string> {
    await this.#pc.setLocalDescription(await this.#pc.createOffer({ iceRestart: restart }));
    await this.#gathered();
    return this.#pc.localDescription?.sdp ?? '';
  }

  async answer(sdp: string): Promise<void> {
    await this.#pc.setRemoteDescription({ type: 'answer', sdp });
  }

  async replace(track: MediaStreamTrack): Promise<void> {
    await this.#sender.replaceTrack(track);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#shaky);
    this.#pc.close();
  }

  #gathered(): Promise<void> {
    if (this.#pc.iceGatheringState === 'complete') return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, gatherMost);
      this.#pc.addEventListener('icegatheringstatechange', () => {
        if (this.#pc.iceGatheringState !== 'complete') return;
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #onState(events: PeerEvents): void {
    if (this.#closed) return;
    clearTimeout(this.#shaky);
    switch (this.#pc.connectionState) {
      case 'connected':
        events.connected();
        break;
      case 'disconnected':
        this.#shaky = setTimeout(events.shaky, shakyAfter);
        break;
      case 'failed':
        events.broken();
        break;
      default:
    }
  }
}

function prefer(transceiver: RTCRtpTransceiver, codec: string): void {
  const known = RTCRtpSender.getCapabilities('audio')?.codecs ?? [];
  const wanted = `audio/${codec}`.toLowerCase();
  const first = known.filter((entry) => entry.mimeType.toLowerCase() === wanted);
  if (first.length === 0) return;
  transceiver.setCodecPreferences([...first, ...known.filter((entry) => !first.includes(entry))]);
}
