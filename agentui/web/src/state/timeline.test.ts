import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filePage } from '../protocol/files';
import { safetyParts, toLines } from './safety';
import { momentsOf } from './timeline';

const golden = filePage(
  JSON.parse(readFileSync(join(import.meta.dirname, '../../../protocol/golden/http_file_page.json'), 'utf8')),
  '',
);

describe('the course of a person', () => {
  it('has everything on one line of time, newest first', () => {
    const moments = momentsOf(golden);
    expect(moments.map((moment) => moment.kind).sort()).toEqual([
      'act',
      'contact',
      'followup',
      'incident',
      'safety',
    ]);
    const times = moments.map((moment) => moment.at);
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });

  it('does not say of each call that it was put into the file', () => {
    const linked = { ...golden, acts: golden.acts.map((act) => ({ ...act, kind: 'link' })) };
    expect(momentsOf(linked).some((moment) => moment.kind === 'act')).toBe(false);
  });
});

describe('a safety plan', () => {
  it('is typed line by line', () => {
    expect(toLines(' 散步\n\n听歌 \n')).toEqual(['散步', '听歌']);
    expect(toLines('')).toEqual([]);
  });

  it('begins with the signs and ends with the means', () => {
    expect(safetyParts[0]).toBe('signs');
    expect(safetyParts.at(-1)).toBe('means');
  });
});
