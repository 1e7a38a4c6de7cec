// What is wrong with answers, by the schema. The library's own validator makes functions from strings, which the page's policy forbids; this one reads
// the schema as it is. The server judges by itself whatever is found here.
import { type OutputUnit, type Schema, Validator } from '@cfworker/json-schema';
import type { JsonFormsCore } from '@jsonforms/core';

/** Codes of locales/…/later/forms.json, `forms.wrong`. */
export type WrongCode = 'required' | 'choice' | 'range' | 'long' | 'short' | 'form';
const codes: Readonly<Record<string, WrongCode>> = {
  required: 'required',
  oneOf: 'choice',
  enum: 'choice',
  const: 'choice',
  minimum: 'range',
  maximum: 'range',
  type: 'form',
  maxLength: 'long',
  minLength: 'short',
};

function fieldOf({ keyword, instanceLocation, error }: OutputUnit): string {
  if (keyword === 'required') return /"([^"]+)"/.exec(error)?.[1] ?? '';
  return instanceLocation.split('/')[1] ?? '';
}

/** What is wrong with each field; an empty record when nothing is. */
export function wrongOf(schema: object, answers: object): Record<string, WrongCode> {
  const { valid, errors } = new Validator(schema as Schema, '2020-12', false).validate(answers);
  const out: Record<string, WrongCode> = {};
  if (valid) return out;
  for (const unit of errors) {
    const field = fieldOf(unit);
    if (field === '' || unit.keyword === 'properties') continue;
    const code = codes[unit.keyword] ?? 'form';
    if (!(field in out) || code === 'choice') out[field] = code;
  }
  return out;
}

type Ajv = NonNullable<JsonFormsCore['ajv']>;

/** What the form library asks of a validator besides validating the whole: whether a condition holds. */
export const conditions = {
  validate: (schema: object, value: unknown) =>
    new Validator(schema as Schema, '2020-12').validate(value).valid,
  compile: () => () => true,
} as unknown as Ajv;
