// Words by language and part: locales/<language>/<part>.json comes with the first screen, locales/<language>/later/<part>.json with the page
// that names it (later, below), so that a counsellor's first screen does not carry every page's words.
import { createI18n } from 'vue-i18n';
import { type Component, defineAsyncComponent } from 'vue';

export const locales = ['zh-CN', 'en'] as const;
export type Locale = (typeof locales)[number];

export type Words = { [name: string]: string | Words };

const first = import.meta.glob<Words>('./*/*.json', { eager: true, import: 'default' });
const others = import.meta.glob<Words>('./*/later/*.json', { import: 'default' });

export function isLocale(value: string | null): value is Locale {
  return value !== null && (locales as readonly string[]).includes(value);
}

function firstWords(locale: Locale): Words {
  const parts = Object.entries(first).filter(([path]) => path.startsWith(`./${locale}/`));
  return Object.assign({}, ...parts.map(([, words]) => words)) as Words;
}

export function createLocales(locale: Locale) {
  return createI18n({
    legacy: false,
    locale,
    fallbackLocale: 'zh-CN',
    messages: { 'zh-CN': firstWords('zh-CN'), en: firstWords('en') },
  });
}

type Merge = (locale: Locale, words: Words) => void;
let merge: Merge = () => {
  throw new Error('words were asked for before useLater');
};

/** Tells where words that come later go; called once, when the app begins. */
export function useLater(into: Merge): void {
  merge = into;
}

/** A page that loads when it is opened, and the words of its parts with it. */
export function later(load: () => Promise<{ default: Component }>, ...parts: string[]) {
  return defineAsyncComponent(async () => {
    const [page] = await Promise.all([load(), ...parts.map(laterWords)]);
    return page;
  });
}

/** Loads the words of a part, in every language: a person may switch while the page is open. */
export async function laterWords(part: string): Promise<void> {
  await Promise.all(
    locales.map(async (locale) => {
      const load = others[`./${locale}/later/${part}.json`];
      if (load === undefined) throw new Error(`no words for ${part} in ${locale}`);
      merge(locale, await load());
    }),
  );
}
