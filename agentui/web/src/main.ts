import { createApp } from 'vue';
import { createLocales, isLocale, useLater } from './locales';
import { Console, consoleKey } from './session/console';
import { preferences } from './session/preferences';
import './theme.css';
import App from './views/App.vue';

const chosen = preferences.locale();
const locale = isLocale(chosen) ? chosen : 'zh-CN';
const console = new Console(document.getElementById('remote-audio') as HTMLAudioElement);

const words = createLocales(locale);
useLater((name, message) => {
  words.global.mergeLocaleMessage(name, message);
});

createApp(App).use(words).provide(consoleKey, console).mount('#app');
void console.begin();
