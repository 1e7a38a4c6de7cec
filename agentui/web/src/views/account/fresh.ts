import { ref } from 'vue';
import type { Console } from '../../session/console';
import { safetyApi } from '../../session/safety';
import { Refusal } from '../../state/requests';

/** Does what may ask for a fresh code of the second factor: then `asking` is true until `answer` or `giveUp`, and it is done after all. */
export function useFreshFactor(console: Console) {
  const asking = ref(false);
  let pending: (() => Promise<void>) | null = null;

  async function freshly(what: () => Promise<void>): Promise<boolean> {
    try {
      await what();
      return true;
    } catch (error) {
      if (error instanceof Refusal && error.code === 'fresh_factor_needed') {
        pending = what;
        asking.value = true;
      } else console.notices.refused(error);
      return false;
    }
  }

  async function answer(code: string): Promise<void> {
    try {
      await safetyApi.prove(code);
    } catch (error) {
      console.notices.refused(error);
      return;
    }
    const what = pending;
    giveUp();
    if (what) await freshly(what);
  }

  function giveUp(): void {
    pending = null;
    asking.value = false;
  }

  return { asking, freshly, answer, giveUp };
}
