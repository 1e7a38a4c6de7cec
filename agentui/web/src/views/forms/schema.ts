// A configured form in the terms of the form library: its schema with the words of a language, and the order of the screen.
import { type ControlElement, type JsonSchema, type Layout, RuleEffect } from '@jsonforms/core';
import type { ConfiguredForm } from '../../protocol/forms';
import { type Field, fieldsOf } from '../../state/forms';

type Json = Record<string, unknown>;

function withTitles(schema: Json, field: Field): Json {
  const choices = field.choices.map(({ value, label }) => ({ const: value, title: label }));
  const out: Json = { ...schema, title: field.label, description: field.help };
  if (field.kind === 'many') out.items = { ...(schema.items as Json), oneOf: choices };
  else if (field.kind === 'choice') out.oneOf = choices;
  return out;
}

/** The schema, its fields titled in a language. */
export function titledSchema(form: ConfiguredForm, locale: string): JsonSchema {
  const properties = (form.schema.properties ?? {}) as Record<string, Json>;
  const titled = fieldsOf(form, locale).map(
    (field) => [field.name, withTitles(properties[field.name] ?? {}, field)] as const,
  );
  return { ...form.schema, properties: Object.fromEntries(titled) } as JsonSchema;
}

/** What is shown, in which order and when. */
export function layoutOf(form: ConfiguredForm, locale: string): Layout {
  const elements = fieldsOf(form, locale).map((field): ControlElement => {
    const control: ControlElement = {
      type: 'Control',
      scope: `#/properties/${field.name}`,
      options: { field },
    };
    if (field.when === null) return control;
    return {
      ...control,
      rule: {
        effect: RuleEffect.SHOW,
        condition: {
          scope: `#/properties/${field.when.field}`,
          schema: { enum: [...field.when.is] },
          failWhenUndefined: true,
        },
      },
    };
  });
  return { type: 'VerticalLayout', elements };
}
