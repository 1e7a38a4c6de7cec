import { describe, expect, it } from 'vitest';
import type { Question } from '../protocol/care';
import { OpenForms } from '../session/openforms';
import { asked, chosen, complete, current, dangerSaid, resumed } from './form';

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

describe('a form that was taken off the screen', () => {
  const read = {
    call: 'c1',
    form: { version: 4, questions },
    filled: -1,
    at: 0,
    by_name: '',
    answers: { suicide: ['denied'] },
  };
  const said = { suicide: ['not_possible'], why: ['silent'], about: ['sleep', 'gone'] };

  it('comes back as it was', () => {
    const open = new OpenForms();
    expect(resumed(read, open.of('c1'))).toEqual({ answers: { suicide: ['denied'] }, open: true });
    open.put('c1', said);
    expect(resumed({ ...read, filled: 4 }, open.of('c1'))).toEqual({
      answers: { suicide: ['not_possible'], why: ['silent'], about: ['sleep'] },
      open: true,
    });
    expect(open.of('c2')).toBeUndefined();
  });

  it('is forgotten when it is saved or the person is gone, and not when more was said since', () => {
    const open = new OpenForms();
    open.put('c1', said);
    open.saved('c1', { ...said });
    expect(open.of('c1')).toBe(said);
    open.saved('c1', said);
    expect(resumed({ ...read, filled: 4 }, open.of('c1'))).toEqual({ answers: read.answers, open: false });
    open.put('c1', said);
    open.forget();
    expect(open.of('c1')).toBeUndefined();
  });
});
