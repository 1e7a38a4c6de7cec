import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeFrame, type ServerFrame } from '../protocol/messages';
import type { Call, Quality, Self } from '../protocol/structures';
import { backoff } from './backoff';
import { boardView } from './board';
import { duration, fractionLeft, heard, secondsLeft, serverNow, unsetClock } from './clock';
import { emptyDesk, fold } from './desk';
import { type Action, actionOf, armedFor, type Stroke } from './keys';
import { barLength, decibels, freshCheck, listened, verdict } from './level';
import { canBeAvailable, canBeNotReady, phaseOf } from './phase';
import { gradeOf } from './quality';
import { Refusal, RequestBook } from './requests';
import { calm, settle, shownOf, watched } from './trouble';

function golden(name: string): ServerFrame {
  return decodeFrame(
    readFileSync(join(import.meta.dirname, '../../../protocol/golden', `${name}.json`), 'utf8'),
  );
}

const supervisor = golden('server_snapshot_supervisor') as Extract<ServerFrame, { type: 'snapshot' }>;
const self: Self = supervisor.self;
const talkingCall = supervisor.board?.talking[0] as Call;
const waitingCall = supervisor.board?.waiting[0] as Call;

describe('the desk', () => {
  const first = fold(emptyDesk, supervisor, 0);
  const change = (seq: number, more: object): ServerFrame => ({
    type: 'change',
    seq,
    now: supervisor.now,
    ...more,
  });

  it('begins with a snapshot', () => {
    expect(first.stale).toBe(false);
    expect(first.self?.name).toBe(self.name);
    expect(first.board?.calls.size).toBe(2);
    expect(fold(emptyDesk, change(1, {}), 0)).toEqual(emptyDesk);
  });

  it('upserts whole rows and forgets the gone', () => {
    const held = { ...talkingCall, state: 'held' as const };
    const second = fold(first, change(1, { calls: [held] }), 0);
    expect(second.board?.calls.get(held.call)?.state).toBe('held');
    expect(first.board?.calls.get(held.call)?.state).toBe('talking');
    const third = fold(second, change(2, { gone_calls: [held.call], gone_agents: [held.agent] }), 0);
    expect(third.board?.calls.size).toBe(1);
    expect(third.board?.agents.size).toBe(0);
    expect(third.self).toBe(first.self);
  });

  it('folds nothing in after a gap until the next snapshot', () => {
    const gap = fold(first, change(2, { gone_calls: [talkingCall.call] }), 0);
    expect(gap.stale).toBe(true);
    expect(gap.board?.calls.size).toBe(2);
    expect(fold(gap, change(3, {}), 0)).toBe(gap);
    expect(fold(gap, supervisor, 0)).toEqual(first);
  });

  it('has no board when the role has none', () => {
    const own = fold(emptyDesk, golden('server_snapshot_agent'), 0);
    expect(own.board).toBeNull();
    expect(fold(own, change(1, { calls: [talkingCall] }), 0).board).toBeNull();
  });
});

