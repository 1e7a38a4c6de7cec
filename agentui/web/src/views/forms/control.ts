// What the renderers of one field share.
import type { ControlElement } from '@jsonforms/core';
import { type ControlProps, useJsonFormsControl } from '@jsonforms/vue';
import { computed, inject, type InjectionKey, ref, type Ref } from 'vue';
import { useI18n } from 'vue-i18n';
import type { Field } from '../../state/forms';

/** What is wrong with each field: a code by name. */
export const wrongKey: InjectionKey<Ref<Readonly<Record<string, string>>>> = Symbol('wrong answers');

export function useField(props: ControlProps) {
  const { control, handleChange } = useJsonFormsControl(props);
  const { t, te } = useI18n();
  const all = inject(wrongKey, ref<Record<string, string>>({}));
  const field = computed(() => (control.value.uischema as ControlElement).options?.field as Field);
  const wrong = computed(() => {
    const code = all.value[field.value.name];
    if (code === undefined) return '';
    return te(`forms.wrong.${code}`)
      ? t(`forms.wrong.${code}`, { min: field.value.least, max: field.value.most })
      : t('forms.wrong.form');
  });
  const put = (value: unknown) => {
    handleChange(control.value.path, value === '' || value === null ? undefined : value);
  };
  const id = computed(() => `field-${field.value.name}`);
  return { control, field, wrong, put, id, t };
}
