import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Standing, Trend } from '../protocol/floor';
import * as structures from '../protocol/structures';
import type { Agent, Call, Party, Self } from '../protocol/structures';
import { assignable, boardView, findCalls, peopleRows } from './board';
import { listenAction, others, partOf } from './listen';
import { bars, byUrgency, percent } from './service';

const folder = join(import.meta.dirname, '../../../protocol/golden');
const golden = (name: string): unknown =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as unknown;
const call = (fields: Partial<Call>): Call => ({ ...structures.call(golden('call_waiting'), ''), ...fields });
const agent = (fields: Partial<Agent>): Agent => ({ ...structures.agent(golden('agent'), ''), ...fields });
const self = (fields: Partial<Self>): Self => ({ ...structures.self(golden('self'), ''), ...fields });
const party = (fields: Partial<Party>): Party => ({
  user: 'u-2',
  name: '督导二',
  role: 'monitor',
  state: 'in',
  by: 'u-2',
  by_name: '督导二',
  since: 5,
  note: '',
  contact: '',
  contact_name: '',
  why: '',
  ...fields,
});

describe('the board', () => {
  it('puts those in danger first among the talks, and rows that are equal always in the same order', () => {
    const rows = {
      calls: new Map(
        [
          call({ call: 'b', state: 'talking', talk_since: 5 }),
          call({ call: 'a', state: 'talking', talk_since: 5 }),
          call({ call: 'd', state: 'talking', talk_since: 9, danger: true }),
        ].map((row) => [row.call, row]),
      ),
      agents: new Map(),
    };
    expect(boardView(rows).talking.map((row) => row.call)).toEqual(['d', 'a', 'b']);
  });

  it('shows silent calls for help, unanswered ones first and the oldest of them before the others', () => {
    const sos = (at: number, ack: string) => ({ at, call: '', ack_by: ack, ack_by_name: ack, ack_at: 0 });
    const agents = [
      agent({ user: 'calm', sos: null }),
      agent({ user: 'seen', sos: sos(1, 'u-9') }),
      agent({ user: 'late', sos: sos(8, '') }),
      agent({ user: 'first', sos: sos(3, '') }),
    ];
    const view = boardView({ calls: new Map(), agents: new Map(agents.map((row) => [row.user, row])) });
    expect(view.help.map((row) => row.user)).toEqual(['first', 'late', 'seen']);
  });

  it('finds calls by line, by person, by what is asked for and by who takes part', () => {
    const calls = [
      call({ call: '1', line: '12355', line_name: '青少年热线', agent_name: '咨询员一' }),
      call({ call: '2', line: '12345', line_name: '政务热线', needs: { english: 3 } }),
      call({ call: '3', line: '12345', line_name: '政务热线', parties: [party({})] }),
    ];
    const found = (needle: string) => findCalls(calls, needle).map((row) => row.call);
    expect(found(' ')).toEqual(['1', '2', '3']);
    expect(found('青少年')).toEqual(['1']);
    expect(found('ENGL')).toEqual(['2']);
    expect(found('督导')).toEqual(['3']);
    expect(found('nobody')).toEqual([]);
  });

  it('groups people by state, and folds a group without losing its heading', () => {
    const agents = [
      agent({ user: 'a', name: '甲', state: 'available', skills: { youth: 3 } }),
      agent({ user: 'b', name: '乙', state: 'talking' }),
      agent({ user: 'c', name: '丙', state: 'available' }),
    ];
    const keys = (needle: string, ...folded: Agent['state'][]) =>
      peopleRows(agents, needle, new Set(folded)).map((row) => row.key);
    expect(keys('')).toEqual(['head-talking', 'b', 'head-available', 'a', 'c']);
    expect(keys('', 'available')).toEqual(['head-talking', 'b', 'head-available']);
    expect(keys('丙')).toEqual(['head-available', 'c']);
  });

  it('offers for an assignment who can be free soon', () => {
    const agents = [
      agent({ user: 'n', name: '丁', state: 'not_ready' }),
      agent({ user: 'o', name: '己', state: 'offline' }),
      agent({ user: 't', name: '戊', state: 'talking' }),
      agent({ user: 'a', name: '甲', state: 'available' }),
    ];
    expect(assignable(agents, '').map((row) => row.user)).toEqual(['a', 't', 'n']);
  });
});

