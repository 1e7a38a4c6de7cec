import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingsInForce } from '../protocol/settings';
import { call, type Call } from '../protocol/structures';
import { canPause, pauseLeft, reasonOf, recordingOf } from './taping';

const golden = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../../../protocol/golden/${name}.json`), 'utf8'));
const talking: Call = { ...call(golden('call_talking'), ''), tier: 'normal', danger: false };
const paused: Call = { ...call(golden('call_paused'), ''), tier: 'normal', danger: false };
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
    expect(recordingOf(talking)).toBe('on');
    expect(recordingOf(paused)).toBe('paused');
    expect(recordingOf({ ...talking, state: 'held', hold_reason: 'agent_away' })).toBe('off');
    expect(pauseLeft(paused, paused.pause?.since ?? 0)).toBe(120_000);
    expect(pauseLeft(paused, (paused.pause?.until ?? 0) + 1)).toBe(0);
    expect(pauseLeft(talking, 0)).toBe(0);
  });

  it('has a key for each reason', () => {
    expect(reasonOf('1', settings.recording.reasons)).toBe('secret');
    expect(reasonOf('2', settings.recording.reasons)).toBeNull();
    expect(reasonOf('x', settings.recording.reasons)).toBeNull();
  });
});
