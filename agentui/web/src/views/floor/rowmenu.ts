// What can be done with a row, as a menu.
import type { DropdownOption } from 'naive-ui';
import type { Agent, Call } from '../../protocol/structures';
import { isTalking } from '../../state/board';
import type { Mode } from '../../state/listen';

export type Choice =
  | 'open'
  | 'explain'
  | 'assign'
  | 'move_up'
  | Mode
  | 'take_listen'
  | 'available'
  | 'not_ready'
  | 'sos_ack'
  | 'sos_end'
  | 'open_call';

type Words = (key: string) => string;

export function callMenu(call: Call, leads: boolean, t: Words): DropdownOption[] {
  const open: DropdownOption[] = [{ key: 'open', label: t('floor.open') }];
  const explain: DropdownOption = { key: 'explain', label: t('decision.open') };
  if (!leads) return open;
  if (isTalking(call))
    return [
      ...open,
      { key: 'monitor', label: t('floor.modes.monitor') },
      { key: 'whisper', label: t('floor.modes.whisper') },
      { key: 'barge', label: t('floor.modes.barge') },
      explain,
    ];
  return [
    ...open,
    { key: 'assign', label: t('floor.assign') },
    { key: 'move_up', label: t('floor.moveUp') },
    explain,
  ];
}

export function agentMenu(agent: Agent, leads: boolean, t: Words): DropdownOption[] {
  const rows: DropdownOption[] = [];
  if (agent.call !== '' || agent.assist !== '') rows.push({ key: 'open_call', label: t('floor.openCall') });
  if (!leads) return rows;
  if (agent.sos) {
    rows.push(
      agent.sos.ack_by === ''
        ? { key: 'sos_ack', label: t('floor.sosAck') }
        : { key: 'sos_end', label: t('floor.sosEnd') },
    );
  }
  // While somebody is with a caller, or a call rings there, the caller comes first.
  const busy = agent.state === 'talking' || agent.state === 'reserved' || agent.assist !== '';
  rows.push(
    { key: 'available', label: t('floor.force.available'), disabled: busy || agent.state === 'available' },
    { key: 'not_ready', label: t('floor.force.not_ready'), disabled: busy || agent.state === 'not_ready' },
  );
  return rows;
}
