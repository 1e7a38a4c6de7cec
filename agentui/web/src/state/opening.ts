// Opening hours as people write them into one field: "1-5 08:30-17:00; 6 09:00-12:00", or "24h". Pure.
import type { Opening } from '../protocol/services';
import { clock, minutesOf } from './followups';

export function openingText(all: readonly Opening[]): string {
  const [first] = all;
  if (all.length === 1 && first?.days.length === 0 && first.from === '00:00' && first.to === '00:00')
    return '24h';
  return all
    .map((one) => {
      const hours = one.to === '' ? one.from : `${one.from}-${one.to}`;
      return one.days.length === 0 ? hours : `${daysText(one.days)} ${hours}`;
    })
    .join('; ');
}

function daysText(days: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < days.length; i++) {
    let last = i;
    while (last + 1 < days.length && days[last + 1] === (days[last] ?? 0) + 1) last++;
    parts.push(last > i ? `${String(days[i])}-${String(days[last])}` : String(days[i]));
    i = last;
  }
  return parts.join(',');
}

/** What cannot be read is kept as it was written, with no end: the server says that it is no time. */
export function readOpening(text: string): Opening[] {
  const plain = inFigures(text).trim();
  if (plain === '') return [];
  if (plain.toLowerCase() === '24h') return [{ days: [], from: '00:00', to: '00:00' }];
  return plain
    .split(/[;；]/)
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const found = /^\s*(?:([1-7](?:[,-][1-7])*)\s+)?(\d{1,2}[:：]\d{2})\s*-\s*(\d{1,2}[:：]\d{2})\s*$/.exec(
        part,
      );
      const from = minutesOf(found?.[2] ?? '');
      const to = minutesOf(found?.[3] ?? '');
      if (!found || from === null || to === null) return { days: [], from: part.trim(), to: '' };
      return { days: readDays(found[1] ?? ''), from: clock(from % 1440), to: clock(to % 1440) };
    });
}

/** "周一至周五 8:00至17:00", as the tables that are imported write it, in figures. */
function inFigures(text: string): string {
  const day = (name: string) => Math.min(7, '一二三四五六日天'.indexOf(name) + 1);
  return text
    .replace(/24\s*小时/g, '24h')
    .replace(/每天/g, '')
    .replace(/(?:周|星期)([一二三四五六日天])(\s*\d)?/g, (_, name: string, then = '') =>
      then === '' ? String(day(name)) : `${String(day(name))} ${String(then).trim()}`,
    )
    .replace(/(?<=\d)\s*[至到~–—]\s*(?=\d)/g, '-')
    .replace(/、/g, ',');
}

function readDays(text: string): number[] {
  const days: number[] = [];
  for (const part of text.split(',').filter((one) => one !== '')) {
    const [first = 0, last = first] = part.split('-').map(Number);
    for (let day = first; day <= last; day++) if (!days.includes(day)) days.push(day);
  }
  return days;
}