describe('trouble', () => {
  const told = (seq: number, more: object): ServerFrame => ({ type: 'change', seq, now: 0, ...more });

  it('is what the server told last', () => {
    const first = fold(emptyDesk, { ...supervisor, trouble: ['gateway'] }, 0);
    expect(first.trouble).toEqual(['gateway']);
    const second = fold(first, told(1, { trouble: ['queue', 'gateway'] }), 0);
    expect(second.trouble).toEqual(['queue', 'gateway']);
    const third = fold(second, told(2, { self }), 0);
    expect(third.trouble).toEqual(['queue', 'gateway']);
    expect(fold(third, told(3, { trouble: [] }), 0).trouble).toEqual([]);
    expect(fold(third, supervisor, 0).trouble).toEqual([]);
    expect(fold(third, told(9, { trouble: [] }), 0).trouble).toEqual(['queue', 'gateway']);
    const on = { on: true, since: 5, by: 'u-2', by_name: 'B', reason: 'flood', message: '' };
    const fourth = fold(third, told(3, { emergency: on }), 0);
    expect(fourth.emergency).toEqual(on);
    expect(fold(fourth, told(4, {}), 0).emergency).toEqual(on);
    expect(emptyDesk.trouble).toEqual([]);
  });

  // Each step: at that time these are told, and these must show.
  const play = (...steps: [at: number, told: string[], shown: string[]][]) => {
    let spells = calm;
    for (const [at, codes, shown] of steps) {
      spells = watched(spells, codes, at);
      expect(shownOf(spells), `at ${String(at)} ms`).toEqual(shown);
    }
  };

  it('shows when it lasts, and goes when it is over for good', () => {
    play([0, ['queue'], []], [settle - 1, ['queue'], []], [settle, ['queue'], ['queue']]);
    play([0, ['a'], []], [settle, ['a'], ['a']], [1500, [], ['a']], [2499, [], ['a']], [2500, [], []]);
  });

  it('does not show a blip, however often', () => {
    play(
      [0, ['a'], []],
      [900, [], []],
      [950, ['a'], []],
      [1850, ['a'], []],
      [1900, [], []],
      [2000, ['a'], []],
    );
  });

  it('does not flicker when a part comes and goes', () => {
    play([0, ['a'], []], [1000, ['a'], ['a']], [1100, [], ['a']], [1900, ['a'], ['a']], [2800, [], ['a']]);
  });

  it('keeps each part apart', () => {
    play([0, ['a'], []], [600, ['a', 'b'], []], [1000, ['a', 'b'], ['a']], [1600, ['b'], ['b', 'a']]);
  });
});

