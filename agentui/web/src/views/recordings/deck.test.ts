import { expect, it } from 'vitest';
import { computed, nextTick, ref } from 'vue';
import type { Phase } from '../../state/phase';
import { mayPlay } from '../../state/player';
import { yielding } from './deck';

/** A player's sound without a browser. */
class Sound extends EventTarget {
  paused = true;
  play() {
    this.paused = false;
    this.dispatchEvent(new Event('play'));
    return Promise.resolve();
  }
  pause() {
    this.paused = true;
  }
}

it.each(['offer', 'talking', 'held', 'joining', 'assisting', 'kept'] as Phase[])(
  'is silent from the moment of %s, and stays so',
  async (busy) => {
    const phase = ref<Phase>('idle');
    const sound = new Sound();
    const deck = yielding(
      sound,
      computed(() => mayPlay(phase.value, false)),
    );
    deck.play();
    expect(sound.paused).toBe(false);
    phase.value = busy;
    expect(sound.paused, 'at once').toBe(true);
    deck.play();
    expect(sound.paused, 'pressed').toBe(true);
    await sound.play(); // the key of a headset
    expect(sound.paused, 'begun by something else').toBe(true);
    phase.value = 'wrap_up';
    await nextTick();
    expect(sound.paused, 'it does not go on by itself').toBe(true);
    deck.play();
    expect(sound.paused).toBe(false);
  },
);

it('is silent when a colleague asks for help', () => {
  const invited = ref(false);
  const sound = new Sound();
  yielding(
    sound,
    computed(() => mayPlay('idle', invited.value)),
  ).play();
  invited.value = true;
  expect(sound.paused).toBe(true);
});
