// The notes of this page. One stays until all of it is at the server, also when its view is gone: a call's end must not lose its last words.
import { noteWire } from './care';
import { Notebook } from './notebook';

const books = new Map<string, { book: Notebook; users: number }>();

/** The note of a call; give it back with `release`. */
export function borrow(call: string, me: string): Notebook {
  let held = books.get(call);
  if (!held) {
    held = { book: new Notebook(noteWire(call), me), users: 0 };
    books.set(call, held);
  }
  held.users++;
  return held.book;
}

export function release(call: string): void {
  const held = books.get(call);
  if (!held) return;
  held.users--;
  held.book.changed = () => {
    settle(call);
  };
  held.book.flush();
  settle(call);
}

function settle(call: string): void {
  const held = books.get(call);
  if (!held || held.users > 0 || (held.book.unsent && held.book.mayWrite)) return;
  held.book.close();
  books.delete(call);
}

// Closing the page asks first when words are on it that are nowhere else.
window.addEventListener('beforeunload', (event) => {
  for (const { book } of books.values()) {
    if (!book.unsent) continue;
    book.flush();
    event.preventDefault();
  }
});
