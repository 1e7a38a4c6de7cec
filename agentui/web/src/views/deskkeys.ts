// Keys and the words outside the page (title, notification) while the desk is shown.
import { onBeforeUnmount, onMounted, ref, watch } from 'vue';
import { useI18n } from 'vue-i18n';
import type { Console } from '../session/console';
import { duration } from '../state/clock';
import { type Action, actionOf, armedFor } from '../state/keys';
import { canBeAvailable } from '../state/phase';
import { pauseWished } from '../state/taping';

function takesText(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.closest('input, textarea, select, [role="dialog"]') !== null)
  );
}

/** The panel that is open on the card of a call. */
export type CallPanel = 'consult' | 'outside' | 'keypad' | 'risk' | 'after' | 'recording';

/** Listens for the keys of state/keys.ts; `armed` is true between the two presses that end a call or one's part in it. */
export function useDeskKeys(console: Console) {
  const armed = ref(false);
  const panel = ref<CallPanel | null>(null);
  const toggle = (name: CallPanel) => {
    panel.value = panel.value === name ? null : name;
  };
  watch(
    () => console.self.value?.call?.call ?? '',
    () => {
      panel.value = null;
    },
  );
  let armedAt = -Infinity;
  let disarm: ReturnType<typeof setTimeout> | undefined;

  const perform: Record<Action, () => void> = {
    accept: () => void console.accept(),
    decline: () => void console.decline(),
    mute: () => {
      console.toggleMute();
    },
    hold: () => void console.toggleHold(),
    consult: () => {
      toggle('consult');
    },
    outside: () => {
      toggle('outside');
    },
    keypad: () => {
      toggle('keypad');
    },
    after: () => {
      toggle('after');
    },
    risk: () => {
      toggle('risk');
    },
    recording: () => {
      const call = console.self.value?.call;
      if (call && pauseWished(call)) void console.record();
      else toggle('recording');
    },
    arm_hangup: () => {
      armed.value = true;
      armedAt = Date.now();
      clearTimeout(disarm);
      disarm = setTimeout(() => {
        armed.value = false;
      }, armedFor);
    },
    hangup: () => {
      armed.value = false;
      armedAt = -Infinity;
      void console.hangup();
    },
    leave: () => {
      armed.value = false;
      armedAt = -Infinity;
      void console.leaveCall();
    },
    invite_accept: () => void console.answerInvitation(true),
    invite_refuse: () => void console.answerInvitation(false),
    sos: () => {
      console.help.want();
    },
    wrapup_extend: () => void console.act({ type: 'wrapup_extend' }),
    wrapup_done: () => void console.act({ type: 'wrapup_done' }),
    available: () => {
      if (canBeAvailable(console.self.value)) void console.act({ type: 'ready' });
    },
  };

  const onKey = (event: KeyboardEvent) => {
    if (!console.answers.value || event.isComposing) return;
    if (event.key === 'Escape' && panel.value !== null && !event.defaultPrevented) panel.value = null;
    const stroke = {
      code: event.code,
      shift: event.shiftKey,
      alt: event.altKey,
      modified: event.ctrlKey || event.metaKey,
      repeat: event.repeat,
      typing: takesText(event.target),
    };
    const invited = console.self.value?.invite !== null && console.self.value !== null;
    const action = actionOf(stroke, console.phase.value, invited, armedAt, Date.now());
    if (action === null) return;
    event.preventDefault();
    perform[action]();
  };
  onMounted(() => {
    window.addEventListener('keydown', onKey);
  });
  onBeforeUnmount(() => {
    window.removeEventListener('keydown', onKey);
    clearTimeout(disarm);
  });
  return { armed, panel, toggle };
}

/** The tab's title and, when allowed and the page is hidden, a notification say that a call is there. */
export function useCallForAttention(console: Console): void {
  const { t, locale } = useI18n();
  let notification: Notification | null = null;

  watch(
    [() => console.self.value?.offer ?? null, locale],
    ([offer]) => {
      document.title = offer ? `● ${t('offer.documentTitle', { line: offer.line_name })}` : t('app.name');
    },
    { immediate: true },
  );
  watch(
    () => console.self.value?.offer?.offer ?? '',
    () => {
      notification?.close();
      notification = null;
      const offer = console.self.value?.offer;
      if (!offer || !document.hidden || !('Notification' in window) || Notification.permission !== 'granted')
        return;
      notification = new Notification(t('offer.documentTitle', { line: offer.line_name }), {
        body: t('offer.notificationBody', { tier: t(`tier.${offer.tier}`), time: duration(offer.waited_ms) }),
        tag: 'offer',
        requireInteraction: true,
      });
      notification.onclick = () => {
        window.focus();
      };
    },
  );
  onBeforeUnmount(() => {
    notification?.close();
    document.title = t('app.name');
  });
}
