// What somebody is writing about a person, kept on the server while they write it, and there again for who opens the person anew.
import { onBeforeUnmount, onMounted, ref, shallowRef, watch } from 'vue';
import type { FileDraft, FileDraftKind } from '../../protocol/files';
import { filesApi } from '../../session/files';
import { type Answers, type DraftKeeper, type DraftState, keepDraft } from '../../state/drafts';
import { Refusal } from '../../state/requests';

const away = ['network', 'unavailable', 'timeout'];
// Another try would be refused as well: there is no such person any more, or not for this one to see.
const final = ['not_found', 'bad_request', 'grant_expired', 'forbidden'];
const again = 3000;

interface Writing {
  readonly file: string;
  readonly keeper: DraftKeeper;
  readonly base: () => number;
  /** The words that nobody has taken yet. */
  unsent: Answers | null;
}

/** `of`: about whom, and by which leave; without a file there is nothing to keep. */
export function useFileDraft(kind: FileDraftKind, of: () => { file: string; grant: string }) {
  const found = shallowRef<FileDraft | null>(null);
  const state = ref<DraftState>('clean');
  const at = ref(0);
  let writing: Writing | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function load() {
    clearTimeout(timer);
    const { file, grant } = of();
    if (file === '') return;
    try {
      const { drafts } = await filesApi.fileDrafts(file, grant);
      // What is being written by now is newer.
      if (file === of().file && writing === null)
        found.value = drafts.find((one) => one.kind === kind) ?? null;
    } catch (error) {
      if (error instanceof Refusal && away.includes(error.code)) timer = setTimeout(() => void load(), again);
    }
  }

  /** Begins to write; base tells the version of which it is a change. */
  function begin(base: () => number) {
    const { file, grant } = of();
    // An answer may come when somebody else is shown: their editor, and what is told of it, are not touched.
    const here = () => file === of().file && (writing === null || writing === mine);
    const keeper = keepDraft(
      found.value?.rev ?? 0,
      async (rev, answers) => {
        const kept = await filesApi.keepFileDraft(file, grant, kind, base(), rev, answers);
        if (mine.unsent === answers) mine.unsent = null;
        if (here() && mine.unsent === null) found.value = kept;
      },
      (now) => {
        if (writing !== mine) return;
        state.value = now;
        if (now === 'saved') at.value = Date.now();
      },
      (error) => error instanceof Refusal && final.includes(error.code),
    );
    const mine: Writing = { file, keeper, base, unsent: null };
    writing = mine;
  }
  function change(now: Answers) {
    if (writing === null) return;
    writing.unsent = now;
    writing.keeper.change(now);
  }
  /**
   * Closes the editor. What waits is sent once more; what cannot be sent is there again on this page. Nothing goes on trying: somebody else may be
   * signed in by then.
   */
  async function end() {
    const last = writing;
    writing = null;
    state.value = 'clean';
    if (last === null) return;
    if (last.unsent !== null && last.file === of().file)
      found.value = {
        kind,
        base: last.base(),
        rev: found.value?.rev ?? 0,
        at: Date.now(),
        answers: last.unsent,
      };
    await last.keeper.flush();
    last.keeper.forget();
  }
  /** It was saved as what it is, or nobody wants it: nothing of it is sent any more. */
  function forget() {
    writing?.keeper.forget();
    writing = null;
    found.value = null;
    state.value = 'clean';
  }
  /** Gives it up. */
  async function drop() {
    const { file, grant } = of();
    await writing?.keeper.flush(); // what is on its way would be there again
    forget();
    await filesApi.dropFileDraft(file, grant, kind);
  }
  const flush = () => writing?.keeper.flush() ?? Promise.resolve(true);
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
  return { found, state, at, begin, end, drop, flush, forget, change };
}
