// The lists of tasks and blocks: read again whenever the server says that they are others.
import { onBeforeUnmount, ref, shallowRef, watch } from 'vue';
import type { Console } from './console';

const againAfter = 3000;

/** A list that follows the server. What cannot be read stays as it was, and is read again. */
export function useFollowed<T>(console: Console, read: () => Promise<readonly T[]>) {
  const rows = shallowRef<readonly T[]>([]);
  const loaded = ref(false);
  let running = false;
  let wanted = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let gone = false;

  async function load(): Promise<void> {
    if (running) {
      wanted = true;
      return;
    }
    running = true;
    wanted = false;
    clearTimeout(timer);
    try {
      rows.value = await read();
      loaded.value = true;
    } catch (error) {
      console.notices.refused(error);
      if (!gone) timer = setTimeout(() => void load(), againAfter);
    } finally {
      running = false;
    }
    // Changed while it was being read.
    if (wanted as boolean) await load();
  }

  watch(
    () => console.desk.value.duties.change,
    () => void load(),
    { immediate: true },
  );
  onBeforeUnmount(() => {
    gone = true;
    clearTimeout(timer);
  });
  return { rows, loaded, load };
}

/** Runs one wish at a time for each thing, and says what was refused. */
export function useWishes(console: Console) {
  const busy = ref<ReadonlySet<string>>(new Set());
  async function wish(id: string, ask: () => Promise<unknown>): Promise<boolean> {
    if (busy.value.has(id)) return false;
    busy.value = new Set([...busy.value, id]);
    try {
      await ask();
      return true;
    } catch (error) {
      console.notices.refused(error);
      return false;
    } finally {
      busy.value = new Set([...busy.value].filter((other) => other !== id));
    }
  }
  return { busy, wish };
}
