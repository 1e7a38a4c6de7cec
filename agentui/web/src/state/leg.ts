// The life of the headset line (a leg): when to make one, when to mend it, when to give it up. Pure; session/headset.ts does the work.

export interface Leg {
  readonly step: 'idle' | 'opening' | 'up' | 'restarting' | 'resting';
  /** Id at the gateway; empty until it answered. */
  readonly id: string;
  /** Tries that failed since the last leg that carried sound. */
  readonly tries: number;
  /** The websocket is live: requests can be sent. */
  readonly live: boolean;
  /** A microphone is open. */
  readonly mic: boolean;
  /** Something to do was put off until the websocket is back. */
  readonly owed: 'nothing' | 'open' | 'restart';
}

export const noLeg: Leg = { step: 'idle', id: '', tries: 0, live: false, mic: false, owed: 'open' };

export type LegEvent =
  | { type: 'live'; serverLeg: string }
  | { type: 'link_down' }
  | { type: 'mic'; open: boolean }
  | { type: 'answered'; id: string }
  | { type: 'connected' }
  | { type: 'refused' }
  | { type: 'rested' }
  | { type: 'lost'; id: string }
  /** The peer connection has been without contact for 2 s, or the machine's network changed. */
  | { type: 'shaky' }
  | { type: 'broken' };

export type LegCommand = 'open' | 'restart' | 'rest' | 'close';

type Step = readonly [Leg, readonly LegCommand[]];

export function nextLeg(leg: Leg, event: LegEvent): Step {
  switch (event.type) {
    case 'live':
      return onLive({ ...leg, live: true }, event.serverLeg);
    case 'link_down':
      // What was under way has no answer any more; sound that flows goes on flowing.
      if (leg.step === 'opening')
        return [{ ...leg, live: false, step: 'idle', id: '', owed: 'open' }, ['close']];
      if (leg.step === 'restarting') return [{ ...leg, live: false, step: 'up', owed: 'restart' }, []];
      return [{ ...leg, live: false }, []];
    case 'mic':
      if (!event.open) return [{ ...leg, mic: false }, []];
      return open({ ...leg, mic: true });
    case 'answered':
      return [
        leg.step === 'opening' || leg.step === 'restarting' ? { ...leg, id: event.id, step: 'up' } : leg,
        [],
      ];
    case 'connected':
      return [{ ...leg, tries: 0 }, []];
    case 'refused':
      return rest(leg);
    case 'rested':
      return leg.step === 'resting' ? open({ ...leg, step: 'idle', owed: 'open' }) : [leg, []];
    case 'lost':
      return event.id === leg.id && leg.id !== '' ? renew(leg) : [leg, []];
    case 'shaky':
      return onShaky(leg);
    case 'broken':
      return leg.step === 'up' || leg.step === 'restarting' ? renew(leg) : [leg, []];
  }
}

function onLive(leg: Leg, serverLeg: string): Step {
  if (leg.step === 'up' && leg.id !== serverLeg) return renew(leg); // the server gave our leg up while we were away
  if (leg.step === 'up' && leg.owed === 'restart')
    return [{ ...leg, step: 'restarting', owed: 'nothing' }, ['restart']];
  return open(leg);
}

function open(leg: Leg): Step {
  if (leg.step !== 'idle' || leg.owed !== 'open' || !leg.live || !leg.mic) return [leg, []];
  return [{ ...leg, step: 'opening', id: '', owed: 'nothing' }, ['open']];
}

// A leg that had worked is renewed at once; one that never carried sound waits, longer each time.
function renew(leg: Leg): Step {
  if (leg.tries > 0) return rest(leg);
  const [next, commands] = open({ ...leg, step: 'idle', id: '', owed: 'open', tries: 1 });
  return [next, ['close', ...commands]];
}

function rest(leg: Leg): Step {
  return [{ ...leg, step: 'resting', id: '', owed: 'open', tries: leg.tries + 1 }, ['close', 'rest']];
}

function onShaky(leg: Leg): Step {
  if (leg.step !== 'up') return [leg, []];
  if (!leg.live) return [{ ...leg, owed: 'restart' }, []];
  return [{ ...leg, step: 'restarting' }, ['restart']];
}
