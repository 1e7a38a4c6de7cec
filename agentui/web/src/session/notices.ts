import { ref } from 'vue';
import { Refusal } from '../state/requests';

/** Something to say to the person; words come from the locale files. */
export interface Notice {
  readonly id: number;
  readonly code: string;
  readonly params: Readonly<Record<string, string | number>>;
}

const shownFor = 9000;

export class Notices {
  readonly list = ref<Notice[]>([]);
  #next = 1;

  refused(error: unknown): void {
    const refusal = error instanceof Refusal ? error : new Refusal('internal');
    const notice = { id: this.#next++, code: refusal.code, params: refusal.params };
    // The same thing said twice is one notice.
    this.list.value = [...this.list.value.filter((other) => other.code !== notice.code), notice].slice(-3);
    setTimeout(() => {
      this.dismiss(notice.id);
    }, shownFor);
  }

  dismiss(id: number): void {
    this.list.value = this.list.value.filter((notice) => notice.id !== id);
  }
}
