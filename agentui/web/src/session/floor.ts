// What the floor asks by HTTP: figures, broadcasts, displays. Figures are read again every few seconds while somebody looks.
import { onBeforeUnmount, onMounted, ref, type Ref, shallowRef } from 'vue';
import {
  broadcastList,
  broadcastRow,
  displayList,
  displayMade,
  type Figures,
  figures,
  type Purpose,
  trend,
} from '../protocol/floor';
import { call } from './api';

const id = (text: string) => encodeURIComponent(text);
const nothing = () => null;

export const floorApi = {
  figures: () => call('GET', '/api/figures', figures),
  trend: (span: 'day' | 'month', line: string) =>
    call('GET', `/api/figures/trend?span=${span}${line === '' ? '' : `&line=${id(line)}`}`, trend),
  broadcasts: () => call('GET', '/api/broadcasts', broadcastList),
  broadcast: (text: string, urgent: boolean, minutes: number) =>
    call('POST', '/api/broadcasts', broadcastRow, { text, urgent, minutes }),
  endBroadcast: (which: string) => call('POST', `/api/broadcasts/${id(which)}/end`, nothing, {}),
  displays: () => call('GET', '/api/walls', displayList),
  makeDisplay: (name: string, purpose: Purpose) => call('POST', '/api/walls', displayMade, { name, purpose }),
  revokeDisplay: (which: string) => call('POST', `/api/walls/${id(which)}/revoke`, nothing, {}),
};

const every = 5000;

/** Runs again and again while the page is there and in sight, each time only after the last one ended. */
export function useRepeated(read: () => Promise<void>, pause: number): { again: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let gone = false;
  let running = false;
  const run = async () => {
    if (running) return;
    running = true;
    clearTimeout(timer);
    if (!document.hidden) await read();
    running = false;
    if (!(gone as boolean)) timer = setTimeout(() => void run(), pause);
  };
  const seen = () => {
    if (!document.hidden) void run();
  };
  onMounted(() => {
    void run();
    document.addEventListener('visibilitychange', seen);
  });
  onBeforeUnmount(() => {
    gone = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', seen);
  });
  return { again: () => void run() };
}

/** The figures as they are; `stale` while they cannot be read, when the last ones stay. */
export function useFigures(): { figures: Readonly<Ref<Figures | null>>; stale: Readonly<Ref<boolean>> } {
  const last = shallowRef<Figures | null>(null);
  const stale = ref(false);
  useRepeated(async () => {
    try {
      last.value = await floorApi.figures();
      stale.value = false;
    } catch {
      stale.value = true;
    }
  }, every);
  return { figures: last, stale };
}
