// The picture of a recording, brought nearer and wider; it follows the player.
import { computed, type Ref, ref, shallowRef, watch } from 'vue';
import { shown, steps, type View, viewOf } from '../../state/zoom';

/** What the picture shows, how near it is, and how near it can come. */
export interface Picture {
  readonly view: View;
  readonly step: number;
  readonly steps: number;
}

export function useZoom(length: Readonly<Ref<number>>, at: Ref<number>, peaks: Ref<Uint8Array | null>) {
  const step = ref(0);
  const view = shallowRef(viewOf(length.value, at.value, 0, null));
  watch([at, step, length], () => {
    view.value = viewOf(length.value, at.value, step.value, view.value);
  });
  const picture = computed<Picture>(() => ({
    view: view.value,
    step: step.value,
    steps: steps(length.value),
  }));
  const drawn = computed(() => (peaks.value ? shown(peaks.value, view.value) : null));
  return {
    view,
    picture,
    drawn,
    nearer: () => {
      step.value = Math.min(step.value + 1, picture.value.steps);
    },
    wider: () => {
      step.value = Math.max(step.value - 1, 0);
    },
  };
}
