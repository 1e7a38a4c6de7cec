import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { self } from '../protocol/structures';
import { HelpCall } from './help';

it('sends a second call for help after somebody has seen the first', () => {
  const file = join(import.meta.dirname, '../../../protocol/golden/self_sos.json');
  const asked = self(JSON.parse(readFileSync(file, 'utf8')), '');
  const seen = { ...asked, sos: asked.sos && { ...asked.sos, ack_by: 'u-2', ack_by_name: '督导一' } };
  let now = seen;
  let sent = 0;
  const help = new HelpCall(
    () => now,
    () => Promise.resolve(++sent),
  );
  help.want();
  expect(sent).toBe(1);
  now = { ...asked, sos: asked.sos && { ...asked.sos, at: asked.sos.at + 1 } };
  help.tick();
  help.want();
  expect([sent, help.state.value.step]).toEqual([1, 'sent']);
});

afterEach(() => vi.useRealTimers());

it('does not ask again for help that came and went between two looks', async () => {
  vi.useFakeTimers();
  let sent = 0;
  const help = new HelpCall(
    () => null,
    () => (sent++ === 0 ? Promise.reject(new Error('away')) : Promise.resolve()),
  );
  const steps: string[] = [];
  const look = async () => {
    help.tick();
    await vi.advanceTimersByTimeAsync(0);
    steps.push(help.state.value.step);
  };
  help.want();
  await look(); // refused: asked again after a while
  vi.advanceTimersByTime(1500);
  await look();
  vi.advanceTimersByTime(1400);
  await look();
  help.want(); // again, within the time in which the first may still be shown
  await look();
  vi.advanceTimersByTime(1500);
  await look();
  vi.advanceTimersByTime(10_000);
  await look();
  expect([sent, ...steps]).toEqual([3, 'sending', 'sent', 'sent', 'sent', 'none', 'none']);
});