describe('taking part', () => {
  const me = self({ user: 'u-9', role: 'supervisor' });
  const talk = call({ state: 'talking', agent: 'u-1' });
  it.each<[string, Self, Call, 'monitor' | 'whisper' | null, unknown]>([
    ['nothing yet', me, talk, null, { is: 'out' }],
    ['asked for', me, talk, 'monitor', { is: 'joining', mode: 'monitor' }],
    [
      'listens',
      me,
      { ...talk, parties: [party({ user: 'u-9' })] },
      null,
      { is: 'in', mode: 'monitor', since: 5 },
    ],
    [
      'changes to whispering',
      me,
      { ...talk, parties: [party({ user: 'u-9' })] },
      'whisper',
      { is: 'joining', mode: 'whisper' },
    ],
    [
      'failed',
      me,
      { ...talk, parties: [party({ user: 'u-9', state: 'failed', why: 'unreachable' })] },
      null,
      { is: 'failed', why: 'unreachable' },
    ],
    ['their own call', me, { ...talk, agent: 'u-9' }, null, { is: 'own' }],
    [
      'in another call',
      { ...me, assist: { party: party({}), call: { ...talk, call: 'other' } } },
      talk,
      null,
      { is: 'elsewhere', call: 'other' },
    ],
  ])('%s', (_, who, row, asked, want) => {
    expect(partOf(who, row, asked)).toEqual(want);
  });

  it('sees who else is there', () => {
    const row = {
      ...talk,
      parties: [party({ user: 'u-9' }), party({}), party({ user: 'u-3', state: 'failed' })],
    };
    expect(others(row, 'u-9').map((one) => one.user)).toEqual(['u-2']);
  });

  it('takes keys with Alt only, and taking over with two hands', () => {
    const stroke = { code: 'KeyW', alt: true, shift: false, modified: false, repeat: false };
    expect(listenAction(stroke)).toBe('whisper');
    expect(listenAction({ ...stroke, alt: false })).toBeNull();
    expect(listenAction({ ...stroke, repeat: true })).toBeNull();
    expect(listenAction({ ...stroke, code: 'KeyT' })).toBeNull();
    expect(listenAction({ ...stroke, code: 'KeyT', shift: true })).toBe('take');
    expect(listenAction({ ...stroke, code: 'KeyW', shift: true })).toBeNull();
  });
});

describe('service figures', () => {
  it('cuts percent and never rounds up to a promise', () => {
    expect([94.96, 95, 100, 0.05, 66.666].map(percent)).toEqual(['94.9', '95.0', '100.0', '0.0', '66.6']);
  });

  it('puts what is broken before what is about to be', () => {
    const standing = (goal: string, health: Standing['health']) => ({ goal, health }) as Standing;
    const all = [
      standing('a', 'kept'),
      standing('b', 'warning'),
      standing('c', 'quiet'),
      standing('d', 'broken'),
    ];
    expect(byUrgency(all).map((one) => one.goal)).toEqual(['d', 'b', 'a', 'c']);
  });

  it('joins steps into bars that add up', () => {
    const hour = 3_600_000;
    const trend: Trend = {
      line: '',
      step_ms: hour / 12,
      within_ms: 15_000,
      points: Array.from({ length: 289 }, (_, i) => ({
        at: 1_700_000_000_000 - (1_700_000_000_000 % hour) + (i * hour) / 12,
        offered: 2,
        answered: 2,
        in_time: 1,
        abandoned: 0,
        peak: i % 7,
        talk_ms: 10,
      })),
    };
    const joined = bars(trend, 60);
    expect(joined.stepMs).toBe(hour / 2);
    expect(joined.bars).toHaveLength(49);
    expect(joined.bars.reduce((sum, bar) => sum + bar.offered, 0)).toBe(578);
    expect(joined.bars[0]?.peak).toBe(5);
    expect(bars(trend, 400).bars).toHaveLength(289);
  });
});
