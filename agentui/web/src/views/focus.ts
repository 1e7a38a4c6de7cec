// The focus of something that opens and closes: it goes back to where it was.
import { onBeforeUnmount, type Ref } from 'vue';

/** Call in setup. When the part goes while the focus is inside, whoever had it before gets it back. */
export function useFocusReturn(part: Ref<HTMLElement | null>): void {
  const before = document.activeElement;
  onBeforeUnmount(() => {
    if (!part.value?.contains(document.activeElement)) return; // the focus has gone on by itself
    queueMicrotask(() => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    });
  });
}
