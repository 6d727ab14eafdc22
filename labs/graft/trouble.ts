/**
 * Trouble that a learner's code makes in the process of its node: one line on its standard error, written
 * there and read here, so that it arrives even if that process can do nothing else any more.
 */
import { writeSync } from 'node:fs';
import { type Code, oneLine, wordsOfThrown } from '../grading/judge.ts';
import type { describeThrown } from '../grading/child/thrown.ts';
import { whereIs } from '../grading/where.ts';
import { unfinishedWords } from '../naming.ts';
import { HEAP_MB_MAX } from './limits.ts';

/** What happened; a stack names lines of the bundle. */
export type Trouble =
  | ReturnType<typeof describeThrown>
  /** A call of this function did not come back. */
  | { readonly kind: 'time'; readonly seconds: number; readonly call: string }
  | { readonly kind: 'memory'; readonly megabytes: number }
  /** It ended the process. */
  | { readonly kind: 'ended'; readonly stack: string };

const EVENT = 'layer_failed';
const STACK_CHARACTERS_MAX = 8_000;
const STDERR = 2;

/** Says it, at once. */
export const report = (trouble: Trouble): void => {
  const stack = 'stack' in trouble && { stack: trouble.stack.slice(0, STACK_CHARACTERS_MAX) };
  writeSync(STDERR, `${JSON.stringify({ event: EVENT, trouble: { ...trouble, ...stack } })}\n`);
};

/** The trouble that a line of a log tells of, if it does. */
export const readTrouble = (line: string): Trouble | undefined => {
  if (!line.startsWith(`{"event":"${EVENT}"`)) return undefined;
  return (JSON.parse(line) as { readonly trouble: Trouble }).trouble;
};

/** The trouble of a process that could not say anything: the memory of its heap was used up. */
export const troubleOfEnd = (ended: string | undefined): Trouble | undefined =>
  ended === 'SIGABRT' || ended === 'exit code 134'
    ? { kind: 'memory', megabytes: HEAP_MB_MAX }
    : undefined;

const predicateOf = (trouble: Exclude<Trouble, { readonly kind: 'unfinished' }>): string => {
  switch (trouble.kind) {
    case 'threw':
      return wordsOfThrown(trouble.name, trouble.message);
    case 'time':
      return `${trouble.call} runs for ${trouble.seconds} s without an end`;
    case 'memory':
      return `uses more than ${trouble.megabytes} MB of memory`;
    case 'ended':
      return 'ends the process';
  }
};

/** The line that is to blame, where one is known. */
const whereOf = (trouble: Trouble, { subject, bundle }: Code, layer: string) => {
  if ('stack' in trouble) return bundle.locate(trouble.stack);
  if (trouble.kind !== 'time') return undefined;
  return whereIs(subject, bundle.texts, { file: `${layer}.ts`, symbol: trouble.call });
};

/** In one line that begins with the learner's own file and line, where one is known. */
export const troubleWords = (
  trouble: Trouble,
  code: Code,
  layer: string,
  pathOf: (file: string) => string,
): string => {
  const where = whereOf(trouble, code, layer);
  const place = where && `${pathOf(where.file)}:${where.line}`;
  if (trouble.kind === 'unfinished') return unfinishedWords(trouble.task, place ?? 'your files');
  return oneLine(`${place ?? 'the node of yours'} ${predicateOf(trouble)}`);
};
