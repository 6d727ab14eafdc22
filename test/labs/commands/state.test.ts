/** The state: what is kept, in which order, and what happens to a file that somebody damaged. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStateFile, type StateFile } from '#labs/commands/desk/state.ts';

let directory: string;
let notes: string[];
let state: StateFile;
const file = (): string => join(directory, 'labs.json');
const text = (): string => readFileSync(file(), 'utf8');

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'murmuration-state-')), 'state');
  notes = [];
  state = createStateFile(directory, (line) => notes.push(line));
});
afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }));

describe('the state', () => {
  it('is empty at first, and reading it writes nothing', () => {
    expect(state.read()).toEqual({ labs: {} });
    expect(state.progress('lab-07-gossip-sync')).toEqual({});
    expect(existsSync(directory)).toBe(false);
    expect(notes).toEqual([]);
  });

  it('draws the own seed once', () => {
    const seed = state.ownSeed();
    expect(seed).toMatch(/^[0-9a-f]{12}$/);
    state.update('lab', { points: 3 });
    expect(createStateFile(directory, () => {}).ownSeed()).toBe(seed);
  });

  it('is sorted, readable, and leaves no draft behind', () => {
    state.update('lab-b', { verdicts: { '07.10': 'pass', '07.2': 'fail' }, points: 1 });
    state.update('lab-a', { hints: { '07.1': 2 } });
    const names = [...text().matchAll(/"([^"]+)":/g)].map(([, name]) => name);
    expect(names).toEqual([
      'labs',
      'lab-a',
      'hints',
      '07.1',
      'lab-b',
      'points',
      'verdicts',
      '07.2',
      '07.10',
      'ownSeed',
    ]);
    expect(readdirSync(directory)).toEqual(['labs.json']);
  });

  it('keeps fields of a newer kit', () => {
    mkdirSync(directory);
    const newer = {
      theme: 'dark',
      ownSeed: 'ab',
      labs: { lab: { stars: 5, points: 1 }, other: {} },
    };
    writeFileSync(file(), JSON.stringify(newer));
    state.update('lab', { points: 2 });
    expect(JSON.parse(text())).toEqual({
      ...newer,
      labs: { lab: { stars: 5, points: 2 }, other: {} },
    });
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '"x"',
    '{}',
    '{"labs":[]}',
    '{"labs":{"lab":7}}',
    '{"labs":{"lab":{"hints":3}}}',
    '{"labs":{"lab":{"points":"many"}}}',
    '{"labs":{},"ownSeed":7}',
  ])('%s: is set aside with one line, and work goes on', (damaged) => {
    mkdirSync(directory);
    writeFileSync(file(), damaged);
    expect(state.read()).toEqual({ labs: {} });
    expect(notes).toEqual([expect.stringContaining('labs.json was damaged')]);
    expect(readFileSync(`${file()}.damaged`, 'utf8')).toBe(damaged);
    state.update('lab', { points: 1 });
    expect(state.progress('lab')).toEqual({ points: 1 });
    expect(notes).toHaveLength(1);
  });

  it('says in one line that it cannot be written, and ends nothing', () => {
    mkdirSync(directory);
    // A file where the folder should be refuses root as well.
    const blocked = createStateFile(join(file(), 'below'), (line) => notes.push(line));
    writeFileSync(file(), '{"labs":{}}');
    chmodSync(file(), 0o400);
    blocked.update('lab', { points: 1 });
    expect(notes.at(-1)).toMatch(/^labs\.json cannot be written \(\w+\)/);
    expect(text()).toBe('{"labs":{}}');
  });
});
