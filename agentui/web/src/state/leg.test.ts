import { describe, expect, it } from 'vitest';
import { type Leg, type LegCommand, type LegEvent, nextLeg, noLeg } from './leg';

function run(events: LegEvent[], from: Leg = noLeg): { leg: Leg; commands: LegCommand[] } {
  let leg = from;
  const commands: LegCommand[] = [];
  for (const event of events) {
    const [next, more] = nextLeg(leg, event);
    leg = next;
    commands.push(...more);
  }
  return { leg, commands };
}

const live: LegEvent = { type: 'live', serverLeg: '' };
const mic: LegEvent = { type: 'mic', open: true };
const answered: LegEvent = { type: 'answered', id: 'leg-1' };
const up = run([live, mic, answered, { type: 'connected' }]).leg;

describe('a leg', () => {
  it('opens once the link is live and a microphone is there, in either order', () => {
    expect(run([live, mic]).commands).toEqual(['open']);
    expect(run([mic, live]).commands).toEqual(['open']);
    expect(run([mic]).commands).toEqual([]);
    expect(run([live]).commands).toEqual([]);
    expect(up).toMatchObject({ step: 'up', id: 'leg-1', tries: 0 });
  });

  it('is opened once only', () => {
    expect(run([live, mic, live, mic, live]).commands).toEqual(['open']);
  });

  it('survives a lost websocket: the same leg goes on', () => {
    const { leg, commands } = run([{ type: 'link_down' }, { type: 'live', serverLeg: 'leg-1' }], up);
    expect(commands).toEqual([]);
    expect(leg.step).toBe('up');
  });

  it('is renewed when the server gave it up meanwhile', () => {
    expect(run([{ type: 'link_down' }, live], up).commands).toEqual(['close', 'open']);
  });

  it('is renewed at once when lost, later with rests', () => {
    const once = run([{ type: 'lost', id: 'leg-1' }], up);
    expect(once.commands).toEqual(['close', 'open']);
    const again = run([{ type: 'refused' }, { type: 'rested' }, { type: 'refused' }], once.leg);
    expect(again.commands).toEqual(['close', 'rest', 'open', 'close', 'rest']);
    expect(again.leg.tries).toBe(3);
  });

  it('ignores the loss of an older leg', () => {
    expect(run([{ type: 'lost', id: 'leg-0' }], up).commands).toEqual([]);
  });

  it('is mended before it is renewed', () => {
    const shaky = run([{ type: 'shaky' }], up);
    expect(shaky.commands).toEqual(['restart']);
    expect(run([{ type: 'broken' }], shaky.leg).commands).toEqual(['close', 'open']);
    expect(run([answered, { type: 'connected' }], shaky.leg).leg.step).toBe('up');
    expect(run([{ type: 'refused' }], shaky.leg).commands).toEqual(['close', 'rest']);
  });

  it('is mended after the websocket is back', () => {
    const events: LegEvent[] = [
      { type: 'link_down' },
      { type: 'shaky' },
      { type: 'live', serverLeg: 'leg-1' },
    ];
    expect(run(events, up).commands).toEqual(['restart']);
  });

  it('starts anew when the websocket broke in the middle', () => {
    expect(run([live, mic, { type: 'link_down' }, live]).commands).toEqual(['open', 'close', 'open']);
  });

  // Whatever happens in whatever order: never two legs, and when all is well again there is one.
  it('always comes back', () => {
    const all: LegEvent[] = [
      live,
      { type: 'live', serverLeg: 'leg-1' },
      { type: 'link_down' },
      mic,
      { type: 'mic', open: false },
      answered,
      { type: 'connected' },
      { type: 'refused' },
      { type: 'rested' },
      { type: 'lost', id: 'leg-1' },
      { type: 'shaky' },
      { type: 'broken' },
    ];
    let seed = 7;
    const pick = (n: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return Math.floor((seed / 2147483648) * n);
    };
    for (let round = 0; round < 500; round++) {
      let leg = noLeg;
      let open = false;
      for (let i = 0; i < 40; i++) {
        const event = all[pick(all.length)] as LegEvent;
        // A leg answers, fails or connects only while there is one.
        if (!open && ['answered', 'connected', 'refused', 'shaky', 'broken'].includes(event.type)) continue;
        const [next, commands] = nextLeg(leg, event);
        leg = next;
        for (const command of commands) {
          if (command === 'close') open = false;
          if (command === 'restart') expect(open).toBe(true);
          if (command !== 'open') continue;
          expect(open).toBe(false);
          open = true;
        }
      }
      const well: LegEvent[] = [
        mic,
        { type: 'rested' },
        { type: 'live', serverLeg: leg.id },
        answered,
        { type: 'connected' },
      ];
      expect(run(well, leg).leg).toMatchObject({ step: 'up', tries: 0, live: true });
    }
  });
});
