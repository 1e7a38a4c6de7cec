import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ServerFrame } from '../protocol/messages';
import { Link, type LinkState } from './link';

const snapshot = readFileSync(
  join(import.meta.dirname, '../../../protocol/golden/server_snapshot_agent.json'),
  'utf8',
);

interface Sent {
  type: string;
  id: number;
  takeover?: boolean;
  leg?: string;
}

// Stands in for the browser's socket; the test is the server.
class Socket extends EventTarget {
  static readonly all: Socket[] = [];
  readonly sent: Sent[] = [];
  closed = false;

  constructor(readonly url: string) {
    super();
    Socket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Sent);
  }

  close(): void {
    this.closed = true;
  }

  open(): void {
    this.dispatchEvent(new Event('open'));
  }

  say(...frames: string[]): void {
    for (const data of frames) this.dispatchEvent(Object.assign(new Event('message'), { data }));
  }

  end(code: number): void {
    this.dispatchEvent(Object.assign(new Event('close'), { code }));
  }

  /** Opens and answers the hello. */
  welcome(): Sent {
    this.open();
    const hello = this.last();
    this.say(`{"type":"ack","id":${String(hello.id)}}`, snapshot);
    return hello;
  }

  last(): Sent {
    const sent = this.sent.at(-1);
    if (!sent) throw new Error('nothing was sent');
    return sent;
  }
}

function current(): Socket {
  const socket = Socket.all.at(-1);
  if (!socket) throw new Error('no socket was opened');
  return socket;
}

describe('the link', () => {
  let states: LinkState[];
  let frames: ServerFrame[];
  let leg: string;
  let down: number;
  let unopened: number;
  let link: Link;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('WebSocket', Socket);
    Socket.all.length = 0;
    [states, frames, leg, down, unopened] = [[], [], '', 0, 0];
    link = new Link('ws://console/ws', {
      state: (state) => states.push(state),
      live: () => undefined,
      down: () => down++,
      frame: (frame) => frames.push(frame),
      unopened: () => unopened++,
      leg: () => leg,
    });
    link.start(false);
  });

  afterEach(() => {
    link.stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('says hello first and is live with the first snapshot', () => {
    expect(current().welcome()).toEqual({ type: 'hello', id: 1, takeover: false, leg: '' });
    expect(states).toEqual(['connecting', 'live']);
    expect(frames.map((frame) => frame.type)).toEqual(['snapshot']);
  });

  it('comes back within two seconds, names its leg, and takes its own session', async () => {
    current().welcome();
    leg = 'leg-1';
    current().end(1006);
    expect(down).toBe(1);
    await vi.advanceTimersByTimeAsync(100);
    expect(Socket.all).toHaveLength(2);
    expect(current().welcome()).toEqual({ type: 'hello', id: 1, takeover: true, leg: 'leg-1' });
    expect(link.state).toBe('live');
  });

  it('keeps trying, and never more slowly than every two seconds', async () => {
    current().end(1006);
    for (let i = 0; i < 20; i++) {
      const before = Socket.all.length;
      await vi.advanceTimersByTimeAsync(2000);
      expect(Socket.all.length).toBeGreaterThan(before);
      current().end(1006);
    }
    expect(unopened).toBe(Socket.all.length);
  });

  it('leaves the choice to the person when another window is there', async () => {
    current().open();
    current().say('{"type":"error","id":1,"code":"second_session","params":{}}');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(link.state).toBe('second_session');
    expect(Socket.all).toHaveLength(1);
    link.start(true);
    expect(current().welcome().takeover).toBe(true);
    expect(link.state).toBe('live');
  });

  it.each([
    ['displaced', 4001],
    ['signed_out', 4002],
  ] as const)('stays away once %s', async (state, code) => {
    current().welcome();
    current().say(`{"type":"${state}"}`);
    current().end(code);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(link.state).toBe(state);
    expect(Socket.all).toHaveLength(1);
  });

  it('comes back at once when the server drains', async () => {
    current().welcome();
    current().end(4003);
    await vi.advanceTimersByTimeAsync(0);
    expect(Socket.all).toHaveLength(2);
  });

  it('refuses what waits for an answer when the connection goes', async () => {
    current().welcome();
    const asked = link.request({ type: 'ready' });
    current().end(1006);
    await expect(asked).rejects.toThrow('link_lost');
    await expect(link.request({ type: 'ready' })).rejects.toThrow('link_lost');
  });

  it('gives up a connection that only looks alive', async () => {
    current().welcome();
    await vi.advanceTimersByTimeAsync(11_500);
    expect(current().last().type).toBe('snapshot');
    await vi.advanceTimersByTimeAsync(4000);
    expect(Socket.all.length).toBeGreaterThan(1);
  });

  it('keeps a quiet connection that answers', async () => {
    current().welcome();
    for (let i = 0; i < 10; i++) {
      await vi.advanceTimersByTimeAsync(2500);
      for (const sent of current().sent.splice(0))
        current().say(`{"type":"ack","id":${String(sent.id)}}`, snapshot);
    }
    expect(Socket.all).toHaveLength(1);
    expect(link.state).toBe('live');
  });

  it('asks for a snapshot when it does not understand', () => {
    current().welcome();
    current().say('{"type":"change","seq":"one"}');
    expect(current().last().type).toBe('snapshot');
  });
});
