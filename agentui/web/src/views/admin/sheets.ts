// The sheets of the documents that are edited as they are.
import type { DocumentVersion, WholeDocument } from '../../protocol/documents';
import type { CrisisPolicy } from '../../protocol/crisis';
import type { FormBook } from '../../protocol/forms';
import type { Book } from '../../protocol/phonebook';
import type { Roster } from '../../protocol/roster';
import type { Requirements } from '../../protocol/requirements';
import type { ScoreSheet } from '../../protocol/reviews';
import type { Settings } from '../../protocol/settings';
import type { Directory } from '../../protocol/services';
import type { StatisticsParams } from '../../protocol/statistics';
import {
  crisisApi,
  formsApi,
  phonebookApi,
  requirementsApi,
  rosterApi,
  scoreSheetApi,
  servicesApi,
  settingsApi,
  statisticsParamsApi,
} from '../../session/documents';
import { keptFor, Sheet } from './sheet';

interface Api<T> {
  show: () => Promise<WholeDocument<T>>;
  save: (base: number, note: string, draft: T) => Promise<WholeDocument<T>>;
  check: (draft: T) => Promise<unknown>;
  history: (before: number) => Promise<{ versions: readonly DocumentVersion[] }>;
  version: (n: number) => Promise<WholeDocument<T>>;
  restore: (n: number, base: number, note: string) => Promise<WholeDocument<T>>;
}

/** Empty texts in a language are none: they are not saved as words. */
function tidied<T>(value: T): T {
  if (Array.isArray(value)) return value.map((one: unknown) => tidied(one)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, entry]) => !((key === 'zh-CN' || key === 'en') && entry === ''))
      .map(([key, entry]) => [key, tidied(entry as unknown)]),
  ) as T;
}

const sheetOf = <T extends object>(api: Api<T>) =>
  keptFor(
    () =>
      new Sheet<WholeDocument<T>, T>({
        load: api.show,
        save: (base, note, draft) => api.save(base, note, tidied(draft)),
        check: (draft) => api.check(tidied(draft)),
        history: api.history,
        version: api.version,
        restore: api.restore,
        open: (version) => structuredClone(version.doc),
        shown: (version) => version.doc as object,
        close: tidied,
      }),
  );

/** The draft as it would be saved. */
export const tidy = tidied;

export const usePhonebook = sheetOf<Book>(phonebookApi);
export const useServices = sheetOf<Directory>(servicesApi);
export const useSettingsSheet = sheetOf<Settings>(settingsApi);
export const useRoster = sheetOf<Roster>(rosterApi);
export const useCrisisSheet = sheetOf<CrisisPolicy>(crisisApi);
export const useForms = sheetOf<FormBook>(formsApi);
export const useRequirements = sheetOf<Requirements>(requirementsApi);
export const useStatisticsParams = sheetOf<StatisticsParams>(statisticsParamsApi);
export const useScoreSheet = sheetOf<ScoreSheet>(scoreSheetApi);
