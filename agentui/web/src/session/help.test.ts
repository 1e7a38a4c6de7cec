import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
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
