// The lines in force and the draft that somebody works on.
import { shallowRef } from 'vue';
import type { Shown, WholeVersion } from '../../protocol/lines';
import { linesApi } from '../../session/lines';
import { closePolicy, openPolicy, type PolicyDraft } from '../../state/draft';
import { keptFor, Sheet } from './sheet';

export class Shelf extends Sheet<WholeVersion, PolicyDraft> {
  /** What the site offers to choose from. */
  readonly shown: { value: Shown | null };

  constructor() {
    const shown = shallowRef<Shown | null>(null);
    super({
      load: async () => {
        const read = await linesApi.show();
        shown.value = read;
        return read.current;
      },
      save: (base, note, draft) => linesApi.save(base, note, closePolicy(draft)),
      history: linesApi.history,
      version: linesApi.version,
      restore: linesApi.restore,
      open: (version) => openPolicy(version.policy),
      shown: (version) => version.policy,
      close: closePolicy,
    });
    this.shown = shown;
  }
}

export const useShelf = keptFor(() => new Shelf());
