import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NoteUpdates } from '../protocol/care';
import { Refusal } from '../state/requests';
import { Notebook, type NoteWire, type NoteWrite } from './notebook';

/** A server as the real one: one list, each change once, those who wait are told. */
class Server {
  list: { client: string; clock: number; by: string; data: string }[] = [];
  text = '';
  textSeq = 0;
  away: 'no' | 'refuses' | 'loses the answer' = 'no';
  refusal = 'network';
  pushes = 0;
  #waiting = new Set<() => void>();

  wire(by: string): NoteWire {
    const page = (after: number, client: string): NoteUpdates => ({
      seq: this.list.length,
      text_seq: this.textSeq,
      more: false,
      updates: this.list
        .map((u, i) => ({ seq: i + 1, by: u.by, by_name: u.by, data: u.data, client: u.client }))
        .filter((u) => u.seq > after && u.client !== client),
    });
    return {
      open: () =>
        this.away === 'no'
          ? Promise.resolve({
              call: 'c',
              text: this.text,
              text_at: 0,
              text_by: '',
              may_write: true,
              grant: '',
              ...page(0, ''),
            })
          : Promise.reject(new Refusal('network')),
      follow: async (after, client, _grant, signal) => {
        while (page(after, client).updates.length === 0) {
          await new Promise<void>((go, stop) => {
            this.#waiting.add(go);
            signal.addEventListener('abort', () => {
              stop(new Refusal('network'));
            });
          });
        }
        return page(after, client);
      },
      push: (write) => this.#push(write, by),
      text: (text, reflects) => {
        if (reflects > this.textSeq && reflects <= this.list.length) {
          this.text = text;
          this.textSeq = reflects;
        }
        return Promise.resolve({ seq: this.list.length, text_seq: this.textSeq });
      },
    };
  }

  #push(write: NoteWrite, by: string) {
    this.pushes++;
    if (this.away === 'refuses') return Promise.reject(new Refusal(this.refusal));
    let at = this.list.findIndex((u) => u.client === write.client && u.clock === write.clock);
    if (at < 0) {
      at = this.list.push({ client: write.client, clock: write.clock, by, data: write.data }) - 1;
      const has = write.reflects === at ? at + 1 : write.reflects;
      if (has >= this.textSeq) {
        this.text = write.text;
        this.textSeq = has;
      }
      for (const go of this.#waiting) go();
      this.#waiting.clear();
    }
    if (this.away === 'loses the answer') return Promise.reject(new Refusal('network'));
    return Promise.resolve({ seq: at + 1, text_seq: this.textSeq });
  }
}

const end = (book: Notebook, more: string) => {
  book.type(book.text + more, book.text.length + more.length);
};
const begin = (book: Notebook, more: string) => {
  book.type(more + book.text, more.length);
};

describe('a note', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is the same for two who type at once, and so is the text for those who only read', async () => {
    const server = new Server();
    const [a, b] = [new Notebook(server.wire('u1'), 'u1'), new Notebook(server.wire('u2'), 'u2')];
    await Promise.all([a.open(), b.open()]);
    end(a, '一二三');
    end(b, 'xyz');
    for (let i = 0; i < 20; i++) {
      end(a, String(i));
      begin(b, '-');
      await vi.advanceTimersByTimeAsync(150);
    }
    await vi.advanceTimersByTimeAsync(3000);
    expect(a.text).toBe(b.text);
    // Which of two texts that began at once comes first is decided by their writers' numbers, which are random: what each typed later at the end may
    // be parted from what they typed before, but nothing is missing, and nothing is out of its order.
    for (const part of ['一二三', 'xyz']) expect(a.text).toContain(part);
    expect(a.text.replaceAll(/\D/g, '')).toBe(Array.from({ length: 20 }, (_, i) => String(i)).join(''));
    expect(a.text.replaceAll(/[^-]/g, '')).toHaveLength(20);
    expect(server.text).toBe(a.text);
    expect([a.state, b.state]).toEqual(['saved', 'saved']);
    expect([...a.others]).toEqual(['u2']);
  });

  it('is at the server within a second of the key', async () => {
    const server = new Server();
    const a = new Notebook(server.wire('u1'), 'u1');
    await a.open();
    for (let i = 0; i < 40; i++) {
      end(a, 'x');
      await vi.advanceTimersByTimeAsync(100);
      const behind = a.text.length - server.text.length;
      expect(behind).toBeLessThanOrEqual(8);
    }
    expect(server.pushes).toBeLessThan(8);
  });

  it('keeps what cannot be sent, says so, and sends it once', async () => {
    const server = new Server();
    const a = new Notebook(server.wire('u1'), 'u1');
    await a.open();
    server.away = 'refuses';
    end(a, '离线');
    expect(a.state).toBe('saving');
    await vi.advanceTimersByTimeAsync(400);
    end(a, '还在写');
    await vi.advanceTimersByTimeAsync(5000);
    expect(a.state).toBe('kept');
    expect(a.unsent).toBe(true);
    server.away = 'loses the answer';
    await vi.advanceTimersByTimeAsync(5000);
    server.away = 'no';
    await vi.advanceTimersByTimeAsync(5000);
    expect(a.state).toBe('saved');
    expect(server.text).toBe('离线还在写');
    const b = new Notebook(server.wire('u2'), 'u2');
    await b.open();
    expect(b.text).toBe('离线还在写');
  });

  it('stops when the person may write no longer, and keeps the words on the screen', async () => {
    const server = new Server();
    const a = new Notebook(server.wire('u1'), 'u1');
    await a.open();
    server.away = 'refuses';
    server.refusal = 'not_your_call';
    end(a, 'late');
    await vi.advanceTimersByTimeAsync(1000);
    expect([a.state, a.text, a.mayWrite]).toEqual(['closed', 'late', false]);
  });

  it('leaves a word alone that is being composed', async () => {
    const server = new Server();
    const [a, b] = [new Notebook(server.wire('u1'), 'u1'), new Notebook(server.wire('u2'), 'u2')];
    await Promise.all([a.open(), b.open()]);
    end(a, '你好');
    await vi.advanceTimersByTimeAsync(1000);
    b.hold(true);
    end(a, '再见');
    await vi.advanceTimersByTimeAsync(2000);
    expect(b.text).toBe('你好');
    begin(b, '喂，');
    b.hold(false);
    await vi.advanceTimersByTimeAsync(2000);
    expect([a.text, b.text]).toEqual(['喂，你好再见', '喂，你好再见']);
  });

  it('keeps the cursor beside its letter, and undoes only its own', async () => {
    const server = new Server();
    const [a, b] = [new Notebook(server.wire('u1'), 'u1'), new Notebook(server.wire('u2'), 'u2')];
    await Promise.all([a.open(), b.open()]);
    end(a, 'abc');
    await vi.advanceTimersByTimeAsync(2000);
    const place = a.anchor(2);
    begin(b, '>>> ');
    await vi.advanceTimersByTimeAsync(2000);
    expect(a.text.slice(0, place())).toBe('>>> ab');
    a.undo();
    await vi.advanceTimersByTimeAsync(2000);
    expect([a.text, b.text]).toEqual(['>>> ', '>>> ']);
  });

  it('sends a long text in pieces that the server takes', async () => {
    const server = new Server();
    const a = new Notebook(server.wire('u1'), 'u1');
    await a.open();
    end(a, '长'.repeat(30_000));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.text).toHaveLength(30_000);
    for (const { data } of server.list) expect(data.length).toBeLessThan(43_000);
  });
});