describe('the clock', () => {
  it('takes the frame that travelled fastest', () => {
    const slow = heard(unsetClock, 1000, 600);
    expect(slow.offset).toBe(400);
    expect(heard(slow, 2000, 1550).offset).toBe(450);
    expect(heard(slow, 2000, 1700).offset).toBe(400);
    expect(serverNow(slow, 700)).toBe(1100);
  });

  it('follows a clock that was set back or forth', () => {
    const clock = heard(unsetClock, 10_000, 10_000);
    expect(heard(clock, 11_000, 71_000).offset).toBe(-60_000);
    expect(heard(clock, 71_000, 11_000).offset).toBe(60_000);
  });

  it.each([
    [-5, '0:00'],
    [0, '0:00'],
    [59_999, '0:59'],
    [61_000, '1:01'],
    [3_599_000, '59:59'],
    [5_400_000, '1:30:00'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it('counts down', () => {
    expect(secondsLeft(15_000, 0)).toBe(15);
    expect(secondsLeft(15_000, 14_001)).toBe(1);
    expect(secondsLeft(15_000, 16_000)).toBe(0);
    expect(fractionLeft(0, 10, 5)).toBe(0.5);
    expect(fractionLeft(0, 10, 12)).toBe(0);
    expect(fractionLeft(10, 10, 5)).toBe(0);
  });
});

describe('backoff', () => {
  it('grows from 100 ms to 2 s and no further', () => {
    for (let tries = 0; tries < 60; tries++) {
      for (const random of [0, 0.5, 1]) {
        const delay = backoff(tries, random);
        expect(delay).toBeGreaterThanOrEqual(75);
        expect(delay).toBeLessThanOrEqual(2000);
      }
    }
    expect(backoff(0, 1)).toBe(100);
    expect(backoff(9, 1)).toBe(2000);
  });
});

describe('the phase', () => {
  const talking: Self = { ...self, state: 'talking', call: talkingCall };
  it.each<[Self | null, string]>([
    [null, 'idle'],
    [self, 'idle'],
    [talking, 'talking'],
    [{ ...talking, call: { ...talkingCall, state: 'held' } }, 'held'],
    [{ ...talking, state: 'available' }, 'talking'],
    [{ ...talking, call: null }, 'joining'],
    [{ ...self, state: 'wrap_up', call: talkingCall }, 'wrap_up'],
    [(golden('server_change_self') as { self?: Self }).self ?? null, 'talking'],
  ])('%#', (of, phase) => {
    expect(phaseOf(of)).toBe(phase);
  });

  it('lets nobody leave a caller', () => {
    for (const state of ['reserved', 'talking'] as const) {
      expect(canBeAvailable({ ...self, wants_ready: false, state })).toBe(false);
      expect(canBeNotReady({ ...self, state })).toBe(false);
    }
    expect(canBeAvailable({ ...self, wants_ready: true, state: 'not_ready' })).toBe(false);
    expect(canBeAvailable({ ...self, wants_ready: false, state: 'wrap_up' })).toBe(true);
  });

  it('lets a wish be made and taken back while the queue is away', () => {
    const offline: Self = { ...self, state: 'offline', wants_ready: false };
    expect(canBeAvailable(offline)).toBe(true);
    expect(canBeNotReady(offline)).toBe(false);
    expect(canBeAvailable({ ...offline, wants_ready: true })).toBe(false);
    expect(canBeNotReady({ ...offline, wants_ready: true })).toBe(true);
  });
});

describe('keys', () => {
  const stroke = (code: string, more: Partial<Stroke> = {}): Stroke => ({
    code,
    shift: false,
    alt: false,
    modified: false,
    repeat: false,
    typing: false,
    ...more,
  });
  type Phase = Parameters<typeof actionOf>[1];
  const at = (phase: Phase, s: Stroke, armedAt = -1e9, now = 0, invited = false): Action | null =>
    actionOf(s, phase, invited, armedAt, now);
  const phases = ['idle', 'offer', 'talking', 'held', 'joining', 'assisting', 'wrap_up'] as const;

  it('answer with one key, refuse with two', () => {
    expect(at('offer', stroke('F2'))).toBe('accept');
    expect(at('offer', stroke('F8'))).toBeNull();
    expect(at('offer', stroke('F8', { shift: true }))).toBe('decline');
  });

  it('hang up only when pressed twice in time', () => {
    expect(at('talking', stroke('F9'))).toBe('arm_hangup');
    expect(at('talking', stroke('F9'), 0, armedFor)).toBe('hangup');
    expect(at('talking', stroke('F9'), 0, armedFor + 1)).toBe('arm_hangup');
    expect(at('talking', stroke('F9', { repeat: true }), 0, 100)).toBeNull();
    expect(at('assisting', stroke('F9'), 0, armedFor)).toBe('leave');
  });

  it('work while notes are typed, but letters alone do not', () => {
    const typing = { typing: true };
    expect(at('offer', stroke('F2', typing))).toBe('accept');
    expect(at('talking', stroke('F9', typing), 0, 1)).toBe('hangup');
    expect(at('talking', stroke('KeyM'))).toBe('mute');
    expect(at('talking', stroke('KeyM', typing))).toBeNull();
    expect(at('talking', stroke('KeyH'))).toBeNull();
    for (const [code, action] of [
      ['KeyM', 'mute'],
      ['KeyH', 'hold'],
      ['KeyC', 'consult'],
      ['KeyO', 'outside'],
      ['KeyK', 'keypad'],
    ] as const) {
      expect(at('held', stroke(code, { ...typing, alt: true }))).toBe(action);
      expect(at('wrap_up', stroke(code, { alt: true }))).toBeNull();
    }
  });

  it('do nothing while held down or combined', () => {
    for (const phase of phases) {
      for (const code of ['F2', 'F8', 'F9', 'KeyM', 'KeyH']) {
        for (const more of [{ repeat: true }, { modified: true }, { alt: true, shift: true }]) {
          expect(at(phase, stroke(code, more), 0, 1, true)).toBeNull();
        }
      }
    }
  });

  it('never reach a caller from another phase', () => {
    expect(at('wrap_up', stroke('F9'), 0, 1)).toBeNull();
    expect(at('talking', stroke('F2'), 0, 1, true)).toBeNull();
    expect(at('offer', stroke('F2'), 0, 1, true)).toBe('accept');
    expect(at('wrap_up', stroke('F8'))).toBe('wrapup_done');
    expect(at('idle', stroke('F8'))).toBe('available');
  });

  it('answer a colleague who asks, and give more time after a call', () => {
    expect(at('idle', stroke('F2'), 0, 1, true)).toBe('invite_accept');
    expect(at('wrap_up', stroke('F8', { shift: true }), 0, 1, true)).toBe('invite_refuse');
    expect(at('idle', stroke('F2'))).toBeNull();
    expect(at('wrap_up', stroke('F8', { shift: true }))).toBe('wrapup_extend');
  });

  it('ask for help in every phase, by a chord that no sleeve presses', () => {
    for (const phase of phases) {
      expect(at(phase, stroke('KeyS', { alt: true, shift: true, typing: true }))).toBe('sos');
      expect(at(phase, stroke('KeyS', { alt: true }))).toBeNull();
      expect(at(phase, stroke('KeyS', { shift: true }))).toBeNull();
    }
  });
});

describe('levels', () => {
  const tone = (peak: number) => Float32Array.from({ length: 4800 }, (_, i) => peak * Math.sin(i / 7));

  it('measures a tone 3 dB below its peak', () => {
    expect(decibels(tone(1))).toBeCloseTo(-3, 0);
    expect(decibels(tone(0.1))).toBeCloseTo(-23, 0);
    expect(decibels(new Float32Array(100))).toBe(-100);
    expect(barLength(-100)).toBe(0);
    expect(barLength(0)).toBe(1);
  });

  it('passes a microphone that hears, and says what is wrong with one that does not', () => {
    const run = (db: number, ms: number) => {
      let check = freshCheck;
      for (let t = 0; t < ms; t += 50) check = listened(check, db, 50);
      return verdict(check);
    };
    expect(run(-25, 300)).toBe('heard');
    expect(run(-25, 200)).toBe('listening');
    expect(run(-70, 6000)).toBe('quiet');
    expect(run(-100, 6000)).toBe('dead');
  });
});

describe('the board', () => {
  it('shows the order of service', () => {
    const at = (call: string, tier: Call['tier'], arrived_at: number): Call => ({
      ...waitingCall,
      call,
      tier,
      arrived_at,
    });
    const calls = [
      at('late', 'normal', 900_000),
      at('early', 'normal', 100_000),
      at('nuisance', 'nuisance', 0),
      at('red', 'red', 990_000),
      at('followup', 'followup', 650_000),
      at('returning', 'returning', 950_000),
      talkingCall,
    ];
    const view = boardView({ calls: new Map(calls.map((call) => [call.call, call])), agents: new Map() });
    expect(view.waiting.map((call) => call.call)).toEqual([
      'red',
      'returning',
      'followup',
      'early',
      'late',
      'nuisance',
    ]);
    expect(view.talking).toHaveLength(1);
    expect(view.longestSince).toBe(0);
    expect(view.redWaiting).toBe(1);
  });

  it('stays quick with 500 people and 200 callers', () => {
    const calls = new Map<string, Call>();
    for (let i = 0; i < 200; i++) calls.set(String(i), { ...waitingCall, call: String(i), arrived_at: i });
    const agent = supervisor.board?.agents[0];
    if (!agent) throw new Error('no agent in the golden file');
    const agents = new Map(Array.from({ length: 500 }, (_, i) => [String(i), { ...agent, user: String(i) }]));
    const began = performance.now();
    for (let i = 0; i < 50; i++) boardView({ calls, agents });
    expect((performance.now() - began) / 50).toBeLessThan(16);
  });
});

describe('quality', () => {
  const of = (mos: number): Quality => ({ rtt_ms: 1, loss_percent: 0, jitter_ms: 0, mos });
  it.each<[Quality | null, string]>([
    [null, 'unknown'],
    [of(0), 'unknown'],
    [of(4.3), 'good'],
    [of(3.6), 'good'],
    [of(3.2), 'fair'],
    [of(2), 'poor'],
  ])('%#', (quality, grade) => {
    expect(gradeOf(quality)).toBe(grade);
  });
});

describe('requests', () => {
  it('are numbered from 1 and answered once', async () => {
    const book = new RequestBook();
    const first = book.open(100);
    const second = book.open(100);
    expect([first.id, second.id]).toEqual([1, 2]);
    expect(book.settle(2, { result: 'yes' })).toBe(true);
    expect(book.settle(2, { result: 'again' })).toBe(false);
    await expect(second.answer).resolves.toBe('yes');
    expect(book.expire(99)).toBe(false);
    expect(book.expire(100)).toBe(true);
    await expect(first.answer).rejects.toEqual(new Refusal('timeout'));
  });

  it('are all refused when the connection goes, and numbered anew', async () => {
    const book = new RequestBook();
    const { answer } = book.open(100);
    book.clear('link_lost');
    await expect(answer).rejects.toThrow('link_lost');
    expect(book.open(1).id).toBe(1);
  });
});
