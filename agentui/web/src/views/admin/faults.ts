// What the server said is wrong, for the fields to show beside themselves.
import { computed, inject, type InjectionKey, type Ref, ref } from 'vue';
import type { Fault } from '../../protocol/lines';

export const faultsKey: InjectionKey<Ref<readonly Fault[]>> = Symbol('faults');

/** The faults of exactly one field. */
export function useFaults(path: () => string) {
  const all = inject(faultsKey, ref([]));
  return computed(() => all.value.filter((fault) => fault.field === path()));
}

/** What a fault says, in the unit in which its field is edited: how many of what is kept are one of what is shown. */
export function inUnit(params: Fault['params'], unit: number): Fault['params'] {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, typeof value === 'number' ? value / unit : value]),
  );
}

/** Whether a field is a part of the document or stands in it. */
export function isWithin(field: string, path: string): boolean {
  return field === path || field.startsWith(`${path}.`) || field.startsWith(`${path}[`);
}

/** How many faults a part of the document has. */
export function countWithin(faults: readonly Fault[], path: string): number {
  return faults.filter(({ field }) => isWithin(field, path)).length;
}
