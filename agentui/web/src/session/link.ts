// The websocket: one hello, requests with answers, and a way back after every kind of break.
import {
  decodeFrame,
  encodeRequest,
  type Request,
  type ServerFrame,
  type Snapshot,
} from '../protocol/messages';
import { backoff } from '../state/backoff';
import { Refusal, RequestBook } from '../state/requests';

export type LinkState =
  | 'off'
  | 'connecting'
  | 'live'
  /** Another window holds the session; the person chooses. */
  | 'second_session'
  /** Another window took the session from this one. */
  | 'displaced'
  | 'signed_out';

export interface LinkEvents {
  state: (state: LinkState) => void;
  /** The session is (again) ours; comes with the first snapshot. */
  live: (snapshot: Snapshot) => void;
  down: () => void;
  frame: (frame: ServerFrame) => void;
  /** Connecting failed before the socket opened: perhaps the session ended. */
  unopened: () => void;
  /** The id of a leg that carries sound right now, or empty. */
  leg: () => string;
}

const answerWithin = 8000;
const quietFor = 10_000; // a half-open connection looks alive: after this much silence ask for something
const closeCodes = { displaced: 4001, signedOut: 4002, draining: 4003, misbehaved: 1008 };

export class Link {
  #socket: WebSocket | null = null;
  #state: LinkState = 'off';
  #takeover = false;
  #tries = 0;
  #lastHeard = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #book = new RequestBook();

  constructor(
    readonly url: string,
    readonly events: LinkEvents,
  ) {
    setInterval(() => {
      this.#tick();
    }, 1000);
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Connects; `takeover` takes the session from another window. */
  start(takeover: boolean): void {
    this.#takeover = takeover;
    this.#tries = 0;
    this.#connect();
  }

  stop(state: LinkState = 'off'): void {
    clearTimeout(this.#retry);
    this.#drop();
    this.#set(state);
  }

  /** Sends a request; its answer, or a Refusal. */
  async request(request: Request): Promise<unknown> {
    if (this.#state !== 'live') throw new Refusal('link_lost');
    return this.#send(request);
  }

  /** The network of the machine changed: find out now whether the socket still lives. */
  probe(): void {
    if (this.#state === 'live') void this.#check();
    else if (this.#state === 'connecting' && !this.#socket) this.#connect();
  }

  #connect(): void {
    clearTimeout(this.#retry);
    this.#drop();
    this.#set('connecting');
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    let opened = false;
    const mine = () => this.#socket === socket;
    socket.addEventListener('open', () => {
      opened = true;
      this.#lastHeard = Date.now();
      if (mine()) void this.#hello();
    });
    socket.addEventListener('message', (event: MessageEvent<unknown>) => {
      if (mine()) this.#onText(event.data);
    });
    socket.addEventListener('close', (event) => {
      if (!mine()) return;
      this.#socket = null;
      this.#onClose(event.code);
      if (!opened) this.events.unopened();
    });
  }

  async #hello(): Promise<void> {
    try {
      await this.#send({ type: 'hello', takeover: this.#takeover, leg: this.events.leg() });
    } catch (error) {
      if (!(error instanceof Refusal) || error.code === 'link_lost') return; // the close event goes on
      if (error.code === 'second_session' || error.code === 'signed_out') this.stop(error.code);
      else this.#lose();
    }
  }

  #send(request: Request): Promise<unknown> {
    const { id, answer } = this.#book.open(Date.now() + answerWithin);
    this.#socket?.send(encodeRequest(id, request));
    return answer;
  }

  #onText(data: unknown): void {
    this.#lastHeard = Date.now();
    let frame: ServerFrame;
    try {
      frame = decodeFrame(String(data));
    } catch {
      // A page older than its server: what it shows would be wrong. A snapshot shows whether it can go on.
      if (this.#state === 'live') void this.request({ type: 'snapshot' }).catch(() => undefined);
      return;
    }
    this.#onFrame(frame);
  }

  #onFrame(frame: ServerFrame): void {
    switch (frame.type) {
      case 'ack':
        this.#book.settle(frame.id, { result: frame.result });
        return;
      case 'error':
        this.#book.settle(frame.id, { refusal: new Refusal(frame.code, frame.params) });
        return;
      case 'displaced':
        this.stop('displaced');
        return;
      case 'signed_out':
        this.stop('signed_out');
        return;
      case 'snapshot':
        if (this.#state === 'connecting') {
          this.#tries = 0;
          this.#takeover = true; // from now on the session is ours: a reconnect meets our own ghost
          this.#set('live');
          this.events.frame(frame);
          this.events.live(frame);
          return;
        }
    }
    this.events.frame(frame);
  }

  #onClose(code: number): void {
    if (code === closeCodes.displaced) this.stop('displaced');
    else if (code === closeCodes.signedOut) this.stop('signed_out');
    else this.#lose(code);
  }

  // The connection is gone and we want it back.
  #lose(code = 0): void {
    this.#drop();
    this.events.down();
    this.#set('connecting');
    if (code === closeCodes.misbehaved) this.#tries = 10;
    const delay = code === closeCodes.draining && this.#tries === 0 ? 0 : backoff(this.#tries, Math.random());
    this.#tries++;
    this.#retry = setTimeout(() => {
      this.#connect();
    }, delay);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#book.clear('link_lost');
  }

  #tick(): void {
    const overdue = this.#book.expire(Date.now());
    if (this.#state !== 'live') return;
    if (overdue || Date.now() - this.#lastHeard > quietFor) void this.#check();
  }

  async #check(): Promise<void> {
    const socket = this.#socket;
    try {
      await Promise.race([
        this.#send({ type: 'snapshot' }),
        new Promise((_, reject) => setTimeout(reject, 3000, new Refusal('timeout'))),
      ]);
    } catch {
      if (socket !== null && this.#socket === socket) this.#lose();
    }
  }

  #set(state: LinkState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.events.state(state);
  }
}
