// The deck: one audio element that reads by ranges, what it does now, and what a person does with it.
import { computed, onBeforeUnmount, type Ref, ref, watch } from 'vue';
import { beyond, otherRate, silences } from '../../state/player';
import type { Teller } from './tell';

/**
 * Sounds only while it may, and is silent the moment it may not: also when the keys of a headset, or the browser, begin it. It does not go on by
 * itself afterwards: who comes from a call presses again.
 */
export function yielding(
  audio: Pick<HTMLAudioElement, 'play' | 'pause' | 'addEventListener'>,
  may: Ref<boolean>,
) {
  watch(
    may,
    (now) => {
      if (!now) audio.pause();
    },
    { flush: 'sync' },
  );
  audio.addEventListener('play', () => {
    if (!may.value) audio.pause();
  });
  return {
    play: () => {
      if (may.value) void audio.play().catch(() => undefined); // a browser that wants a press first shows the button
    },
  };
}

export function useDeck(
  audio: HTMLAudioElement,
  peaks: Ref<Uint8Array | null>,
  teller: Teller,
  may: Ref<boolean>,
) {
  const { play } = yielding(audio, may);
  const at = ref(0);
  const playing = ref(false);
  const waiting = ref(false);
  const rate = ref(1);
  const skipping = ref(false);
  const still = computed(() => (peaks.value ? silences(peaks.value) : []));

  const now = () => audio.currentTime * 1000;

  // Ten times a second and not each frame: nobody sees the difference, and a page that plays for an hour stays cool.
  const tick = setInterval(() => {
    at.value = now();
    if (!skipping.value || audio.paused) return;
    const to = beyond(still.value, at.value);
    if (to !== null) audio.currentTime = to / 1000;
  }, 100);

  const heard: readonly [string, () => void][] = [
    [
      'play',
      () => {
        playing.value = true;
        teller.say('play', now());
      },
    ],
    [
      'pause',
      () => {
        playing.value = false;
        teller.say('pause', now());
      },
    ],
    ['waiting', () => (waiting.value = true)],
    ['playing', () => (waiting.value = false)],
    ['canplay', () => (waiting.value = false)],
    ['seeked', () => (at.value = now())],
  ];
  for (const [name, fn] of heard) audio.addEventListener(name, fn);

  function seek(to: number): void {
    const end = Number.isFinite(audio.duration) ? audio.duration * 1000 : to;
    const target = Math.min(Math.max(to, 0), end);
    teller.say('seek', now(), target);
    audio.currentTime = target / 1000;
    at.value = target;
  }
  function toggle(): void {
    if (audio.paused) play();
    else audio.pause();
  }
  function faster(way: 1 | -1): void {
    rate.value = otherRate(rate.value, way);
  }
  watch(rate, (value) => {
    audio.playbackRate = value;
    audio.preservesPitch = true;
  });

  onBeforeUnmount(() => {
    clearInterval(tick);
    audio.pause();
    for (const [name, fn] of heard) audio.removeEventListener(name, fn);
    teller.say('pause', now());
    teller.flush();
    // Lets go of the connection and of what is in memory.
    audio.removeAttribute('src');
    audio.load();
  });

  return { at, playing, waiting, rate, skipping, still, seek, play, toggle, faster };
}
