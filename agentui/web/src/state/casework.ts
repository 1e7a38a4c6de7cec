// What a task or a block says to a person at a moment. Pure.
import type { Block, Task } from '../protocol/structures';

/** What happens to a task next, and by whom. */
export type Standing =
  'working' | 'queued' | 'asked' | 'given_up' | 'auto' | 'person' | 'uncallable' | 'closed';

/** The caller's telephone is being called: nobody can take the task away now. */
function isDialled(task: Task): boolean {
  return task.state === 'working' && task.last?.result === 'placed';
}

export function standingOf(task: Task): Standing {
  switch (task.state) {
    case 'working':
      if (isDialled(task)) return 'working';
      return task.asked_by === '' ? 'queued' : 'asked';
    case 'given_up':
      return 'given_up';
    case 'done':
    case 'cancelled':
      return 'closed';
    case 'open':
  }
  if (!task.callable) return 'uncallable';
  if (task.asked_by !== '') return 'asked';
  return task.auto ? 'auto' : 'person';
}

/** Whether "call now" makes sense: nobody calls, and there is a number. */
export function mayCall(task: Task): boolean {
  return task.callable && mayClose(task) && task.asked_by === '';
}

export function mayClose(task: Task): boolean {
  return task.state === 'open' || task.state === 'given_up' || (task.state === 'working' && !isDialled(task));
}

/** Whether a person can add who answered: after an attempt, within a day. */
export function maySay(task: Task, now: number): boolean {
  const last = task.last;
  return (
    last !== null &&
    last.result !== 'placed' &&
    now - last.at < 24 * 3_600_000 &&
    (task.state === 'open' || task.state === 'given_up' || task.state === 'done')
  );
}

/** How far a time is away, and on which side; `soon` within five minutes. */
export function countdown(to: number, now: number): { late: boolean; soon: boolean; ms: number } {
  const ms = to - now;
  return { late: ms <= 0, soon: ms > 0 && ms < 5 * 60_000, ms: Math.abs(ms) };
}

/** The spans a supervisor may choose, in hours; the second is offered first. */
export const blockHours = [1, 24, 72, 168, 720] as const;
export const defaultBlockHours = 24;

export interface BlockGroups {
  readonly proposed: readonly Block[];
  readonly inForce: readonly Block[];
  readonly over: readonly Block[];
}

/** Blocks by where they stand; one whose time is over while the page is open moves by itself. */
export function grouped(blocks: readonly Block[], now: number): BlockGroups {
  const proposed: Block[] = [];
  const inForce: Block[] = [];
  const over: Block[] = [];
  for (const block of blocks) {
    if (block.state === 'proposed') proposed.push(block);
    else if (block.state === 'approved' && block.expires_at > now) inForce.push(block);
    else over.push(block);
  }
  return { proposed, inForce, over };
}

/** A reason that the server accepts. */
export function reasonOk(text: string): boolean {
  const length = [...text.trim()].length;
  return length >= 3 && length <= 500;
}
