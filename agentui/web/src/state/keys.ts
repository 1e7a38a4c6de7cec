// Keys for what matters on a call. Accepting is one key; refusing a caller and ending a call take more, so that an elbow cannot do it.
import type { Phase } from './phase';

export type Action = 'accept' | 'decline' | 'mute' | 'arm_hangup' | 'hangup' | 'wrapup_done' | 'available';

export interface Stroke {
  readonly code: string;
  readonly shift: boolean;
  /** Ctrl, Alt or Meta is down. */
  readonly modified: boolean;
  readonly repeat: boolean;
  /** The focus is in a field that takes text. */
  readonly typing: boolean;
}

/** As printed on the screen, beside the button. */
export const keyLabels = {
  accept: ['F2'],
  decline: ['Shift', 'F8'],
  mute: ['M'],
  hangup: ['F9', 'F9'],
  wrapup_done: ['F8'],
  available: ['F8'],
} as const;

/** How long the first F9 waits for the second, ms. */
export const armedFor = 2000;

export function actionOf(stroke: Stroke, phase: Phase, armedAt: number, now: number): Action | null {
  if (stroke.repeat || stroke.typing || stroke.modified) return null;
  const plain = !stroke.shift;
  if (phase === 'offer') {
    if (plain && stroke.code === 'F2') return 'accept';
    return !plain && stroke.code === 'F8' ? 'decline' : null;
  }
  if (!plain) return null;
  if (phase === 'talking' || phase === 'held') {
    if (stroke.code === 'KeyM') return 'mute';
    if (stroke.code === 'F9') return now - armedAt <= armedFor ? 'hangup' : 'arm_hangup';
    return null;
  }
  if (stroke.code !== 'F8') return null;
  if (phase === 'wrap_up') return 'wrapup_done';
  return phase === 'idle' ? 'available' : null;
}
