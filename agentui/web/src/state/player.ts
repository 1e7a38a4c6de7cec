// What a player of recordings decides, without a DOM: where silence lies, where a key leads, which acts are told.
import type { TapeComment, TapeMark } from '../protocol/recordings';
import type { Phase } from './phase';

/** How many peaks a second the server sends of each side. */
export const peaksPerSecond = 10;
/** Below this (of 255) nobody speaks: the noise of a line and of a room stays under it. */
const quiet = 6;
/** A pause shorter than this belongs to the talk, in milliseconds. */
const shortest = 3000;
/** So much of a silence is heard before and after, so that words do not run into each other. */
const margin = 700;

export const rates = [0.75, 1, 1.25, 1.5, 1.75, 2] as const;

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The two sides apart, as shares of full scale, as the drawing takes them. */
export function sides(peaks: Uint8Array): [Float32Array, Float32Array] {
  const n = Math.floor(peaks.length / 2);
  const out: [Float32Array, Float32Array] = [new Float32Array(n), new Float32Array(n)];
  for (let i = 0; i < n; i++) {
    // Speech is mostly far below full scale; the root shows it without flattening what is loud.
    out[0][i] = Math.sqrt((peaks[2 * i] ?? 0) / 255);
    out[1][i] = Math.sqrt((peaks[2 * i + 1] ?? 0) / 255);
  }
  return out;
}

/** Where neither side speaks for long, in milliseconds, less the margins. */
export function silences(peaks: Uint8Array): Span[] {
  const out: Span[] = [];
  const step = 1000 / peaksPerSecond;
  const n = Math.floor(peaks.length / 2);
  let from = -1;
  for (let i = 0; i <= n; i++) {
    const still = i < n && (peaks[2 * i] ?? 0) < quiet && (peaks[2 * i + 1] ?? 0) < quiet;
    if (still && from < 0) from = i;
    if (still || from < 0) continue;
    if ((i - from) * step >= shortest) out.push({ from: from * step + margin, to: i * step - margin });
    from = -1;
  }
  return out;
}

/** Where to go on when a moment lies in a silence; null: it does not. */
export function beyond(spans: readonly Span[], at: number): number | null {
  const span = spans.find(({ from, to }) => at >= from && at < to - 250);
  return span ? span.to : null;
}

export type Moment =
  | { readonly key: string; readonly at: number; readonly to: number; readonly mark: TapeMark }
  | { readonly key: string; readonly at: number; readonly to: number; readonly comment: TapeComment };

/** What is missing in many small pieces is one stretch to who looks at it: pieces less than this apart, in milliseconds. */
const near = 1000;

function joined(marks: readonly TapeMark[]): TapeMark[] {
  const out: TapeMark[] = [];
  const last = new Map<string, number>();
  for (const mark of marks) {
    const name = `${mark.kind} ${mark.code}`;
    const at = mark.kind === 'gap' ? last.get(name) : undefined;
    const before = at === undefined ? undefined : out[at];
    if (at !== undefined && before && mark.from_ms - before.to_ms < near) {
      out[at] = { ...before, to_ms: Math.max(before.to_ms, mark.to_ms) };
      continue;
    }
    last.set(name, out.push(mark) - 1);
  }
  return out;
}

/** Marks and comments in one order. */
export function moments(marks: readonly TapeMark[], comments: readonly TapeComment[]): Moment[] {
  const all: Moment[] = [
    ...joined(marks).map((mark, i) => ({ key: `mark-${String(i)}`, at: mark.from_ms, to: mark.to_ms, mark })),
    ...comments.map((comment) => ({
      key: comment.comment,
      at: comment.at_ms,
      to: comment.at_ms,
      comment,
    })),
  ];
  return all.sort((a, b) => a.at - b.at);
}

/** What is missing for less than this is heard by nobody and not worth a row, in milliseconds. */
const worthARow = 200;

