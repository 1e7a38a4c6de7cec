// A configured form as the screen reads it: its fields in their order, in a language, and which of them are to be answered. Pure.
import type { ConfiguredForm, FormAnswers } from '../protocol/forms';

export type FieldKind = 'choice' | 'many' | 'flag' | 'number' | 'date' | 'text';

export interface FieldChoice {
  readonly value: string | number | boolean;
  readonly label: string;
}

export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly label: string;
  readonly help: string;
  readonly required: boolean;
  readonly choices: readonly FieldChoice[];
  /** Bounds of a number. */
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
  readonly slider: boolean;
  /** A text of several lines. */
  readonly wide: boolean;
  /** Most characters of a text. */
  readonly longest: number;
  /** Shown only while another field has one of these values. */
  readonly when: { readonly field: string; readonly is: readonly unknown[] } | null;
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const object = (value: unknown): Json => (isObject(value) ? value : {});
const numeric = (value: unknown, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise;

/** A text by language, in one language or in the first that there is. */
export function worded(words: unknown, locale: string): string {
  const all = object(words);
  for (const language of [locale, 'zh-CN', 'en']) {
    const found = all[language];
    if (typeof found === 'string' && found !== '') return found;
  }
  return '';
}

function choicesOf(schema: Json, locale: string): FieldChoice[] {
  if (!Array.isArray(schema.oneOf)) return [];
  return schema.oneOf.map((entry: unknown) => {
    const { const: value } = object(entry);
    const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    return {
      value: plain ? value : '',
      label: worded(object(entry)['x-names'], locale) || (plain ? String(value) : ''),
    };
  });
}

function kindOf(schema: Json): FieldKind {
  if (schema.type === 'array') return 'many';
  if (Array.isArray(schema.oneOf)) return 'choice';
  if (schema.type === 'boolean') return 'flag';
  if (schema.type === 'integer' || schema.type === 'number') return 'number';
  return schema.format === 'date' ? 'date' : 'text';
}

function fieldOf(name: string, schema: Json, required: boolean, locale: string): Field {
  const kind = kindOf(schema);
  const when = object(schema['x-when']);
  return {
    name,
    kind,
    required,
    label: worded(schema['x-names'], locale) || name,
    help: worded(schema['x-help'], locale),
    choices: choicesOf(kind === 'many' ? object(schema.items) : schema, locale),
    least: numeric(schema.minimum, 0),
    most: numeric(schema.maximum, 100),
    whole: schema.type === 'integer',
    slider: schema['x-slider'] === true,
    wide: schema['x-wide'] === true,
    longest: numeric(schema.maxLength, 500),
    when:
      typeof when.field === 'string' && Array.isArray(when.is) ? { field: when.field, is: when.is } : null,
  };
}

/** Every field, as it stands on the screen. A field that the order does not name comes last. */
export function fieldsOf(form: Pick<ConfiguredForm, 'schema' | 'order'>, locale: string): Field[] {
  const properties = object(form.schema.properties);
  const required = Array.isArray(form.schema.required) ? (form.schema.required as unknown[]) : [];
  const names = [
    ...form.order.filter((name) => name in properties),
    ...Object.keys(properties).filter((name) => !form.order.includes(name)),
  ];
  return names.map((name) => fieldOf(name, object(properties[name]), required.includes(name), locale));
}

/** Whether a field is to be answered, given the other answers. */
export function isShown(field: Field, answers: FormAnswers): boolean {
  return field.when === null || field.when.is.includes(answers[field.when.field]);
}

/** The answers as they are sent: without blanks, and without what is hidden by now. */
export function kept(fields: readonly Field[], answers: FormAnswers): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const field of fields) {
    const value = answers[field.name];
    const blank =
      value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
    if (!blank && isShown(field, out)) out[field.name] = typeof value === 'string' ? value.trim() : value;
  }
  return out;
}

/** Fields that need an answer and have none. */
export function missing(fields: readonly Field[], answers: FormAnswers): string[] {
  const given = kept(fields, answers);
  return fields
    .filter((field) => field.required && isShown(field, given) && !(field.name in given))
    .map((field) => field.name);
}
