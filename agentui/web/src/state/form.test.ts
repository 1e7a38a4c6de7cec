import { describe, expect, it } from 'vitest';
import type { Question } from '../protocol/care';
import { asked, chosen, complete, current, dangerSaid } from './form';

const choices = (...ids: string[]) => ids.map((id) => ({ id, names: { en: id } }));
const questions: Question[] = [
  {
    id: 'suicide',
    names: {},
    kind: 'one',
    choices: choices('denied', 'present', 'not_possible'),
    required: true,
    when: null,
  },
  {
    id: 'why',
    names: {},
    kind: 'text',
    choices: [],
    required: true,
    when: { question: 'suicide', choice: 'not_possible' },
  },
  { id: 'about', names: {}, kind: 'many', choices: choices('sleep', 'work'), required: false, when: null },
];
const ids = (list: readonly Question[]) => list.map((q) => q.id);

describe('the form', () => {
  it('asks why only when it was not possible to ask', () => {
    expect(ids(asked(questions, {}))).toEqual(['suicide', 'about']);
    expect(ids(asked(questions, { suicide: ['not_possible'] }))).toEqual(['suicide', 'why', 'about']);
  });

  it('is complete with what is needed', () => {
    const whole = (answers: Record<string, string[]>) => complete(asked(questions, answers), answers);
    expect(whole({})).toBe(false);
    expect(whole({ about: ['sleep'] })).toBe(false);
    expect(whole({ suicide: ['denied'] })).toBe(true);
    expect(whole({ suicide: ['not_possible'] })).toBe(false);
    expect(whole({ suicide: ['not_possible'], why: [' '] })).toBe(false);
    expect(whole({ suicide: ['not_possible'], why: ['silent'] })).toBe(true);
    expect(whole({ suicide: ['gone from the form'] })).toBe(false);
  });

  it('gives the digits to what is next', () => {
    expect(current(questions, {})?.id).toBe('suicide');
    expect(current(questions, { suicide: ['denied'] })?.id).toBe('about');
    expect(current(questions, { suicide: ['denied'], about: ['work'] })).toBeUndefined();
  });

  it('takes one or many', () => {
    const [one, , many] = questions as [Question, Question, Question];
    expect(chosen(one, ['denied'], 'present')).toEqual(['present']);
    expect(chosen(many, ['sleep'], 'work')).toEqual(['sleep', 'work']);
    expect(chosen(many, ['sleep', 'work'], 'sleep')).toEqual(['work']);
  });
});

describe('what the form says of the danger', () => {
  it('is said as soon as it is whole', () => {
    expect(dangerSaid({})).toBeNull();
    expect(dangerSaid({ suicide: ['denied'], why_not: ['old words'] })).toEqual({
      answer: 'denied',
      reason: '',
    });
    expect(dangerSaid({ suicide: ['not_possible'], why_not: ['  a '] })).toBeNull();
    expect(dangerSaid({ suicide: ['not_possible'], why_not: [' silent '] })).toEqual({
      answer: 'not_possible',
      reason: 'silent',
    });
  });
});
