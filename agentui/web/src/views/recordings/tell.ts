// Tells the server what a person does with the player. What happens within half a second is told together, and several jumps as one.
import { recordingsApi, type TapeAct } from '../../session/recordings';

const together = 500;

export class Teller {
  private acts: TapeAct[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly recording: string,
    private readonly grant: string,
    private readonly failed: (error: unknown) => void,
  ) {}

  say(act: TapeAct['act'], from: number, to: number = from): void {
    const last = this.acts[this.acts.length - 1];
    const whole = { act, from_ms: Math.max(0, Math.round(from)), to_ms: Math.max(0, Math.round(to)) };
    if (act === 'seek' && last?.act === 'seek') last.to_ms = whole.to_ms;
    else if (this.acts.length < 50) this.acts.push(whole);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), together);
  }

  /** Also when the page is left: what was begun is sent on by the browser. */
  flush(): void {
    clearTimeout(this.timer);
    if (this.acts.length === 0) return;
    const acts = this.acts;
    this.acts = [];
    void recordingsApi.tell(this.recording, this.grant, acts).catch(this.failed);
  }
}
