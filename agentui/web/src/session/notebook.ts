// One note on this page: typed text becomes Yjs changes, which go to the server until it says that they are durable, and those of others come
// back. It outlives the view that shows it as long as something is unsent. Knows nothing of Vue or the DOM.
import * as Y from 'yjs';
import type { Note, NoteHead, NoteUpdates } from '../protocol/care';
import { changeOf, pieces } from '../state/textchange';
import { Refusal } from '../state/requests';

/** What is said of the note in words. */
export type Saved =
  | 'opening'
  | 'saved'
  | 'saving'
  /** Not at the server yet, and it takes longer than it should: kept on this page, and sent as soon as it can be. */
  | 'kept'
  | 'full'
  /** The note can no longer be written by this person; what was not sent stays on the screen. */
  | 'closed';

export interface NoteWire {
  open: (reason: string) => Promise<Note>;
  follow: (after: number, client: string, grant: string, signal: AbortSignal) => Promise<NoteUpdates>;
  push: (write: NoteWrite) => Promise<NoteHead>;
  text: (text: string, reflects: number, grant: string) => Promise<NoteHead>;
}

export interface NoteWrite {
  readonly client: string;
  readonly clock: number;
  readonly data: string;
  readonly text: string;
  readonly reflects: number;
  readonly grant: string;
}

// Waits, in ms. What was typed is at the server after at most `between` and a round trip.
const first = 200;
const between = 700;
const lateAfter = 2500;
const textAfter = 500;
const retries = [300, 700, 1500, 2000];
const pieceLength = 4000;
const batchBytes = 24_000;
const mostText = 50_000;

const root = 'note';
const typed = Symbol('typed');
const heard = Symbol('heard');

export class Notebook {
  readonly client = crypto.randomUUID().replaceAll('-', '');
  readonly #doc = new Y.Doc();
  readonly #text = this.#doc.getText(root);
  readonly #undo = new Y.UndoManager(this.#text, { trackedOrigins: new Set([typed]), captureTimeout: 800 });
  readonly #over = new AbortController();
  #clock = 0;
  #applied = 0;
  #textSeq = 0;
  #grant = '';
  #state: Saved = 'opening';
  #pending: Uint8Array[] = [];
  #flight: NoteWrite | null = null;
  #unsentSince = 0;
  #failures = 0;
  #lastSent = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #late: ReturnType<typeof setTimeout> | undefined;
  #textTimer: ReturnType<typeof setTimeout> | undefined;
  #held: Uint8Array[] | null = null;
  #mayWrite = false;
  /** Names of others who wrote. */
  readonly others = new Set<string>();

  /** Called when the text changed by what others wrote, and when the state changed. */
  changed: (what: 'text' | 'state') => void = () => undefined;

