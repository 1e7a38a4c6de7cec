// Which services of the directory an administrator sees. Pure.
import type { DirectoryEntry } from '../../protocol/services';

/** So many are shown at once; what is looked for comes first. */
export const mostShown = 200;

export interface Numbered {
  service: DirectoryEntry;
  /** Its place in the document, from 0. */
  at: number;
}

/** Those in which every word that was typed is found, and the open one in any case; rest is how many more there are. */
export function looked(
  all: readonly DirectoryEntry[],
  typed: string,
  open: string,
): { rows: Numbered[]; rest: number } {
  const words = typed
    .toLowerCase()
    .split(/\s+/)
    .filter((one) => one !== '');
  const found = all
    .map((service, at) => ({ service, at }))
    .filter(({ service }) => {
      const text = [...Object.values(service.names), service.region, service.phone, service.address]
        .join(' ')
        .toLowerCase();
      return service.id === open || words.every((one) => text.includes(one));
    });
  const rows = found.filter(({ service }, i) => i < mostShown || service.id === open);
  return { rows, rest: found.length - rows.length };
}
