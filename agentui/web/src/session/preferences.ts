// What a person chose on this machine. Storage may be full or forbidden: then the choice lasts until the page is closed.
import type { Choice } from '../media/microphone';
import { call, type Call } from '../protocol/structures';

const prefix = 'hotline.';

function read(name: string): string | null {
  try {
    return localStorage.getItem(prefix + name);
  } catch {
    return null;
  }
}

function write(name: string, value: string): void {
  try {
    localStorage.setItem(prefix + name, value);
  } catch {
    // see above
  }
}

export type Theme = 'light' | 'dark';

const mutedIn = `${prefix}muted`;

/** The call in which this tab is muted; survives a refresh, not the tab. */
export const mutedCall = {
  get: (): string => {
    try {
      return sessionStorage.getItem(mutedIn) ?? '';
    } catch {
      return '';
    }
  },
  set: (call: string) => {
    try {
      sessionStorage.setItem(mutedIn, call);
    } catch {
      // see above
    }
  },
};

export const preferences = {
  locale: () => read('locale'),
  setLocale: (locale: string) => {
    write('locale', locale);
  },
  theme: (): Theme | null => {
    const theme = read('theme');
    return theme === 'light' || theme === 'dark' ? theme : null;
  },
  setTheme: (theme: Theme) => {
    write('theme', theme);
  },
  microphone: (): Choice => ({ device: read('microphone') ?? '', processing: read('processing') !== 'off' }),
  setMicrophone: (choice: Choice) => {
    write('microphone', choice.device);
    write('processing', choice.processing ? 'on' : 'off');
  },
  reason: () => read('reason'),
  setReason: (reason: string) => {
    write('reason', reason);
  },
};

/** The call that was talked in last in this tab: a page that is loaded again in wrap-up still knows what its form is about. */
export const rememberedCall = {
  get(): Call | null {
    try {
      return call(JSON.parse(sessionStorage.getItem('hotline.lastCall') ?? ''), '');
    } catch {
      return null;
    }
  },
  set(row: Call | null): void {
    try {
      if (row === null) sessionStorage.removeItem('hotline.lastCall');
      else sessionStorage.setItem('hotline.lastCall', JSON.stringify({ ...row, quality: null, parties: [] }));
    } catch {
      // it lasts until the page is closed
    }
  },
};