  constructor(
    readonly wire: NoteWire,
    readonly me: string,
  ) {
    this.#doc.on('update', (data: Uint8Array, origin: unknown) => {
      if (origin !== heard) this.#take(data);
    });
  }

  get text(): string {
    return this.#text.toJSON();
  }
  get state(): Saved {
    return this.#state;
  }
  get mayWrite(): boolean {
    return this.#mayWrite;
  }
  /** Something is on this page only. */
  get unsent(): boolean {
    return this.#pending.length > 0 || this.#flight !== null;
  }

  /** Reads what is there and follows it from then on. Throws the server's refusal. */
  async open(reason = ''): Promise<void> {
    const note = await this.wire.open(reason);
    this.#grant = note.grant;
    this.#mayWrite = note.may_write;
    this.#hear(note.updates, note.seq);
    this.#textSeq = note.text_seq;
    if (!note.may_write) this.#set('closed');
    else this.#settle();
    void this.#follow(note.more);
  }

  /** Takes what the field holds now; `caret` is where the cursor stands. */
  type(now: string, caret: number): void {
    if (!this.#mayWrite || this.#state === 'full') return;
    const { at, removed, added } = changeOf(this.text, now.slice(0, mostText), Math.min(caret, mostText));
    this.#doc.transact(() => {
      if (removed > 0) this.#text.delete(at, removed);
    }, typed);
    let place = at;
    for (const piece of pieces(added, pieceLength)) {
      this.#doc.transact(() => {
        this.#text.insert(place, piece);
      }, typed);
      place += piece.length;
    }
  }

  undo(): void {
    if (this.#mayWrite) this.#undo.undo();
  }
  redo(): void {
    if (this.#mayWrite) this.#undo.redo();
  }

  /** A place in the text that stays beside its letter whatever others write. */
  anchor(index: number): () => number {
    const place = Y.createRelativePositionFromTypeIndex(this.#text, index);
    return () => Y.createAbsolutePositionFromRelativePosition(place, this.#doc)?.index ?? this.#text.length;
  }

  /** Keeps what others write away from the text while an input method composes: it would tear the word apart. */
  hold(on: boolean): void {
    if (on) {
      this.#held ??= [];
      return;
    }
    const held = this.#held;
    this.#held = null;
    if (held !== null && held.length > 0) this.#apply(held);
  }

  /** Sends at once what waits. */
  flush(): void {
    if (this.#pending.length > 0 && this.#flight === null) this.#send();
  }

  close(): void {
    this.#over.abort();
    clearTimeout(this.#timer);
    clearTimeout(this.#late);
    clearTimeout(this.#textTimer);
    this.changed = () => undefined;
    this.#doc.destroy();
  }

  #take(data: Uint8Array): void {
    if (!this.unsent) {
      this.#unsentSince = Date.now();
      this.#late = setTimeout(() => {
        this.#settle();
      }, lateAfter);
    }
    this.#pending.push(data);
    this.#settle();
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#flight !== null || this.#pending.length === 0) return;
    this.#timer = setTimeout(
      () => {
        this.#send();
      },
      Math.max(first, this.#lastSent + between - Date.now()),
    );
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#over.signal.aborted) return;
    if (this.#flight === null) {
      let bytes = 0;
      const upTo = this.#pending.findIndex((one) => (bytes += one.length) > batchBytes);
      const batch = this.#pending.splice(0, upTo < 0 ? this.#pending.length : Math.max(1, upTo));
      if (batch.length === 0) return;
      this.#flight = {
        client: this.client,
        clock: ++this.#clock,
        data: base64(Y.mergeUpdates(batch)),
        text: this.text,
        reflects: this.#applied,
        grant: this.#grant,
      };
    }
    this.#lastSent = Date.now();
    void this.#deliver(this.#flight);
  }

  async #deliver(flight: NoteWrite): Promise<void> {
    try {
      const head = await this.wire.push(flight);
      if (this.#over.signal.aborted) return;
      this.#flight = null;
      this.#failures = 0;
      if (head.seq === this.#applied + 1) this.#applied = head.seq;
      this.#learn(head);
      if (!this.unsent) clearTimeout(this.#late);
      else this.#unsentSince = Date.now();
      this.#settle();
      this.#schedule();
      this.#watchText(Math.max(head.seq, this.#applied));
    } catch (error) {
      if (this.#over.signal.aborted) return;
      const code = error instanceof Refusal ? error.code : 'network';
      if (code === 'note_full' || code === 'bad_request') this.#stop('full');
      else if (final.has(code)) this.#stop('closed');
      else {
        const pause = retries[Math.min(this.#failures, retries.length - 1)] ?? 2000;
        this.#failures++;
        this.#timer = setTimeout(() => {
          this.#send();
        }, pause);
        this.#settle();
      }
    }
  }

  // The text field is a text that the server cannot make by itself. When two wrote at once nobody's text had both: it is sent again.
  #watchText(seq: number): void {
    clearTimeout(this.#textTimer);
    if (!this.#mayWrite || this.#textSeq >= seq) return;
    this.#textTimer = setTimeout(
      () => {
        if (this.unsent || this.#held !== null || this.#textSeq >= this.#applied) return; // the next change brings it
        this.wire.text(this.text, this.#applied, this.#grant).then(
          (head) => {
            this.#learn(head);
          },
          () => {
            this.#watchText(seq);
          },
        );
      },
      textAfter + Math.random() * textAfter,
    );
  }

  #learn(head: NoteHead): void {
    this.#textSeq = Math.max(this.#textSeq, head.text_seq);
  }

  async #follow(more: boolean): Promise<void> {
    let failures = 0;
    while (!this.#over.signal.aborted) {
      try {
        const news = await this.wire.follow(this.#applied, this.client, this.#grant, this.#over.signal);
        failures = 0;
        this.#textSeq = Math.max(this.#textSeq, news.text_seq);
        this.#hear(news.updates, news.seq);
        if (news.updates.length > 0 && !news.more) this.#watchText(this.#applied);
        if (more && !news.more) more = false;
      } catch (error) {
        if (this.#over.signal.aborted) return;
        if (error instanceof Refusal && final.has(error.code)) {
          this.#stop('closed');
          return;
        }
        await new Promise((go) => setTimeout(go, retries[Math.min(failures++, retries.length - 1)]));
      }
    }
  }

  #hear(updates: NoteUpdates['updates'], seq: number): void {
    const news: Uint8Array[] = [];
    for (const update of updates) {
      news.push(unbase64(update.data));
      if (update.by !== this.me && update.by_name !== '') this.others.add(update.by_name);
    }
    this.#applied = Math.max(this.#applied, seq);
    if (news.length === 0) return;
    if (this.#held) this.#held.push(...news);
    else this.#apply(news);
  }

  #apply(news: Uint8Array[]): void {
    const before = this.text;
    for (const one of news) {
      try {
        Y.applyUpdate(this.#doc, one, heard);
      } catch {
        // The server checks the form of each change; one that still cannot be read must not keep the others away.
      }
    }
    if (this.text !== before) this.changed('text');
    else this.changed('state');
  }

  #stop(state: 'full' | 'closed'): void {
    this.#mayWrite = state === 'full' && this.#mayWrite;
    if (state === 'closed') this.#over.abort();
    this.#set(state);
  }

  #settle(): void {
    if (this.#state === 'full' || this.#state === 'closed') return;
    if (!this.unsent) this.#set('saved');
    else this.#set(this.#failures > 0 || Date.now() - this.#unsentSince >= lateAfter ? 'kept' : 'saving');
  }

  #set(state: Saved): void {
    if (this.#state === state) return;
    this.#state = state;
    this.changed('state');
  }
}

// Refusals that another try will not change.
const final = new Set(['not_your_call', 'grant_expired', 'forbidden', 'not_found']);

export function base64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

export function unbase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}
