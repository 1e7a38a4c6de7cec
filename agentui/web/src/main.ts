import { createApp } from 'vue';
import { createLocales, isLocale, laterWords, useLater } from './locales';
import { Console, consoleKey } from './session/console';
import { preferences } from './session/preferences';
import './theme.css';
import App from './views/App.vue';

const chosen = preferences.locale();
const locale = isLocale(chosen) ? chosen : 'zh-CN';
const words = createLocales(locale);
useLater((name, message) => {
  words.global.mergeLocaleMessage(name, message);
});

// The secret of a big display comes behind the #, which no request and no log carries.
const wall = /^#wall=([\w-]+)$/.exec(location.hash);
const open = /^#public=([\w-]+)$/.exec(location.hash);
if (open) {
  const [{ default: PublicPage }] = await Promise.all([
    import('./views/statistics/PublicPage.vue'),
    laterWords('statistics'),
  ]);
  createApp(PublicPage, { secret: open[1] }).use(words).mount('#app');
} else if (wall) {
  document.documentElement.dataset.theme = 'dark';
  const [{ default: WallView }] = await Promise.all([
    import('./views/wall/WallView.vue'),
    laterWords('wall'),
  ]);
  createApp(WallView, { secret: wall[1] }).use(words).mount('#app');
} else {
  const console = new Console(document.getElementById('remote-audio') as HTMLAudioElement);
  createApp(App).use(words).provide(consoleKey, console).mount('#app');
  void console.begin();
}
