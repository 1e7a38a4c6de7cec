import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Answers, type DraftState, keepDraft } from './drafts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function page(rev = 0) {
  const sent: { rev: number; answers: Answers }[] = [];
  const states: DraftState[] = [];
  let away = false;
  const keeper = keepDraft(
    rev,
    (n, answers) => {
      if (away) return Promise.reject(new Error('away'));
      sent.push({ rev: n, answers });
      return Promise.resolve();
    },
    (state) => states.push(state),
  );
  return {
    keeper,
    sent,
    states,
    away: (now: boolean) => {
      away = now;
    },
  };
}

describe('a draft', () => {
  it('is sent once after a pause of typing', async () => {
    const { keeper, sent, states } = page();
    keeper.change({ matter: '睡' });
    await vi.advanceTimersByTimeAsync(500);
    keeper.change({ matter: '睡不着' });
    await vi.advanceTimersByTimeAsync(500);
    expect(sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(300);
    expect(sent.map((s) => s.answers)).toEqual([{ matter: '睡不着' }]);
    expect(states.at(-1)).toBe('saved');
  });

  it('is sent again until the server takes it, and says so meanwhile', async () => {
    const { keeper, sent, states, away } = page();
    away(true);
    keeper.change({ matter: '一' });
    await vi.advanceTimersByTimeAsync(800);
    expect(states.at(-1)).toBe('failing');
    keeper.change({ matter: '二' });
    away(false);
    await vi.advanceTimersByTimeAsync(3000);
    expect(sent.map((s) => s.answers)).toEqual([{ matter: '二' }]);
    expect(states.at(-1)).toBe('saved');
  });

  it('rises over what another page of the same person sent', async () => {
    const { keeper, sent } = page(1_800_000_000_000);
    keeper.change({ a: 1 });
    expect(await keeper.flush()).toBe(true);
    keeper.change({ a: 2 });
    expect(await keeper.flush()).toBe(true);
    expect(sent.map((s) => s.rev)).toEqual([1_800_000_000_001, 1_800_000_000_002]);
  });

  it('is not sent any more when it is forgotten', async () => {
    const { keeper, sent, states } = page();
    keeper.change({ a: 1 });
    keeper.forget();
    await vi.advanceTimersByTimeAsync(5000);
    expect(sent).toEqual([]);
    expect(states.at(-1)).toBe('clean');
  });

  it('that could not be sent at once is told to who waits for it', async () => {
    const { keeper, away } = page();
    away(true);
    keeper.change({ a: 1 });
    expect(await keeper.flush()).toBe(false);
  });
});
