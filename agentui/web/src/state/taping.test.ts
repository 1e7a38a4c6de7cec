import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingsInForce } from '../protocol/settings';
import { call, type Call } from '../protocol/structures';
import en from '../locales/en/later/taping.json';
import zh from '../locales/zh-CN/later/taping.json';
import { canPause, pauseLeft, pauseWished, reasonOf, recordingOf } from './taping';

const golden = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../../../protocol/golden/${name}.json`), 'utf8'));
const talking: Call = { ...call(golden('call_talking'), ''), tier: 'normal', danger: false };
const paused: Call = { ...call(golden('call_paused'), ''), tier: 'normal', danger: false };
const pause = paused.pause;
if (!pause) throw new Error('the golden call has no pause');
const { since } = pause;
const asked = (told: Partial<typeof pause>): Call => ({ ...paused, pause: { ...pause, ...told } });
const { settings } = settingsInForce(golden('http_settings'), '');

describe('leaving something out of the recording', () => {
  it('is for a talk of ours, where the site allows it', () => {
    expect(canPause(talking, settings)).toBe('yes');
    expect(canPause({ ...talking, state: 'held', hold_reason: 'agent' }, settings)).toBe('yes');
    expect(canPause({ ...talking, state: 'held', hold_reason: 'agent_away' }, settings)).toBe('no');
    expect(canPause(talking, null)).toBe('off');
    expect(canPause(talking, { ...settings, recording: { ...settings.recording, pause: false } })).toBe(
      'off',
    );
  });

  it('is nothing for a caller at risk, unless the site says so', () => {
    expect(canPause({ ...talking, danger: true }, settings)).toBe('red');
    expect(
      canPause(
        { ...talking, tier: 'red' },
        { ...settings, recording: { ...settings.recording, at_risk: true } },
      ),
    ).toBe('yes');
  });

  it('shows what is recorded, and for how long not', () => {
    expect(recordingOf(talking, since)).toBe('on');
    expect(recordingOf(paused, since + 1000)).toBe('paused');
    expect(recordingOf({ ...paused, state: 'held', hold_reason: 'agent' }, since)).toBe('paused');
    expect(recordingOf({ ...paused, state: 'held', hold_reason: 'agent_away' }, since)).toBe('off');
    expect(pauseLeft(paused, since)).toBe(120_000);
    expect(pauseLeft(paused, since + 120_001)).toBe(0);
    expect(pauseLeft(asked({ taken: 0 }), since)).toBe(0);
    expect(pauseLeft(talking, 0)).toBe(0);
  });

  it('says that it is paused by the word of the gateway alone', () => {
    const wish = asked({ taken: 0 });
    expect(recordingOf(wish, since)).toBe('pausing');
    expect(recordingOf(wish, since + 2999)).toBe('pausing');
    expect(recordingOf(wish, since + 3000)).toBe('stuck');
    expect(recordingOf(wish, since + 119_999)).toBe('stuck');
    // The next leg is asked anew, long after the wish.
    expect(recordingOf(asked({ taken: 0, asked: since + 60_000 }), since + 61_000)).toBe('pausing');
    // A controller of the version before does not tell what was asked or taken.
    expect(recordingOf(asked({ taken: 0, asked: 0 }), since + 3000)).toBe('stuck');
    // What was confirmed ends at its time, also when more is wished.
    expect(recordingOf(asked({ taken: since + 60_000 }), since + 60_000)).toBe('stuck');
  });

  it('says that it is recorded again by the word of the gateway alone', () => {
    expect(recordingOf(paused, since + 120_000)).toBe('resuming');
    expect(recordingOf(asked({ over: since + 9000 }), since + 9001)).toBe('resuming');
    expect(recordingOf(asked({ over: since + 9000 }), since + 60_000)).toBe('resuming');
    expect([paused, asked({ taken: 0 }), asked({ over: since }), talking].map(pauseWished)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('has words of its own for each', () => {
    for (const words of [zh.taping, en.taping]) {
      const told = (['on', 'pausing', 'stuck', 'paused', 'resuming', 'off'] as const).map(
        (one) => words[one],
      );
      expect(new Set(told.map((one) => one.trim())).size).toBe(6);
    }
    expect(en.taping.stuck).toContain('Still recording');
    expect(zh.taping.stuck).toContain('仍在录音');
  });

  it('has a key for each reason', () => {
    expect(reasonOf('1', settings.recording.reasons)).toBe('secret');
    expect(reasonOf('2', settings.recording.reasons)).toBeNull();
    expect(reasonOf('x', settings.recording.reasons)).toBeNull();
  });
});
