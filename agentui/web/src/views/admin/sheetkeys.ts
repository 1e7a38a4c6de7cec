// What every page of a document does: it loads, Ctrl+S saves, leaving asks, and the first fault comes into sight.
import { nextTick, onMounted, onUnmounted, type Ref } from 'vue';
import { useConsole } from '../../session/console';
import type { Sheet } from './sheet';

export function useSheet<V extends { version: number }, D extends object>(
  sheet: Sheet<V, D>,
  pane: Ref<HTMLElement | null>,
  /** Opens the part of the page that has a field. */
  reveal: (field: string) => void = () => undefined,
  /** Says that the draft cannot be saved as it stands. */
  held: () => boolean = () => false,
) {
  const { notices } = useConsole();

  async function load(): Promise<void> {
    await sheet.load().catch((error: unknown) => {
      notices.refused(error);
    });
  }
  async function save(base?: number): Promise<void> {
    if (held()) return;
    try {
      await sheet.save(base);
    } catch (error) {
      notices.refused(error);
    }
    const first = sheet.faults.value[0]?.field;
    if (first === undefined) return;
    reveal(first);
    await nextTick();
    const wrong = pane.value?.querySelector<HTMLElement>('.wrong');
    wrong?.scrollIntoView({ block: 'center' });
    wrong?.querySelector<HTMLElement>('input, textarea, [tabindex="0"]')?.focus({ preventScroll: true });
  }
  function keys(event: KeyboardEvent) {
    if (event.key.toLowerCase() !== 's' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (sheet.dirty.value) void save();
  }
  function leaving(event: BeforeUnloadEvent) {
    if (sheet.dirty.value) event.preventDefault();
  }
  onMounted(() => {
    window.addEventListener('keydown', keys);
    window.addEventListener('beforeunload', leaving);
    void load();
  });
  onUnmounted(() => {
    window.removeEventListener('keydown', keys);
    window.removeEventListener('beforeunload', leaving);
  });
  return { load, save };
}
