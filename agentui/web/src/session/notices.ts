import { ref } from 'vue';
import type { Request } from '../protocol/messages';
import { Refusal } from '../state/requests';

/** Something to say to the person; words come from the locale files. */
export interface Notice {
  readonly id: number;
  readonly code: string;
  readonly params: Readonly<Record<string, string | number>>;
}

const shownFor = 9000;

// What nobody did because a part was away is said in the words of the action: whether a call was answered or ended must not be guessed.
export const ownWords: readonly Request['type'][] = ['accept', 'decline', 'hangup', 'not_ready'];

export class Notices {
  readonly list = ref<Notice[]>([]);
  #next = 1;

  refused(error: unknown, action?: Request['type']): void {
    const refusal = error instanceof Refusal ? error : new Refusal('internal');
    const own = refusal.code === 'unavailable' && action !== undefined && ownWords.includes(action);
    const code = own ? `unavailable_${action}` : refusal.code;
    const notice = { id: this.#next++, code, params: refusal.params };
    // The same thing said twice is one notice.
    this.list.value = [...this.list.value.filter((other) => other.code !== notice.code), notice].slice(-3);
    setTimeout(() => {
      this.dismiss(notice.id);
    }, shownFor);
  }

  /** What a notice asked for was done. */
  settled(code: string): void {
    this.list.value = this.list.value.filter((notice) => notice.code !== code);
  }

  dismiss(id: number): void {
    this.list.value = this.list.value.filter((notice) => notice.id !== id);
  }
}
