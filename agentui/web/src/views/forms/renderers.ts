// Which component shows which part of a form. They are the console's own: big, by keyboard, in its colours.
import {
  isControl,
  type JsonFormsRendererRegistryEntry,
  type RankedTester,
  rankWith,
  uiTypeIs,
} from '@jsonforms/core';
import { markRaw } from 'vue';
import type { FieldKind } from '../../state/forms';
import FieldChoices from './FieldChoices.vue';
import FieldDate from './FieldDate.vue';
import FieldFlag from './FieldFlag.vue';
import FieldNumber from './FieldNumber.vue';
import FieldText from './FieldText.vue';
import FieldsLayout from './FieldsLayout.vue';

const kind = (...kinds: FieldKind[]): RankedTester =>
  rankWith(10, (element) => {
    if (!isControl(element)) return false;
    const { field } = (element.options ?? {}) as { field?: { kind: FieldKind } };
    return field !== undefined && kinds.includes(field.kind);
  });

export const renderers: JsonFormsRendererRegistryEntry[] = [
  { tester: rankWith(1, uiTypeIs('VerticalLayout')), renderer: markRaw(FieldsLayout) },
  { tester: kind('choice', 'many'), renderer: markRaw(FieldChoices) },
  { tester: kind('flag'), renderer: markRaw(FieldFlag) },
  { tester: kind('number'), renderer: markRaw(FieldNumber) },
  { tester: kind('date'), renderer: markRaw(FieldDate) },
  { tester: kind('text'), renderer: markRaw(FieldText) },
];
