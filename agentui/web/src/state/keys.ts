// Keys for what matters on a call. Accepting is one key; refusing a caller and ending a call take more, so that an elbow cannot do it. Function
// keys and those with Alt work while somebody types: notes are open all through a call. Letters alone do not.
import type { Phase } from './phase';

export type Action =
  | 'accept'
  | 'decline'
  | 'mute'
  | 'hold'
  | 'consult'
  | 'outside'
  | 'keypad'
  | 'after'
  | 'risk'
  | 'recording'
  | 'arm_hangup'
  | 'hangup'
  | 'leave'
  | 'wrapup_done'
  | 'wrapup_extend'
  | 'available'
  | 'invite_accept'
  | 'invite_refuse'
  | 'sos';

export interface Stroke {
  readonly code: string;
  readonly shift: boolean;
  readonly alt: boolean;
  /** Ctrl or Meta is down. */
  readonly modified: boolean;
  readonly repeat: boolean;
  /** The focus is in a field that takes text. */
  readonly typing: boolean;
}

/** As printed on the screen, beside the button. */
export const keyLabels = {
  accept: ['F2'],
  decline: ['Shift', 'F8'],
  mute: ['Alt', 'M'],
  hold: ['Alt', 'H'],
  consult: ['Alt', 'C'],
  outside: ['Alt', 'O'],
  keypad: ['Alt', 'K'],
  risk: ['Alt', 'R'],
  recording: ['Alt', 'V'],
  after: ['Alt', 'P'],
  hangup: ['F9', 'F9'],
  wrapup_done: ['F8'],
  wrapup_extend: ['Shift', 'F8'],
  available: ['F8'],
  invite_accept: ['F2'],
  invite_refuse: ['Shift', 'F8'],
  sos: ['Alt', 'Shift', 'S'],
} as const;

/** How long the first F9 waits for the second, ms. */
export const armedFor = 2000;

const onCall: Readonly<Record<string, Action>> = {
  KeyH: 'hold',
  KeyC: 'consult',
  KeyO: 'outside',
  KeyK: 'keypad',
  KeyR: 'risk',
  KeyV: 'recording',
  KeyP: 'after',
};

/** What a stroke means now; `invited`: a colleague asks this person into a call. */
export function actionOf(
  stroke: Stroke,
  phase: Phase,
  invited: boolean,
  armedAt: number,
  now: number,
): Action | null {
  if (stroke.repeat || stroke.modified) return null;
  const { code, shift, alt } = stroke;
  if (alt && shift) return code === 'KeyS' ? 'sos' : null;
  const talks = phase === 'talking' || phase === 'held' || phase === 'assisting';
  if (talks && code === 'KeyM' && !shift && (alt || !stroke.typing)) return 'mute';
  if (alt) return phase === 'talking' || phase === 'held' ? (onCall[code] ?? null) : null;
  const key = shift ? `Shift+${code}` : code;
  switch (phase) {
    case 'offer':
      return key === 'F2' ? 'accept' : key === 'Shift+F8' ? 'decline' : null;
    case 'talking':
    case 'held':
    case 'assisting':
      if (key !== 'F9') return null;
      if (now - armedAt > armedFor) return 'arm_hangup';
      return phase === 'assisting' ? 'leave' : 'hangup';
    case 'joining':
    case 'kept':
      return null;
    case 'idle':
    case 'wrap_up':
      if (invited && key === 'F2') return 'invite_accept';
      if (invited && key === 'Shift+F8') return 'invite_refuse';
      if (phase === 'idle') return key === 'F8' ? 'available' : null;
      return key === 'F8' ? 'wrapup_done' : key === 'Shift+F8' ? 'wrapup_extend' : null;
  }
}
