// What an administrator decided, as this page knows it: read at the sign-in, and again when the server says that it is another.
import { shallowRef } from 'vue';
import { type SettingsInForce, settingsInForce } from '../protocol/settings';
import { call } from './api';

const againAfter = 3000;

export class SiteSettings {
  /** null until they were read for the first time. */
  readonly now = shallowRef<SettingsInForce | null>(null);
  #wanted = -1;
  #running = false;

  /** Called with the version that the server names. */
  follow(version: number): void {
    if (version === this.#wanted) return;
    this.#wanted = version;
    void this.#read();
  }

  forget(): void {
    this.#wanted = -1;
    this.now.value = null;
  }

  async #read(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#wanted >= 0 && (this.now.value?.version ?? -1) < this.#wanted) {
        const read = await call('GET', '/api/settings', settingsInForce).catch(() => null);
        if (read === null) await new Promise((go) => setTimeout(go, againAfter));
        else if (this.#wanted >= 0) this.#take(read);
      }
    } finally {
      this.#running = false;
    }
  }

  #take(read: SettingsInForce): void {
    this.now.value = read;
    document.documentElement.dataset.palette = read.settings.palette;
    this.#wanted = Math.max(this.#wanted, read.version);
  }
}
