// What the fields offer to choose from: it comes with the lines and belongs to all of them.
import type { ComputedRef, InjectionKey } from 'vue';

export const skillsKey: InjectionKey<ComputedRef<readonly string[]>> = Symbol('skills');
export const partnersKey: InjectionKey<ComputedRef<readonly string[]>> = Symbol('partners');
export const trunksKey: InjectionKey<ComputedRef<readonly string[]>> = Symbol('trunks');
export const groupsKey: InjectionKey<ComputedRef<readonly { value: number; label: string }[]>> =
  Symbol('groups');
