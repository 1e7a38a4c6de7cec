// What an administrator decided for every page (docs/protocol.md, section 8): the answer of GET /api/settings.
import {
  count,
  flag,
  list,
  nullable,
  oneOf,
  type Read,
  type Reader,
  record,
  ShapeError,
  text,
} from './shape';

/** A text by language. */
export const words: Reader<Record<string, string>> = (value, path) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ShapeError(path, 'object');
  }
  return Object.fromEntries(
    Object.entries(value).map(([locale, entry]) => [locale, text(entry, `${path}.${locale}`)]),
  );
};

export const palettes = ['red_yellow_blue', 'red_yellow_green'] as const;
export const askKinds = ['one', 'many', 'text'] as const;

const named = record({ id: text, names: words });
const template = record({ id: text, names: words, texts: words });
const question = record({
  id: text,
  names: words,
  kind: oneOf(...askKinds),
  choices: list(named),
  required: flag,
  when: nullable(record({ question: text, choice: text })),
});
const skillName = record({ skill: text, names: words });

export const settings = record({
  templates: list(template),
  timers: list(count),
  wrap_up: record({ seconds: count, most: count }),
  supervised: flag,
  palette: oneOf(...palettes),
  retention: record({ decisions: count, ordinary: count, high_risk: count, automatic: flag }),
  disposition: list(question),
  reasons: list(named),
  recording: record({ own: flag, pause: flag, seconds: count, at_risk: flag, reasons: list(named) }),
  skills: list(skillName),
});
export const settingsInForce = record({ version: count, settings });

export const skillUses = record({ skills: list(record({ skill: text, lines: list(text), people: count })) });
export const skillRenamed = record({ people: count, lines: flag });

export type SkillUses = Read<typeof skillUses>;
export type Words = Read<typeof words>;
export type Named = Read<typeof named>;
export type Template = Read<typeof template>;
export type Question = Read<typeof question>;
export type SkillName = Read<typeof skillName>;
export type Settings = Read<typeof settings>;
export type SettingsInForce = Read<typeof settingsInForce>;

/** A text in a language, or in the one that there is. */
export function inLanguage(names: Words, locale: string, otherwise = ''): string {
  return [names[locale], ...Object.values(names)].find((one) => one !== undefined && one !== '') ?? otherwise;
}
