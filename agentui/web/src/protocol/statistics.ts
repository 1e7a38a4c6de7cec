// Statistics with their definitions (docs/protocol.md, section 7; docs/statistics.md).
import { count, dictionary, flag, list, number, oneOf, type Read, record, text } from './shape';

const words = dictionary(text);
const column = record({ from: text, to: text, line: text, name: text, whole: flag, open: flag });
const value = record({ n: number, of: number, known: flag });

export const statistics = record({
  at: count,
  params: count,
  step: text,
  line: text,
  from: text,
  to: text,
  lines: list(record({ line: text, name: text })),
  columns: list(column),
  figures: list(
    record({
      figure: text,
      version: count,
      group: text,
      unit: text,
      names: words,
      definition: words,
      missing: text,
      records: flag,
      rows: list(record({ part: text, names: words, values: list(value) })),
    }),
  ),
});

export const statisticsRecords = record({
  records: list(record({ kind: text, id: text, code: text, line: text, line_name: text, at: count })),
  more: flag,
});

export const publicStatistics = record({
  at: count,
  locale: text,
  small: count,
  step: text,
  columns: list(column),
  tables: list(
    record({
      figure: text,
      version: count,
      names: words,
      definition: words,
      rows: list(record({ part: text, names: words, values: list(record({ n: count, hidden: flag })) })),
    }),
  ),
  missing: list(record({ figure: text, names: words, why: text })),
  connected: list(number),
  within_15: list(number),
});

export const publicSteps = ['month', 'quarter', 'year'] as const;
/** What the administrator decides of the figures. */
export const statisticsParams = record({
  home: list(text),
  repeat: count,
  small: count,
  public_step: oneOf(...publicSteps),
  public_from: count,
});
export type StatisticsParams = Read<typeof statisticsParams>;
export type Statistics = Read<typeof statistics>;
export type StatisticsColumn = Read<typeof column>;
export type StatisticsFigure = Statistics['figures'][number];
export type StatisticsRow = StatisticsFigure['rows'][number];
export type StatisticsValue = Read<typeof value>;
export type StatisticsRecords = Read<typeof statisticsRecords>;
export type PublicStatistics = Read<typeof publicStatistics>;
export type PublicTable = PublicStatistics['tables'][number];
