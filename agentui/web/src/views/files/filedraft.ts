// What somebody is writing about a person, kept on the server while they write it, and there again for who opens the person anew.
import { onBeforeUnmount, onMounted, ref, shallowRef, watch } from 'vue';
import type { FileDraft, FileDraftKind } from '../../protocol/files';
import { filesApi } from '../../session/files';
import { type Answers, type DraftKeeper, type DraftState, keepDraft } from '../../state/drafts';
import { Refusal } from '../../state/requests';

const away = ['network', 'unavailable', 'timeout'];
const again = 3000;

/** `of`: about whom, and by which leave; without a file there is nothing to keep. */
export function useFileDraft(kind: FileDraftKind, of: () => { file: string; grant: string }) {
  const found = shallowRef<FileDraft | null>(null);
  const state = ref<DraftState>('clean');
  const at = ref(0);
  let keeper: DraftKeeper | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function load() {
    clearTimeout(timer);
    const { file, grant } = of();
    if (file === '') return;
    try {
      const { drafts } = await filesApi.fileDrafts(file, grant);
      // What is being written by now is newer.
      if (file === of().file && keeper === null)
        found.value = drafts.find((one) => one.kind === kind) ?? null;
    } catch (error) {
      if (error instanceof Refusal && away.includes(error.code)) timer = setTimeout(() => void load(), again);
    }
  }

  /** Begins to write; base tells the version of which it is a change. */
  function begin(base: () => number) {
    const { file, grant } = of();
    keeper = keepDraft(
      found.value?.rev ?? 0,
      async (rev, answers) => {
        found.value = await filesApi.keepFileDraft(file, grant, kind, base(), rev, answers);
      },
      (now) => {
        state.value = now;
        if (now === 'saved') at.value = Date.now();
      },
    );
  }
  async function end() {
    const last = keeper;
    keeper = null;
    state.value = 'clean';
    await last?.flush();
  }
  /** It was saved as what it is, or nobody wants it: nothing of it is sent any more. */
  function forget() {
    keeper?.forget();
    keeper = null;
    found.value = null;
    state.value = 'clean';
  }
  /** Gives it up. */
  async function drop() {
    const { file, grant } = of();
    await keeper?.flush(); // what is on its way would be there again
    forget();
    await filesApi.dropFileDraft(file, grant, kind);
  }
  const flush = () => keeper?.flush() ?? Promise.resolve(true);
  const leave = () => {
    if (document.visibilityState === 'hidden') void flush();
  };

  watch(
    () => of().file,
    () => {
      void end();
      found.value = null;
      void load();
    },
  );
  onMounted(() => {
    void load();
    document.addEventListener('visibilitychange', leave);
  });
  onBeforeUnmount(() => {
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', leave);
    void end();
  });
  return { found, state, at, begin, end, drop, flush, forget, change: (now: Answers) => keeper?.change(now) };
}
