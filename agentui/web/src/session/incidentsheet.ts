// One incident on a screen: read when it is opened, again whenever the server says that it is another, and shown at once as every act left it.
import { computed, onBeforeUnmount, ref, shallowRef, watch } from 'vue';
import type { Incident } from '../protocol/incidents';
import type { Console } from './console';
import { incidentApi } from './incidents';

const againAfter = 3000;
// A closed one has no row that would tell: what is owed after it may be done by somebody else.
const closedEvery = 15_000;

export function useIncident(console: Console, id: () => string) {
  const incident = shallowRef<Incident | null>(null);
  const busy = ref('');
  let running = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let gone = false;

  const told = computed(() => console.self.value?.incidents.find((row) => row.incident === id())?.seq ?? 0);

  function take(now: Incident): void {
    if (now.incident === id() && now.seq >= (incident.value?.seq ?? 0)) incident.value = now;
  }

  async function load(): Promise<void> {
    if (running || gone) return;
    running = true;
    clearTimeout(timer);
    const wanted = id();
    let wait = 0;
    try {
      take(await incidentApi.show(wanted));
      if (told.value === 0) wait = closedEvery;
    } catch (error) {
      if (incident.value === null) console.notices.refused(error);
      wait = againAfter;
    } finally {
      running = false;
    }
    if (gone) return;
    if (id() !== wanted || told.value > (incident.value?.seq ?? 0)) await load();
    else if (wait > 0) timer = setTimeout(() => void load(), wait);
  }

  watch(
    id,
    () => {
      incident.value = null;
      void load();
    },
    { immediate: true },
  );
  watch(told, (seq) => {
    if (seq !== incident.value?.seq) void load();
  });
  onBeforeUnmount(() => {
    gone = true;
    clearTimeout(timer);
  });

  /** Does one thing at a time; true when it was done. What it left is shown without asking again. */
  async function act(what: string, ask: () => Promise<Incident>): Promise<boolean> {
    if (busy.value !== '') return false;
    busy.value = what;
    try {
      take(await ask());
      return true;
    } catch (error) {
      console.notices.refused(error);
      return false;
    } finally {
      busy.value = '';
    }
  }
  return { incident, busy, act, load };
}

export type IncidentSheet = ReturnType<typeof useIncident>;
