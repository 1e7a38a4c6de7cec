// A plan that several people keep, in versions: the newest is in force, and an older one can be taken up again.
import { ref, type Ref, watch } from 'vue';
import { useWishes } from '../../session/casework';
import type { Console } from '../../session/console';
import { Refusal } from '../../state/requests';

/** What every version of a plan says of itself. */
export interface PlanVersion {
  readonly version: number;
  readonly at: number;
  readonly by_name: string;
}

export function usePlan<P extends PlanVersion>(
  console: Console,
  /** Whose plan it is: another's is not edited any more. */
  of: () => string,
  /** The versions, the newest first. */
  read: () => Promise<{ versions: readonly P[] }>,
  saved: (plan: P) => void,
) {
  const { busy, wish } = useWishes(console);
  const editing = ref(false);
  const versions = ref(null) as Ref<readonly P[] | null>;

  function close() {
    editing.value = false;
    versions.value = null;
  }
  watch(of, close);

  async function change(ask: () => Promise<P>): Promise<void> {
    const done = await wish('plan', async () => {
      try {
        saved(await ask());
      } catch (error) {
        // Somebody else was first: theirs is shown beside, and nothing of ours is lost.
        if (error instanceof Refusal && error.code === 'stale') {
          versions.value = (await read()).versions;
          const newest = versions.value[0];
          if (newest) saved(newest);
        }
        throw error;
      }
    });
    if (done) close();
  }
  /** Shows the versions, or puts them away. */
  async function history(): Promise<void> {
    if (versions.value) versions.value = null;
    else await wish('plan', async () => (versions.value = (await read()).versions));
  }
  return { busy, editing, versions, change, history };
}
