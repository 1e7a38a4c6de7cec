// What the agent of a call can do with it now, and what the rows say about who takes part. Pure.
import type { Call, Party } from '../protocol/structures';

/** `no`: not now. `red`: never while the caller is at risk. */
export type Can = 'yes' | 'no' | 'red';

export interface Controls {
  readonly hold: Can;
  readonly resume: Can;
  readonly consult: Can;
  readonly outside: Can;
  readonly keypad: Can;
  readonly release: Can;
}

export function atRisk(call: Call): boolean {
  return call.danger || call.tier === 'red';
}

/** On hold by the wish of the agent, not because a line broke. */
export function heldByAgent(call: Call): boolean {
  return call.state === 'held' && call.hold_reason === 'agent';
}

export function controlsOf(call: Call): Controls {
  const talks = call.state === 'talking';
  const served = talks || heldByAgent(call);
  const can = (now: boolean): Can => (now ? 'yes' : 'no');
  const calm = (now: boolean): Can => (atRisk(call) ? 'red' : can(now));
  const outside = outsideOf(call);
  return {
    hold: calm(talks),
    resume: can(heldByAgent(call)),
    consult: can(served),
    outside: can(served),
    keypad: can(talks || outside?.state === 'in'),
    release: calm(served),
  };
}

/** Whoever is asked or in by consult; one that failed shows for a moment beside it. */
export function consultOf(call: Call): Party | null {
  return call.parties.find((p) => p.role === 'consult' && p.state !== 'failed') ?? null;
}

export function outsideOf(call: Call): Party | null {
  return call.parties.find((p) => p.role === 'outside' && p.state !== 'failed') ?? null;
}

/** Those who are in and speak or listen, in the order in which they came. */
export function presentOf(call: Call): readonly Party[] {
  return call.parties.filter((p) => p.state !== 'failed').sort((a, b) => a.since - b.since);
}

export interface Searchable {
  readonly name: string;
  /** More words by which it is found. */
  readonly also: string;
}

/** Rows whose name or other words have every word of the query, in their order. */
export function matching<T>(rows: readonly T[], query: string, of: (row: T) => Searchable): T[] {
  const words = query.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    const { name, also } = of(row);
    const text = `${name} ${also}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The row that the arrow keys come to. */
export function stepped(index: number, by: number, length: number): number {
  return length === 0 ? -1 : (Math.max(index, by > 0 ? -1 : 0) + by + length) % length;
}

/** Keys of a telephone, as a keyboard types them. */
export function digitOf(key: string): string | null {
  return /^[0-9*#]$/.test(key) ? key : null;
}
