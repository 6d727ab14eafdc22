/**
 * What the kit remembers of a learner: `.state/labs.json`, small, sorted, readable.
 *
 * It is read anew for every use, since a `watch` may run beside other commands, and replaced as a whole.
 * Fields of a newer kit are kept. A damaged file is set aside and never ends a command.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Verdict } from '../../grading/result.ts';

/** Of one lab. */
export interface Progress {
  /** Of the last grading. */
  readonly verdicts?: { readonly [check: string]: Verdict };
  readonly points?: number;
  readonly pointsMax?: number;
  /** Hash of the code that was graded. */
  readonly code?: string;
  /** Every check passed, once at least. */
  readonly passed?: boolean;
  /** The layer ran in the real node, once at least. */
  readonly grafted?: boolean;
  readonly gaveUp?: boolean;
  /** Rungs of the ladder shown, by check. */
  readonly hints?: { readonly [check: string]: number };
  /** Number of the copy that `undo` brings back. */
  readonly attic?: number;
  /** What was known of the files in it. */
  readonly aside?: Pick<Progress, 'verdicts' | 'points' | 'passed'>;
}

export interface State {
  /** Drawn once: the chance of this learner. */
  readonly ownSeed?: string;
  /** By the lab's name. */
  readonly labs: { readonly [lab: string]: Progress };
}

export interface StateFile {
  read(): State;
  progress(lab: string): Progress;
  /** The learner's own seed; drawn and remembered if there is none yet. */
  ownSeed(): string;
  /** Remembers, or says in one line that it cannot. */
  update(lab: string, change: Progress): void;
}

const FILE = 'labs.json';
/** No file, or no folder that could hold one. */
const ABSENT = ['ENOENT', 'ENOTDIR'];

const isRecord = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const TYPES: { readonly [Name in keyof Progress]-?: 'number' | 'string' | 'boolean' | 'object' } = {
  verdicts: 'object',
  points: 'number',
  pointsMax: 'number',
  code: 'string',
  passed: 'boolean',
  grafted: 'boolean',
  gaveUp: 'boolean',
  hints: 'object',
  attic: 'number',
  aside: 'object',
};

const isProgress = (value: unknown): value is Progress =>
  isRecord(value) &&
  Object.entries(TYPES).every(([name, type]) => {
    const found = value[name];
    if (found === undefined) return true;
    return type === 'object' ? isRecord(found) : typeof found === type;
  });

const isState = (value: unknown): value is State =>
  isRecord(value) &&
  ['undefined', 'string'].includes(typeof value['ownSeed']) &&
  isRecord(value['labs']) &&
  Object.values(value['labs']).every(isProgress);

/** `07.2` before `07.10`, on every machine. */
const inOrder = new Intl.Collator('en', { numeric: true });

/** The same value with the names of every object in order. */
const sorted = (value: unknown): unknown =>
  isRecord(value)
    ? Object.fromEntries(
        Object.keys(value)
          .sort(inOrder.compare)
          .map((name) => [name, sorted(value[name])]),
      )
    : value;

const messageOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? (error as Error).message;

/** The state in that directory. `note` is told, a line each, what is not as it should be. */
export const createStateFile = (directory: string, note: (line: string) => void): StateFile => {
  const path = join(directory, FILE);

  const discard = (draft: string): void => {
    try {
      rmSync(draft, { force: true });
    } catch {
      // What cannot be written cannot be removed either.
    }
  };

  const setAside = (): void => {
    try {
      renameSync(path, `${path}.damaged`);
      note(`${FILE} was damaged: it is kept as ${FILE}.damaged, and the map begins anew`);
    } catch (error) {
      note(`${FILE} is damaged and cannot be set aside (${messageOf(error)})`);
    }
  };

  const read = (): State => {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      if (!ABSENT.includes(messageOf(error))) setAside();
      return { labs: {} };
    }
    try {
      const value: unknown = JSON.parse(text);
      if (isState(value)) return value;
    } catch {
      // Not even JSON: damaged all the same.
    }
    setAside();
    return { labs: {} };
  };

  const write = (state: State): void => {
    const draft = `${path}.${process.pid}.tmp`;
    try {
      mkdirSync(directory, { recursive: true });
      writeFileSync(draft, `${JSON.stringify(sorted(state), undefined, 2)}\n`);
      renameSync(draft, path);
    } catch (error) {
      discard(draft);
      note(`${FILE} cannot be written (${messageOf(error)}): the map will not know of this`);
    }
  };

  const seedOf = (state: State): string => state.ownSeed ?? randomBytes(6).toString('hex');

  return {
    read,
    progress: (lab) => read().labs[lab] ?? {},
    ownSeed() {
      const state = read();
      const ownSeed = seedOf(state);
      if (state.ownSeed === undefined) write({ ...state, ownSeed });
      return ownSeed;
    },
    update(lab, change) {
      const state = read();
      const labs = { ...state.labs, [lab]: { ...state.labs[lab], ...change } };
      write({ ...state, ownSeed: seedOf(state), labs });
    },
  };
};
