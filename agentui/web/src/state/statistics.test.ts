import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { statistics } from '../protocol/statistics';
import { byGroup, chartColumns, drawn, firstRange, heading, written } from './statistics';

const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../protocol/golden/http_statistics.json'), 'utf8'),
) as unknown;

describe('statistics', () => {
  const s = statistics(golden, '');
  it('writes each unit as people read it', () => {
    const v = (n: number, of: number) => ({ n, of, known: true });
    expect(written('count', v(12, 0))).toBe('12');
    expect(written('share', v(19, 20))).toBe('95.0');
    expect(written('share', v(9496, 10000))).toBe('94.9');
    expect(written('share', v(0, 0))).toBe('–');
    expect(written('mean', v(-35, 2))).toBe('-1.8');
    expect(written('wait', v(31_000, 2))).toBe('15.5');
    expect(written('length', v(5_400_000, 0))).toBe('1.5');
    expect(written('count', { n: 3, of: 0, known: false })).toBe('');
    expect(drawn('share', v(0, 0))).toBeNull();
    expect(drawn('count', v(0, 0))).toBe(0);
  });
  it('keeps the order of the groups, and no total in a chart', () => {
    expect(byGroup(s).map((one) => one.group)).toEqual(['reach', 'risk', 'after']);
    expect(chartColumns(s.columns)).toEqual([0, 1]);
  });
  it('asks for whole spans first', () => {
    const now = new Date(2026, 10, 26);
    expect(firstRange('day', now)).toEqual({ from: '2026-11-13', to: '2026-11-26' });
    expect(firstRange('month', now)).toEqual({ from: '2026-06-01', to: '2026-11-26' });
    expect(firstRange('line', now)).toEqual({ from: '2026-11-01', to: '2026-11-26' });
  });
  it('heads columns by what they are', () => {
    const c = { from: '2026-10-01', to: '2026-12-31', line: '', name: '', whole: false, open: false };
    expect(heading('quarter', c, 'en')).toBe('2026 Q4');
    expect(heading('day', { ...c, name: '青少年热线', line: '12355' }, 'en')).toBe('青少年热线 12355');
    expect(heading('month', { ...c, whole: true }, 'en')).toBe('');
  });
});
