// Which troubles a screen shows. The server tells each one as it sees it; a blip that mends itself within a second is not worth a counsellor's
// glance, and what was shown stays until it has been over for as long, so that a part that comes and goes does not flicker.

/** How long a trouble must last before it shows, and be over before it goes, in ms. */
export const settle = 1000;

interface Spell {
  /** When it began. */
  readonly since: number;
  /** When it was over, null while it lasts. */
  readonly over: number | null;
  readonly shown: boolean;
}

/** The troubles of now and of just now, by code. */
export type Spells = ReadonlyMap<string, Spell>;

export const calm: Spells = new Map();

/** Brings the spells to `now` (any clock that never goes back, ms), at which `told` is wrong. */
export function watched(spells: Spells, told: readonly string[], now: number): Spells {
  const next = new Map<string, Spell>();
  for (const code of told) {
    const { since, shown } = spells.get(code) ?? { since: now, shown: false };
    next.set(code, { since, over: null, shown: shown || now - since >= settle });
  }
  for (const [code, spell] of spells) {
    if (next.has(code) || !spell.shown) continue;
    const over = spell.over ?? now;
    if (now - over < settle) next.set(code, { ...spell, over });
  }
  return next;
}

/** The codes that a screen shows. */
export function shownOf(spells: Spells): string[] {
  return [...spells].filter(([, spell]) => spell.shown).map(([code]) => code);
}
