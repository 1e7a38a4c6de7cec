import { expect, it } from 'vitest';
import { Refusal } from '../state/requests';
import { away, KeptForms } from './keptforms';

function storage(): Storage {
  const rows = new Map<string, string>();
  return {
    get length() {
      return rows.size;
    },
    clear: () => {
      rows.clear();
    },
    getItem: (name) => rows.get(name) ?? null,
    key: (i) => [...rows.keys()][i] ?? null,
    removeItem: (name) => void rows.delete(name),
    setItem: (name, value) => void rows.set(name, value),
  };
}

function browser() {
  const brought: string[] = [];
  let who = 'u-1';
  let answer: Refusal | null = new Refusal('unavailable');
  const kept = storage();
  const forms = new KeptForms(
    () => kept,
    () => who,
    (call, sealed) => {
      brought.push(`${call} ${sealed}`);
      return answer ? Promise.reject(answer) : Promise.resolve();
    },
  );
  return { forms, brought, is: (user: string) => (who = user), answers: (a: Refusal | null) => (answer = a) };
}

it('keeps a form until the server has it', async () => {
  const { forms, brought, answers } = browser();
  forms.keep('c1', 'sealed');
  await forms.send();
  expect(forms.waiting()).toEqual(['c1']);
  expect(forms.count.value).toBe(1);
  answers(new Refusal('signed_out'));
  await forms.send();
  expect(forms.waiting()).toEqual(['c1']);
  answers(null);
  await forms.send();
  expect(forms.waiting()).toEqual([]);
  expect(forms.count.value).toBe(0);
  expect(brought).toEqual(Array.from({ length: 3 }, () => 'c1 sealed'));
});

it('brings nobody the form of another', async () => {
  const { forms, brought, is, answers } = browser();
  forms.keep('c1', 'sealed');
  answers(null);
  for (const user of ['', 'u-2', 'u-11']) {
    is(user);
    await forms.send();
    expect(forms.count.value).toBe(0);
  }
  expect(brought).toEqual([]);
  is('u-1');
  expect(forms.waiting()).toEqual(['c1']);
});

it('drops only what was sealed for another or altered, and brings the others all the same', async () => {
  const { forms, brought, answers } = browser();
  forms.keep('c1', 'sealed');
  forms.keep('c2', 'sealed');
  for (const code of ['bad_request', 'not_your_call', 'not_found', 'forbidden', 'internal']) {
    answers(new Refusal(code));
    await forms.send();
    expect(forms.waiting()).toEqual(['c1', 'c2']);
  }
  expect(brought.length).toBe(10);
  answers(new Refusal('wrong_seal'));
  await forms.send();
  expect(forms.waiting()).toEqual([]);
});

it('knows what may be done later', () => {
  expect(away(new Refusal('unavailable'))).toBe(true);
  expect(away(new Refusal('form_changed'))).toBe(false);
  expect(away(new Error('other'))).toBe(false);
});
