// Words of files: people, times, ages.
import { useI18n } from 'vue-i18n';
import type { PersonFile } from '../../protocol/files';
import { useCareWords } from '../context/words';

export function useFileWords() {
  const { t, te } = useI18n();
  const care = useCareWords();
  const known = (path: string, code: string) => (te(`${path}.${code}`) ? t(`${path}.${code}`) : code);
  const sex = (code: string) => (code ? known('files.sex', code) : '');
  const age = (band: string) => (band ? known('files.age', band) : '');
  return {
    ...care,
    sex,
    age,
    outcome: (code: string) => (code ? known('files.outcome', code) : ''),
    contact: care.outcome,
    guardian: (code: string) => (code ? known('files.guardian', code) : ''),
    /** What is known of a person, in a few words. */
    about: (person: PersonFile) =>
      [person.called_as, sex(person.sex), age(person.age_band), person.region].filter(Boolean).join(' · '),
  };
}
