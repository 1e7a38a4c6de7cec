// Puts the parts together: who is signed in, the websocket, the headset, the desk. Views read its refs and call its actions.
import { computed, type InjectionKey, inject, ref, shallowRef, watch } from 'vue';
import { Ring } from '../media/ring';
import { type Answers, formKept } from '../protocol/care';
import type { Request, ServerFrame } from '../protocol/messages';
import type { Call, Config, Me, Self } from '../protocol/structures';
import { serverNow } from '../state/clock';
import { controlsOf } from '../state/control';
import { type Desk, emptyDesk, fold } from '../state/desk';
import { phaseOf } from '../state/phase';
import { Refusal } from '../state/requests';
import { pauseWished } from '../state/taping';
import { calm, shownOf, watched } from '../state/trouble';
import { api } from './api';
import { careApi } from './care';
import { Headset } from './headset';
import { HelpCall } from './help';
import { KeptForms } from './keptforms';
import { Link, type LinkState } from './link';
import { OpenForms } from './openforms';
import { Notices } from './notices';
import { mutedCall, rememberedCall } from './preferences';
import { SiteSettings } from './settings';

/** `unfinished`: the password was right, and more must come before anything else. */
export type Stage = 'loading' | 'signed_out' | 'unfinished' | 'desk';

const defaults: Config = {
  locale: 'zh-CN',
  locales: ['zh-CN', 'en'],
  reasons: ['break', 'meal', 'training', 'meeting', 'technical'],
  ice_servers: [],
  codec: 'PCMA',
  demo: false,
  provider: '',
  idle_lock_ms: 900_000,
};

export class Console {
  readonly stage = ref<Stage>('loading');
  readonly config = shallowRef<Config>(defaults);
  readonly me = shallowRef<Me | null>(null);
  readonly desk = shallowRef<Desk>(emptyDesk);
  readonly linkState = ref<LinkState>('off');
  /** Server time in ms, four times a second. */
  readonly now = ref(Date.now());
  /** What is under way, so that a button shows it and does not fire twice. */
  readonly busy = ref<ReadonlySet<Request['type']>>(new Set());
  /** The microphone check of this shift is still open. */
  readonly checking = ref(false);
  /** The console is locked: everything is hidden until the person proves who they are, or a call comes. */
  readonly locked = ref(false);
  /** Codes of the parts that have been away for more than a moment. */
  readonly trouble = shallowRef<readonly string[]>([]);
  readonly notices = new Notices();
  readonly settings = new SiteSettings();
  readonly openForms = new OpenForms();
  readonly forms = new KeptForms(
    () => localStorage,
    () => (this.stage.value === 'desk' ? (this.me.value?.user ?? '') : ''),
    (call, sealed) => careApi.saveKept(call, sealed),
  );
  /** The call that was talked in last: what is to be said of it afterwards needs its id. */
  readonly lastCall = shallowRef<Call | null>(rememberedCall.get());

  readonly self = computed(() => this.desk.value.self);
  readonly emergency = computed(() => this.desk.value.emergency);
  readonly phase = computed(() => phaseOf(this.self.value));
  /** Takes calls: administrators only look. */
  readonly answers = computed(() => ['agent', 'supervisor'].includes(this.me.value?.role ?? ''));

  readonly headset: Headset;
  readonly ring = new Ring();
  readonly help = new HelpCall(
    () => this.self.value,
    (request) => this.#link.request(request),
  );
  readonly #link: Link;
  #spells = calm;
  #resumed = false;
  #leaving = false;

