// A score sheet that saves itself: half a second after the last change, once a request is done and not before, and when its page goes.
import { onScopeDispose, ref, shallowRef, watch } from 'vue';
import type { Mark, ReviewScore } from '../../protocol/reviews';

const pause = 500;
const againAfter = 5000;

export type Saved = 'clean' | 'dirty' | 'saving' | 'kept' | 'failed';
type Marks = Readonly<Record<string, Mark>>;

/** keep writes to the server; lost is told when the page went and the last write failed: nobody is there to try again. */
export function useDraft(
  own: ReviewScore,
  keep: (marks: Marks, whole: string) => Promise<unknown>,
  lost: (error: unknown) => void,
) {
  const marks = shallowRef<Marks>(own.marks);
  const whole = ref(own.words);
  const saved = ref<Saved>('clean');
  let timer: ReturnType<typeof setTimeout> | undefined;
  let writing: Promise<void> | undefined;
  let held = false; // nothing is written for now
  let gone = false;
  let fault: unknown;

  /** Changes what is said of an item; one without a mark yet may have moments and words already. */
  function put(item: string, change: Partial<Mark>) {
    const old = marks.value[item] ?? { points: -1, none: false, moments: [], words: '' };
    marks.value = { ...marks.value, [item]: { ...old, ...change } };
  }

  // At once, not with the next picture: the page may go before that.
  watch(
    [marks, whole],
    () => {
      saved.value = 'dirty';
      if (!held) later(pause);
    },
    { flush: 'sync' },
  );
  const unsaved = () => saved.value === 'dirty' || saved.value === 'failed';
  function later(ms: number) {
    clearTimeout(timer);
    timer = setTimeout(() => void write(), ms);
  }
  /** Writes what is not saved; false: it could not be. */
  async function write(): Promise<boolean> {
    clearTimeout(timer);
    while (writing) await writing;
    if (held || !unsaved()) return !unsaved();
    saved.value = 'saving';
    writing = keep(marks.value, whole.value).then(
      () => {
        if (saved.value === 'saving') saved.value = 'kept';
      },
      (error: unknown) => {
        saved.value = 'failed';
        fault = error;
        if (!gone) later(againAfter);
      },
    );
    await writing;
    writing = undefined;
    return !unsaved();
  }
  /** From now on nothing is written: the sheet was handed in, or is being given back. */
  function take() {
    held = true;
    clearTimeout(timer);
  }
  /** Saves the last change and holds still, before the sheet is left; it throws when that cannot be saved. */
  async function leave() {
    if (!(await write())) throw fault;
    take();
  }
  /** Leaving it came to nothing. */
  function resume() {
    held = false;
    if (unsaved()) later(pause);
  }
  onScopeDispose(() => {
    gone = true;
    clearTimeout(timer);
    if (held) return;
    void write().then((done) => {
      if (!done) lost(fault);
      take();
    });
  });
  return { marks, whole, saved, put, take, leave, resume, flush: write };
}
