import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { agent, call, type Call, self } from '../protocol/structures';
import { consultOf, controlsOf, digitOf, matching, outsideOf, presentOf, stepped } from './control';
import { askEvery, canJoin, helpOf, helpWanted, mustAsk, settled } from './sos';

const golden = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../../../protocol/golden/${name}.json`), 'utf8'));
const talking: Call = { ...call(golden('call_talking'), ''), tier: 'normal', danger: false };
const consulting = call(golden('call_consulting'), '');
const joined = call(golden('call_joined'), '');

describe('what can be done with a call', () => {
  it('is everything but resuming while talking', () => {
    expect(controlsOf(talking)).toEqual({
      hold: 'yes',
      resume: 'no',
      consult: 'yes',
      outside: 'yes',
      keypad: 'yes',
      release: 'yes',
    });
  });

  it('is neither hold nor release while the caller is at risk, and says why', () => {
    for (const risk of [{ tier: 'red' as const }, { danger: true }]) {
      const can = controlsOf({ ...talking, ...risk });
      expect([can.hold, can.release]).toEqual(['red', 'red']);
      expect([can.consult, can.outside]).toEqual(['yes', 'yes']);
    }
  });

  it('is resuming while on hold by wish, and nothing while a line is broken', () => {
    expect(controlsOf(consulting)).toMatchObject({ hold: 'no', resume: 'yes', consult: 'yes', keypad: 'no' });
    expect(controlsOf({ ...consulting, hold_reason: 'agent_away' })).toEqual({
      hold: 'no',
      resume: 'no',
      consult: 'no',
      outside: 'no',
      keypad: 'no',
      release: 'no',
    });
  });

  it('follows who takes part: those who failed are seen and do not count', () => {
    expect(consultOf(consulting)?.name).toBe('咨询员二');
    expect(outsideOf(joined)).toBeNull();
    expect(presentOf(joined).map((p) => p.role)).toEqual(['monitor']);
  });
});

describe('a list that is searched', () => {
  const rows = ['王芳 youth', '李雷 crisis'];
  const of = (row: string) => ({ name: row.split(' ')[0] ?? '', also: row.split(' ')[1] ?? '' });

  it('finds every word anywhere', () => {
    expect(matching(rows, ' 李 CRI', of)).toEqual(['李雷 crisis']);
    expect(matching(rows, '', of)).toEqual(rows);
    expect(matching(rows, '李 youth', of)).toEqual([]);
  });

  it('is walked round by arrows', () => {
    expect([stepped(0, 1, 3), stepped(2, 1, 3), stepped(0, -1, 3), stepped(-1, 1, 3)]).toEqual([1, 0, 2, 0]);
    expect(stepped(0, 1, 0)).toBe(-1);
  });

  it('knows the keys of a telephone', () => {
    expect([...'0*#aA '].map(digitOf)).toEqual(['0', '*', '#', null, null, null]);
  });
});

describe('a silent call for help', () => {
  const idle = self(golden('self'), '');
  const asked = self(golden('self_sos'), '');

  const wanted = (before: number, askedAt: number | null = null, takenAt: number | null = null) => ({
    before,
    askedAt,
    takenAt,
  });

  it('is asked until the server has it', () => {
    expect(mustAsk(idle, wanted(0), 0)).toBe(true);
    expect(mustAsk(null, wanted(0), 0)).toBe(true);
    expect(mustAsk(idle, wanted(0, 100), 99 + askEvery)).toBe(false);
    expect(mustAsk(idle, wanted(0, 100), 100 + askEvery)).toBe(true);
    expect(mustAsk(asked, wanted(0, 100), 1e6)).toBe(false);
    expect(mustAsk(idle, wanted(0, 100, 130), 1e6)).toBe(false);
  });

  it('is over when it is shown, or was not shown in time after the answer', () => {
    expect(settled(asked.sos, wanted(0, 100), 100)).toBe(true);
    expect(settled(null, wanted(0, 100), 1e6)).toBe(false);
    expect(settled(null, wanted(0, 100, 130), 129 + askEvery)).toBe(false);
    expect(settled(null, wanted(0, 100, 130), 130 + askEvery)).toBe(true);
  });

  it('is sending, sent, and seen by somebody with a name', () => {
    expect(helpOf(null, null).step).toBe('none');
    expect(helpOf(null, wanted(1)).step).toBe('sending');
    expect(helpOf(null, wanted(1, 100, 130)).step).toBe('sent');
    expect(helpOf(asked.sos, wanted(1)).step).toBe('sent');
    const seen = agent(golden('agent_assisting'), '');
    expect(helpOf(seen.sos, null)).toEqual({ step: 'seen', by: '督导一' });
  });

  it('can be asked again after somebody has seen it', () => {
    const seen = { ...asked, sos: asked.sos && { ...asked.sos, ack_by: 'u-2', ack_by_name: '督导一' } };
    const before = wanted(asked.sos?.at ?? 0);
    expect(mustAsk(seen, before, 0)).toBe(true);
    expect(helpOf(seen.sos, before).step).toBe('sending');
    const anew = seen.sos && { ...seen.sos, at: before.before + 1 };
    expect(mustAsk({ ...seen, sos: anew }, before, 0)).toBe(false);
    expect(helpOf(anew, before)).toEqual({ step: 'seen', by: '督导一' });
  });

  it('stands on the pages of those who lead, the longest wait first', () => {
    const row = agent(golden('agent_assisting'), '');
    const later = { ...row, user: 'u-9', sos: row.sos && { ...row.sos, at: row.sos.at + 1 } };
    const agents = new Map([later, row, { ...row, user: 'u-8', sos: null }].map((a) => [a.user, a]));
    expect(helpWanted({ calls: new Map(), agents }).map((a) => a.user)).toEqual([row.user, 'u-9']);
    expect(helpWanted(null)).toEqual([]);
    const talks = { ...row, state: 'talking' as const, call: 'c' };
    expect([canJoin(talks, idle), canJoin(row, idle), canJoin(talks, asked)]).toEqual([true, false, false]);
  });
});
