import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { effectScope } from 'vue';
import type { Mark, ReviewScore } from '../../protocol/reviews';
import { useDraft } from './draft';

const own: ReviewScore = {
  reviewer: 'u-8',
  reviewer_name: '督导一',
  saved_at: 1,
  final_at: 0,
  total: 0,
  missed: 0,
  sections: {},
  marks: {},
  words: '',
};

/** A server that answers when it is told to. */
class Server {
  wrote: { marks: Readonly<Record<string, Mark>>; whole: string }[] = [];
  answers: { yes: () => void; no: () => void }[] = [];
  keep = (marks: Readonly<Record<string, Mark>>, whole: string) => {
    this.wrote.push({ marks, whole });
    return new Promise<void>((yes, no) => {
      this.answers.push({
        yes,
        no: () => {
          no(new Error('away'));
        },
      });
    });
  };
  async next(how: 'yes' | 'no') {
    this.answers.shift()?.[how]();
    await vi.advanceTimersByTimeAsync(0);
  }
  get last() {
    return this.wrote.at(-1)?.whole;
  }
}

function begin() {
  const server = new Server();
  const lost = vi.fn();
  const scope = effectScope();
  const draft = scope.run(() => useDraft(own, server.keep, lost));
  if (!draft) throw new Error('no draft');
  return { server, lost, scope, draft };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('a score sheet that saves itself', () => {
  it('saves half a second after the last change, one request after the other', async () => {
    const { server, draft } = begin();
    draft.whole.value = 'a';
    await vi.advanceTimersByTimeAsync(600);
    expect(server.last).toBe('a');
    draft.whole.value = 'ab';
    await vi.advanceTimersByTimeAsync(600);
    expect(server.wrote).toHaveLength(1);
    await server.next('yes');
    expect(server.last).toBe('ab');
    await server.next('yes');
    expect(draft.saved.value).toBe('kept');
  });

  it('writes nothing after it was given back, whatever was being written', async () => {
    const { server, draft, scope, lost } = begin();
    draft.whole.value = 'a';
    await vi.advanceTimersByTimeAsync(600);
    draft.whole.value = 'ab';
    const left = vi.fn();
    void draft.leave().then(left);
    await server.next('yes');
    expect(left).not.toHaveBeenCalled();
    expect(server.last).toBe('ab');
    await server.next('yes');
    expect(left).toHaveBeenCalled();
    scope.stop(); // the page of the sheet goes with the answer
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.wrote).toHaveLength(2);
    expect(lost).not.toHaveBeenCalled();
  });

  it('is not given back while the last words are not saved, and goes on trying', async () => {
    const { server, draft } = begin();
    draft.whole.value = 'a';
    const refused = vi.fn();
    void draft.leave().catch(refused);
    await server.next('no');
    expect(refused).toHaveBeenCalledWith(new Error('away'));
    await vi.advanceTimersByTimeAsync(5000);
    await server.next('yes');
    expect(server.wrote).toHaveLength(2);
    expect(draft.saved.value).toBe('kept');
  });

  it('goes on when leaving came to nothing', async () => {
    const { server, draft } = begin();
    await draft.leave();
    draft.whole.value = 'a';
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.wrote).toHaveLength(0);
    draft.resume();
    await vi.advanceTimersByTimeAsync(600);
    expect(server.last).toBe('a');
  });

  it('writes when its page goes, and says when that was lost', async () => {
    for (const how of ['yes', 'no'] as const) {
      const { server, draft, scope, lost } = begin();
      draft.whole.value = 'last';
      scope.stop();
      await vi.advanceTimersByTimeAsync(0);
      expect(server.last).toBe('last');
      await server.next(how);
      expect(lost).toHaveBeenCalledTimes(how === 'no' ? 1 : 0);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(server.wrote).toHaveLength(1);
    }
  });

  it('writes nothing once it is handed in', async () => {
    const { server, draft, scope } = begin();
    draft.whole.value = 'a';
    draft.take();
    scope.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.wrote).toHaveLength(0);
  });
});
