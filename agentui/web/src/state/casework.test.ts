import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  block as readBlock,
  task as readTask,
  type Attempt,
  type Block,
  type Task,
} from '../protocol/structures';
import { countdown, grouped, mayCall, mayClose, maySay, reasonOk, standingOf } from './casework';

const golden = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../../protocol/golden', `${name}.json`), 'utf8'));
const task: Task = { ...readTask(golden('http_task'), ''), asked_by: '' };
const attempt = task.last as Attempt;
const block: Block = readBlock(golden('http_block'), '');

describe('a task', () => {
  it.each([
    [{}, 'auto', true, true],
    [{ auto: false }, 'person', true, true],
    [{ asked_by: 'u-1' }, 'asked', false, true],
    [{ state: 'working' }, 'queued', true, true],
    [{ state: 'working', asked_by: 'u-1' }, 'asked', false, true],
    [{ state: 'working', last: { ...attempt, result: 'placed' } }, 'working', false, false],
    [{ state: 'given_up' }, 'given_up', true, true],
    [{ callable: false }, 'uncallable', false, true],
    [{ state: 'done' }, 'closed', false, false],
  ] as const)('%o stands as %s', (change, standing, callable, closable) => {
    const now = { ...task, ...change };
    expect(standingOf(now)).toBe(standing);
    expect(mayCall(now)).toBe(callable);
    expect(mayClose(now)).toBe(closable);
  });

  it('takes a word about who answered only after an attempt, and for a day', () => {
    const at = task.last?.at ?? 0;
    expect(maySay(task, at + 1000)).toBe(true);
    expect(maySay(task, at + 25 * 3_600_000)).toBe(false);
    expect(maySay({ ...task, last: null }, at)).toBe(false);
    expect(maySay({ ...task, state: 'working' }, at)).toBe(false);
    expect(maySay({ ...task, state: 'done' }, at)).toBe(true);
    expect(maySay({ ...task, last: task.last && { ...task.last, result: 'placed' } }, at)).toBe(false);
  });

  it('counts down, and up when it is late', () => {
    expect(countdown(1000, 400)).toEqual({ late: false, soon: true, ms: 600 });
    expect(countdown(400_000, 0)).toEqual({ late: false, soon: false, ms: 400_000 });
    expect(countdown(0, 600)).toEqual({ late: true, soon: false, ms: 600 });
  });
});

describe('blocks', () => {
  it('are grouped by where they stand, and expire by themselves', () => {
    const proposed: Block = { ...block, block: 'p', state: 'proposed', expires_at: 0 };
    const refused: Block = { ...block, block: 'r', state: 'refused', expires_at: 0 };
    const ids = (list: readonly Block[]) => list.map((row) => row.block);
    const before = grouped([proposed, block, refused], block.expires_at - 1);
    expect([ids(before.proposed), ids(before.inForce), ids(before.over)]).toEqual([
      ['p'],
      [block.block],
      ['r'],
    ]);
    expect(ids(grouped([block], block.expires_at).over)).toEqual([block.block]);
  });

  it('want a reason of 3 to 500 characters', () => {
    expect([reasonOk(' ab '), reasonOk('三个字'), reasonOk('长'.repeat(501))]).toEqual([false, true, false]);
  });
});
