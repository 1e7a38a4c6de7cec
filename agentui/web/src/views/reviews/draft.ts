// A score sheet that saves itself: half a second after the last change, once a request is done and not before, and when its page goes.
import { onBeforeUnmount, ref, shallowRef, watch } from 'vue';
import type { Mark, ReviewScore } from '../../protocol/reviews';
import { reviewsApi } from '../../session/reviews';

const pause = 500;
const againAfter = 5000;

export type Saved = 'clean' | 'dirty' | 'saving' | 'kept' | 'failed';

export function useDraft(review: string, own: ReviewScore) {
  const marks = shallowRef<Readonly<Record<string, Mark>>>(own.marks);
  const whole = ref(own.words);
  const saved = ref<Saved>('clean');
  let timer: ReturnType<typeof setTimeout> | undefined;
  let writing: Promise<void> | undefined;
  let over = false;

  /** Changes what is said of an item; one without a mark yet may have moments and words already. */
  function put(item: string, change: Partial<Mark>) {
    const old = marks.value[item] ?? { points: -1, none: false, moments: [], words: '' };
    marks.value = { ...marks.value, [item]: { ...old, ...change } };
  }

  watch([marks, whole], () => {
    if (over) return;
    saved.value = 'dirty';
    later(pause);
  });
  function later(ms: number) {
    clearTimeout(timer);
    timer = setTimeout(() => void write(), ms);
  }
  async function write() {
    clearTimeout(timer);
    await writing;
    if (over || (saved.value !== 'dirty' && saved.value !== 'failed')) return;
    saved.value = 'saving';
    writing = reviewsApi.keep(review, marks.value, whole.value).then(
      () => {
        if (saved.value === 'saving') saved.value = 'kept';
      },
      () => {
        saved.value = 'failed';
        if (!over) later(againAfter);
      },
    );
    await writing;
    writing = undefined;
  }
  /** It was handed in: nothing is to be saved any more. */
  function take() {
    over = true;
    clearTimeout(timer);
  }
  onBeforeUnmount(() => {
    const last = write();
    void last.finally(take);
  });
  return { marks, whole, saved, put, take, flush: write };
}
