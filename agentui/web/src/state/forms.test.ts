import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configuredForm, type ConfiguredForm } from '../protocol/forms';
import { wrongOf } from '../views/forms/judge';
import { fieldsOf, isShown, kept, missing } from './forms';

// The forms that the program begins with.
const dir = join(import.meta.dirname, '../../../../casework/forms/first');
const first = Object.fromEntries(
  readdirSync(dir).map((file) => {
    const form = configuredForm(JSON.parse(readFileSync(join(dir, file), 'utf8')), file);
    return [form.id, form] as const;
  }),
);
const form = (id: string): ConfiguredForm => {
  const found = first[id];
  if (!found) throw new Error(`no form ${id}`);
  return found;
};

describe('a form on the screen', () => {
  it('has its fields in their order, with the words of the language', () => {
    const fields = fieldsOf(form('screener'), 'en');
    expect(fields.map((f) => f.name)).toEqual(['wish', 'thoughts', 'method', 'intent', 'plan', 'behaviour']);
    expect(fields[5]?.choices.map((c) => c.label)).toEqual(['Never', 'Over 3 months ago', 'Within 3 months']);
    expect(fieldsOf(form('screener'), 'fr')[0]?.label).toBe('希望自己死去，或希望睡着后不再醒来？');
  });

  it('shows a field last that the order forgot', () => {
    const { schema } = form('history');
    expect(fieldsOf({ schema, order: ['ideation'] }, 'en').map((f) => f.name)).toEqual([
      'ideation',
      'act',
      'plan',
    ]);
  });

  it('hides what is not to be asked, and keeps no answer to it', () => {
    const fields = fieldsOf(form('screener'), 'en');
    const method = fields[2];
    if (!method) throw new Error('no third field');
    expect(isShown(method, {})).toBe(false);
    expect(isShown(method, { thoughts: 'yes' })).toBe(true);
    expect(kept(fields, { wish: 'no', thoughts: 'no', method: 'yes', behaviour: 'never' })).toEqual({
      wish: 'no',
      thoughts: 'no',
      behaviour: 'never',
    });
  });

  it('keeps no blanks', () => {
    const fields = fieldsOf(form('handling'), 'en');
    expect(kept(fields, { about: [], matter: '  said  ', support: null, agreed: '' })).toEqual({
      matter: 'said',
    });
    expect(missing(fields, { about: [] })).toEqual(['about']);
    expect(missing(fields, { about: ['sleep'] })).toEqual([]);
  });

  it('knows every kind of field', () => {
    const kinds = new Set(Object.values(first).flatMap((f) => fieldsOf(f, 'en').map((one) => one.kind)));
    expect([...kinds].sort()).toEqual(['choice', 'date', 'flag', 'many', 'number', 'text']);
  });
});

describe('what is wrong with answers', () => {
  it.each([
    ['phq9', {}, 'q1', 'required'],
    ['phq9', { q1: 4 }, 'q1', 'choice'],
    ['registration', { kind: 'general', age: 130 }, 'age', 'range'],
    ['registration', { kind: 'general', region: 'x'.repeat(61) }, 'region', 'long'],
    ['handling', { about: ['weather'] }, 'about', 'choice'],
    ['handling', { about: ['sleep'], followup_when: 'soon' }, 'followup_when', 'form'],
  ] as const)('%s %j', (id, answers, field, code) => {
    expect(wrongOf(form(id).schema, answers)[field]).toBe(code);
  });

  it('is nothing when they fit', () => {
    expect(wrongOf(form('registration').schema, { kind: 'general', age: 16, informed: true })).toEqual({});
  });
});
