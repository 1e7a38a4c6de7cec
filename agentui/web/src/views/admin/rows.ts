// What every list of rows does: adding, taking out and moving, and where the keyboard is after it.
import { computed, nextTick, type Ref } from 'vue';
import { useAdminWords } from './adminwords';

/** A column of a list that stands in a table. */
export interface Column {
  label: string;
  /** CSS width; columns without one share what is left. */
  width?: string;
}

const locales = ['zh-CN', 'en'] as const;

/** The heads of the columns that NameCells fills. */
export function useNameColumns() {
  const { t } = useAdminWords();
  return computed((): Column[] => locales.map((locale) => ({ label: t(`admin.name.${locale}`) })));
}

/** root holds the rows, each marked data-at, and the button that adds, marked data-act="add". */
export function useRows<T>(
  model: Ref<T[]>,
  root: Ref<HTMLElement | null>,
  make: () => T,
  reshaped: () => void,
) {
  const row = (at: number) => root.value?.querySelector<HTMLElement>(`:scope [data-at="${String(at)}"]`);
  const button = (at: number, act: string) =>
    row(at)?.querySelector<HTMLButtonElement>(`[data-act="${act}"]:not(:disabled)`);

  function change(at: number, part: Partial<T>) {
    model.value = model.value.map((old, i) => (i === at ? { ...old, ...part } : old));
  }
  /** The new row is filled in at once: the keyboard goes to its first field. */
  async function append() {
    const at = model.value.length;
    model.value = [...model.value, make()];
    reshaped();
    await nextTick();
    row(at)?.querySelector<HTMLElement>('input, textarea, [tabindex="0"]')?.focus();
  }
  async function remove(at: number) {
    model.value = model.value.filter((_, i) => i !== at);
    reshaped();
    await nextTick();
    const next = button(at, 'remove') ?? button(at - 1, 'remove');
    (next ?? root.value?.querySelector<HTMLElement>('[data-act="add"]'))?.focus();
  }
  /** The keyboard stays with the row that moves, so that it can be moved again. */
  async function move(at: number, by: 1 | -1) {
    const next = [...model.value];
    const [moved] = next.splice(at, 1);
    next.splice(at + by, 0, moved as T);
    model.value = next;
    reshaped();
    await nextTick();
    const [same, other] = by < 0 ? (['up', 'down'] as const) : (['down', 'up'] as const);
    (button(at + by, same) ?? button(at + by, other))?.focus();
  }
  return { change, append, remove, move };
}
