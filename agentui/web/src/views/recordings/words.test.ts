import { describe, expect, it } from 'vitest';
import { createLocales, laterWords, type Locale, locales, useLater } from '../../locales';
import type { TapeMark } from '../../protocol/recordings';
import { titleOf, type Words } from './words';

const i18n = createLocales('zh-CN');
useLater((locale, words) => {
  i18n.global.mergeLocaleMessage(locale, words);
});
await laterWords('tapes');

function wordsOf(locale: Locale): Words {
  return {
    locale,
    word: (key, otherwise) => (i18n.global.te(key, locale) ? i18n.global.t(key, {}, { locale }) : otherwise),
    reasons: [{ id: 'bank', names: { 'zh-CN': '银行信息', en: 'bank details' } }],
  };
}
const mark = (kind: string, code: string): TapeMark => ({
  kind,
  from_ms: 0,
  to_ms: 1000,
  who: '',
  name: '',
  code,
});

describe.each(locales)('marks in %s', (locale) => {
  const title = (kind: string, code: string) => titleOf(mark(kind, code), wordsOf(locale));
  it.each(['lost', 'left', 'right', 'disk', 'slow', 'clock', 'restart', 'between'])(
    'say why something is missing: %s',
    (code) => {
      expect(title('gap', code)).not.toMatch(new RegExp(`· ${code}$`));
    },
  );
  it.each(['danger_key', 'low', 'moderate', 'high'])('say what danger there is: %s', (code) => {
    expect(title('risk', code)).not.toContain(code === 'danger_key' ? code : `· ${code}`);
  });
  it('have the names of people outside as they are', () => {
    expect(title('third', 'right')).toMatch(/ · right$/);
    expect(title('third', '')).not.toContain('·');
  });
  it('say why a recording was paused as the site does, and by the first reasons when it says no more', () => {
    expect(title('paused', 'bank')).toContain(locale === 'en' ? 'bank details' : '银行信息');
    expect(title('paused', 'secret')).not.toContain('secret');
  });
});
