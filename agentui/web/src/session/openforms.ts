// What was said so far in forms that are not saved. A ring, a call or another page takes a form off the screen; it comes back as it was.
import type { Answers } from '../protocol/care';

export class OpenForms {
  readonly #said = new Map<string, Answers>();

  put(call: string, said: Answers): void {
    this.#said.set(call, said);
  }

  of(call: string): Answers | undefined {
    return this.#said.get(call);
  }

  /** These answers are safe elsewhere; what was said since is not. */
  saved(call: string, answers: Answers): void {
    if (this.#said.get(call) === answers) this.#said.delete(call);
  }

  /** The person signed out. */
  forget(): void {
    this.#said.clear();
  }
}