  constructor(element: HTMLAudioElement) {
    this.#link = new Link(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`, {
      state: (state) => {
        this.#onLink(state);
      },
      live: (snapshot) => {
        this.#onLive(snapshot.self);
      },
      down: () => {
        this.headset.tell({ type: 'link_down' });
      },
      frame: (frame) => {
        this.#onFrame(frame);
      },
      unopened: () => void this.#recheck(),
      leg: () => this.headset.liveLeg,
    });
    this.headset = new Headset(
      element,
      (request) => this.#link.request(request),
      () => ({ iceServers: this.config.value.ice_servers, codec: this.config.value.codec }),
    );
    this.#watchRing();
    this.#watchWorld();
    setInterval(() => {
      this.now.value = serverNow(this.desk.value.clock, Date.now());
      this.#watchTrouble();
      this.help.tick();
    }, 250);
    setInterval(() => void this.forms.send(), 2000);
    // Relay credentials run out; a leg made hours into a shift needs fresh ones.
    setInterval(() => {
      if (this.config.value.ice_servers.length > 0) void this.#refreshConfig();
    }, 10 * 60_000);
  }

  /** Goes on with a session that the cookie still names, or shows the log-in. */
  async begin(): Promise<void> {
    const [config, me] = await Promise.allSettled([api.config(), api.me()]);
    if (config.status === 'fulfilled') this.config.value = config.value;
    if (me.status === 'fulfilled') this.#admit(me.value, wasReloaded());
    else this.#leave(me.reason instanceof Refusal && me.reason.code !== 'signed_out' ? me.reason : null);
  }

  /** Must be called from the click or key that logs in: it opens sound for the whole shift. */
  async login(username: string, password: string): Promise<void> {
    void this.headset.speaker.unlock();
    await this.proceed(await api.login(username, password));
  }

  /** Goes on with a sign-in of which a step was done. */
  async proceed(me: Me): Promise<void> {
    // Asked again: relay credentials are given to those who signed in only. Without them most networks still work.
    if (!unfinished(me)) await this.#refreshConfig();
    this.checking.value = true;
    this.#admit(me, false);
  }

  #admit(me: Me, takeover: boolean): void {
    if (unfinished(me)) {
      this.me.value = me;
      this.stage.value = 'unfinished';
      return;
    }
    this.locked.value = me.next === 'unlock';
    this.#enter(me, takeover);
  }

  async logout(): Promise<void> {
    this.#leaving = true; // the server says signed_out too; that is no news then
    try {
      const leg = this.headset.legId;
      if (leg !== '') void this.#link.request({ type: 'leg_close', leg }).catch(() => undefined);
      await api.logout();
      this.#leave(null);
    } catch (error) {
      this.notices.refused(error);
    } finally {
      this.#leaving = false;
    }
  }

  /** Takes the session from the other window. */
  takeOver(): void {
    this.#link.start(true);
  }

  /** Sends a request and shows a refusal in words; true when it was done. */
  async act(request: Request): Promise<boolean> {
    if (this.busy.value.has(request.type)) return false;
    this.busy.value = new Set([...this.busy.value, request.type]);
    try {
      await this.#link.request(request);
      return true;
    } catch (error) {
      this.notices.refused(error, request.type);
      return false;
    } finally {
      this.busy.value = new Set([...this.busy.value].filter((type) => type !== request.type));
    }
  }

  /** Keeps a form here while the database is away, and only then is let go; throws when it could not be. */
  async keepForm(call: string, form: number, answers: Answers): Promise<void> {
    const kept = await this.#link.request({ type: 'form_keep', call, form, answers });
    this.forms.keep(call, formKept(kept, 'result').sealed);
    await this.#link.request({ type: 'form_stored', call });
  }

  async accept(): Promise<void> {
    const offer = this.self.value?.offer?.offer;
    if (offer === undefined) return;
    this.ring.stop();
    void this.headset.speaker.unlock();
    await this.act({ type: 'accept', offer });
  }

  async decline(): Promise<void> {
    const offer = this.self.value?.offer?.offer;
    if (offer !== undefined) await this.act({ type: 'decline', offer });
  }

  async hangup(): Promise<void> {
    const call = this.self.value?.call?.call;
    if (call !== undefined) await this.act({ type: 'hangup', call });
  }

  /** Hold audio for the caller, or back. The server refuses what a row that has just changed made wrong. */
  async toggleHold(): Promise<void> {
    const call = this.self.value?.call;
    if (!call) return;
    const can = controlsOf(call);
    if (can.resume === 'yes') await this.act({ type: 'resume', call: call.call });
    else if (can.hold === 'yes') await this.act({ type: 'hold', call: call.call });
  }

  /** The recording goes on. */
  async record(): Promise<void> {
    const call = this.self.value?.call;
    if (call && pauseWished(call)) await this.act({ type: 'record_resume', call: call.call });
  }

  async answerInvitation(yes: boolean): Promise<void> {
    const call = this.self.value?.invite?.call.call;
    if (call === undefined) return;
    this.ring.stop();
    if (yes) void this.headset.speaker.unlock();
    await this.act({ type: yes ? 'invite_accept' : 'invite_refuse', call });
  }

  /** Ends one's own part in another's call. */
  async leaveCall(): Promise<void> {
    const call = this.self.value?.assist?.call.call;
    if (call !== undefined) await this.act({ type: 'leave', call });
  }

  /** Mutes here first: that must work also while the server is away. */
  toggleMute(): void {
    const muted = !this.headset.muted.value;
    this.headset.setMuted(muted);
    mutedCall.set(muted ? (this.self.value?.call?.call ?? '') : '');
    this.#tellMuted();
  }

  #tellMuted(): void {
    void this.#link.request({ type: 'mute', muted: this.headset.muted.value }).catch(() => undefined);
  }

  async #refreshConfig(): Promise<void> {
    this.config.value = await api.config().catch(() => this.config.value);
  }

  #enter(me: Me, takeover: boolean): void {
    this.me.value = me;
    this.#resumed = false;
    this.stage.value = 'desk';
    void this.forms.send();
    if (this.answers.value) void this.headset.speaker.unlock(); // after a refresh there was no click: finds out whether one is needed
    if (this.answers.value && (this.checking.value || takeover)) void this.headset.warm();
    this.#link.start(takeover);
  }

  #leave(refusal: Refusal | null): void {
    this.#link.stop('off');
    this.headset.release();
    this.ring.stop();
    this.me.value = null;
    this.desk.value = emptyDesk;
    this.#remember(null);
    this.settings.forget();
    this.openForms.forget();
    this.checking.value = false;
    this.locked.value = false;
    this.stage.value = 'signed_out';
    this.forms.look();
    if (refusal) this.notices.refused(refusal);
  }

  #onLink(state: LinkState): void {
    this.linkState.value = state;
    if (state === 'displaced' || state === 'second_session') {
      this.ring.stop();
      this.headset.release();
      this.desk.value = emptyDesk;
    }
    if (state === 'signed_out') this.#leave(this.#leaving ? null : new Refusal('signed_out'));
  }

  #onLive(self: Self): void {
    if (!this.answers.value) return;
    // A refresh in the middle of a call must not open a microphone that was closed.
    if (!this.#resumed && self.call !== null && mutedCall.get() === self.call.call)
      this.headset.setMuted(true);
    this.#resumed = true;
    if (self.muted !== this.headset.muted.value) this.#tellMuted();
    this.headset.tell({ type: 'live', serverLeg: self.leg });
    if (!this.headset.open.value) void this.headset.warm();
  }

  #onFrame(frame: ServerFrame): void {
    if (frame.type === 'leg_lost') {
      this.headset.tell({ type: 'lost', id: frame.leg });
      return;
    }
    if (frame.type === 'locked') {
      this.locked.value = frame.on;
      return;
    }
    const before = this.desk.value;
    const after = fold(before, frame, Date.now());
    this.desk.value = after;
    if (!after.stale) this.settings.follow(after.settings);
    if (after.self?.call) this.#remember(after.self.call);
    if (after.stale && !before.stale) void this.#link.request({ type: 'snapshot' }).catch(() => undefined);
  }

  #remember(call: Call | null): void {
    if (call?.call !== this.lastCall.value?.call || call?.tier !== this.lastCall.value?.tier)
      rememberedCall.set(call);
    this.lastCall.value = call;
  }

  // While the server itself cannot be reached, what it said last is no news: the screen says only that.
  #watchTrouble(): void {
    if (this.linkState.value !== 'live' && this.linkState.value !== 'connecting') this.#spells = calm;
    else if (this.linkState.value === 'live')
      this.#spells = watched(this.#spells, this.desk.value.trouble, performance.now());
    const shown = shownOf(this.#spells);
    if (shown.join() !== this.trouble.value.join()) this.trouble.value = shown;
  }

  async #recheck(): Promise<void> {
    try {
      await api.me();
    } catch (error) {
      if (error instanceof Refusal && error.code === 'signed_out') this.#link.stop('signed_out');
    }
  }

  #watchRing(): void {
    watch(
      () => this.self.value?.offer?.offer ?? this.self.value?.invite?.call.call ?? '',
      (rings) => {
        this.ring.stop();
        if (rings !== '') this.ring.start(this.headset.speaker.context);
      },
    );
    // A new caller is never met with a closed microphone.
    watch(
      () => this.self.value?.call?.call ?? this.self.value?.assist?.call.call ?? '',
      (call, before) => {
        if (before !== '' && call !== before && this.headset.muted.value) this.toggleMute();
      },
    );
  }

  #watchWorld(): void {
    const changed = () => {
      this.#link.probe();
      this.headset.tell({ type: 'shaky' });
    };
    window.addEventListener('online', changed);
    window.addEventListener('offline', () => {
      this.#link.probe();
    });
    // Leaving the page: let go at once, so that the gateway sees it and the caller hears hold audio without delay.
    window.addEventListener('pagehide', () => {
      this.headset.release();
    });
    window.addEventListener('pageshow', (event) => {
      if (event.persisted) location.reload();
    });
    for (const type of ['pointerdown', 'keydown'] as const) {
      window.addEventListener(type, () => {
        if (this.headset.blocked.value) void this.headset.speaker.unlock();
      });
    }
  }
}

/** More must come before anything else; a lock hides what is there, but the session goes on. */
function unfinished(me: Me): boolean {
  return me.next !== '' && me.next !== 'unlock';
}

// The same tab again: its session is ours to take, no question asked.
function wasReloaded(): boolean {
  const [entry] = performance.getEntriesByType('navigation');
  return entry instanceof PerformanceNavigationTiming && entry.type === 'reload';
}

export const consoleKey: InjectionKey<Console> = Symbol('console');

export function useConsole(): Console {
  const console = inject(consoleKey);
  if (!console) throw new Error('no console was provided');
  return console;
}
