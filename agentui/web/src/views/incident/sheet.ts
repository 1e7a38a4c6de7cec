// What the parts of an incident's screen share: the incident, what may be done with it by this person, and how an act is done.
import { computed, type ComputedRef, inject, type InjectionKey, provide } from 'vue';
import type { Incident } from '../../protocol/incidents';
import { type Console, useConsole } from '../../session/console';
import type { IncidentSheet } from '../../session/incidentsheet';

interface Shared {
  readonly sheet: IncidentSheet;
  readonly console: Console;
}
const key: InjectionKey<Shared> = Symbol('incident');

export function shareSheet(sheet: IncidentSheet, console: Console): void {
  provide(key, { sheet, console });
}

export function useSheet(): {
  incident: ComputedRef<Incident>;
  busy: IncidentSheet['busy'];
  act: IncidentSheet['act'];
  leads: ComputedRef<boolean>;
  /** May write into it: it is not over, and the person leads or has a part in it. */
  works: ComputedRef<boolean>;
  me: ComputedRef<string>;
} {
  const shared = inject(key);
  if (!shared) throw new Error('no incident was shared');
  const { me } = useConsole();
  // The parts are shown only while there is one.
  const incident = computed(() => shared.sheet.incident.value as Incident);
  const leads = computed(() => me.value?.role === 'supervisor');
  return {
    incident,
    busy: shared.sheet.busy,
    act: shared.sheet.act,
    leads,
    works: computed(() => incident.value.state !== 'closed' && (leads.value || incident.value.mine !== '')),
    me: computed(() => me.value?.user ?? ''),
  };
}