/** The moments that are listed; the lanes show all. */
export function listed(all: readonly Moment[]): Moment[] {
  return all.filter((one) => !('mark' in one && one.mark.kind === 'gap' && one.to - one.at < worthARow));
}

/** The moment before (-1) or after (1) where the player is; a little tolerance lets "before" leave the one just reached. */
export function neighbour(all: readonly { at: number }[], at: number, way: 1 | -1): number | null {
  const times = all.map((one) => one.at);
  const found = way === 1 ? times.find((t) => t > at + 250) : times.filter((t) => t < at - 1500).pop();
  return found ?? null;
}

export type PlayerKey =
  | 'toggle'
  | 'back'
  | 'on'
  | 'far_back'
  | 'far_on'
  | 'slower'
  | 'faster'
  | 'previous'
  | 'next'
  | 'silence'
  | 'nearer'
  | 'wider'
  | 'comment'
  | 'help'
  | 'close';

const keys: Readonly<Record<string, PlayerKey>> = {
  ' ': 'toggle',
  ArrowLeft: 'back',
  ArrowRight: 'on',
  'Shift+ArrowLeft': 'far_back',
  'Shift+ArrowRight': 'far_on',
  '[': 'slower',
  ']': 'faster',
  ',': 'previous',
  '.': 'next',
  s: 'silence',
  '+': 'nearer',
  '=': 'nearer', // the same key without shift
  '-': 'wider',
  m: 'comment',
  '?': 'help',
  Escape: 'close',
};

/** As printed beside a button and in the help, in its order. */
export const playerLabels: Readonly<Record<Exclude<PlayerKey, 'help'>, readonly string[]>> = {
  toggle: ['Space'],
  back: ['←'],
  on: ['→'],
  far_back: ['Shift', '←'],
  far_on: ['Shift', '→'],
  slower: ['['],
  faster: [']'],
  previous: [','],
  next: ['.'],
  silence: ['S'],
  nearer: ['+'],
  wider: ['−'],
  comment: ['M'],
  close: ['Esc'],
};

export function playerKey(e: {
  key: string;
  shiftKey: boolean;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
}): PlayerKey | null {
  if (e.altKey || e.ctrlKey || e.metaKey) return null;
  const name = e.key.length === 1 ? e.key.toLowerCase() : e.key;
  const shifted = e.shiftKey && name.startsWith('Arrow') ? `Shift+${name}` : name;
  return keys[shifted] ?? null;
}

/** Whether a recording may sound and take keys: a caller, and a colleague who asks for one, come before it. */
export function mayPlay(phase: Phase, invited: boolean): boolean {
  return !invited && (phase === 'idle' || phase === 'wrap_up');
}

/** Where a stroke falls. */
export interface Place {
  /** mayPlay says so. */
  readonly may: boolean;
  /** Something else has taken it, or it is part of a word that is still being composed. */
  readonly taken: boolean;
  /** In a field that takes text. */
  readonly typing: boolean;
  /** On something that the space presses. */
  readonly pressing: boolean;
}

/** What a stroke does to the player; null: nothing. */
export function strokeOf(e: Parameters<typeof playerKey>[0], place: Place): PlayerKey | null {
  if (!place.may || place.taken) return null;
  const act = playerKey(e);
  if (place.typing && act !== 'close') return null;
  return act === 'toggle' && place.pressing ? null : act;
}

/** The next speed up or down. */
export function otherRate(now: number, way: 1 | -1): number {
  const i = rates.findIndex((rate) => rate === now) + way;
  return rates[Math.min(Math.max(i, 0), rates.length - 1)] ?? 1;
}

/** A moment as people type it, "1:02:03" or "2:03"; null: it is none. */
export function momentOf(text: string): number | null {
  const found = /^(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)$/.exec(text.trim());
  if (!found) return null;
  return ((Number(found[1] ?? 0) * 60 + Number(found[2])) * 60 + Number(found[3])) * 1000;
}
