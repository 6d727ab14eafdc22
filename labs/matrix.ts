/**
 * `npm run matrix`: proves that the checks of the labs are neither too strict nor too lax.
 *
 *   npm run matrix                 every lab, 100 seeds
 *   npm run matrix lab 07          one lab
 *   npm run matrix seeds 5         so many seeds
 *   npm run matrix without 07.4    leaves a check out, and must then fail: the red control
 */
import { availableParallelism } from 'node:os';
import { Fault, messageOf } from '#contracts/faults.ts';
import { EXIT, exitOf } from '#reference/commands/exit.ts';
import { findLab, LABS, type Lab } from './catalog.ts';
import { counted } from './commands/layout.ts';
import { isClean, runMatrix, type Kind, type Matrix, type Row } from './matrix/matrix.ts';
import { stop } from './grading/grade.ts';

const SEEDS = 100;
const SEEDS_MAX = 10_000;
/** A mutant that is caught under so many seeds is not caught by luck. */
const MUTANT_SEEDS_MAX = 20;

interface Request {
  readonly labs: readonly Lab[];
  readonly seeds: number;
  readonly without: readonly string[];
}

const readLab = (word: string): readonly Lab[] => {
  const lab = findLab(word);
  if (!lab) throw new Fault('usage', `lab: this kit has no lab ${word}`);
  return [lab];
};

const readSeeds = (word: string): number => {
  const seeds = /^\d{1,5}$/.test(word) ? Number(word) : 0;
  if (seeds >= 1 && seeds <= SEEDS_MAX) return seeds;
  throw new Fault('usage', `seeds: expected a number from 1 to ${SEEDS_MAX}, got ${word}`);
};

const readRequest = async (words: readonly string[]): Promise<Request> => {
  let request: Request = { labs: LABS, seeds: SEEDS, without: [] };
  for (let index = 0; index < words.length; index += 2) {
    const [word, value = ''] = words.slice(index);
    if (word === 'lab') request = { ...request, labs: readLab(value) };
    else if (word === 'seeds') request = { ...request, seeds: readSeeds(value) };
    else if (word === 'without') request = { ...request, without: [...request.without, value] };
    else throw new Fault('usage', `expected lab 07, seeds 100 or without 07.4, got ${word}`);
  }
  const checkpoints = await Promise.all(request.labs.map((lab) => lab.checkpoint()));
  const ids = checkpoints.flatMap(({ checks }) => checks.map(({ id }) => id));
  const unknown = request.without.find((id) => !ids.includes(id));
  if (unknown !== undefined) throw new Fault('usage', `without: no check is called ${unknown}`);
  return request;
};

const say = (...lines: readonly string[]): void => console.log(lines.join('\n'));

const verdictOf = ({ kind, problems }: Row): string => {
  if (problems.length > 0) return 'WRONG';
  if (kind === 'stub') return 'unfinished';
  return kind === 'mutant' ? 'killed' : 'pass';
};

const sayRow = (row: Row): void => {
  const { lab, kind, name, seeds, claimedBy, problems } = row;
  const by = claimedBy === undefined ? '' : `by ${claimedBy}`;
  const verdict = `${verdictOf(row).padEnd(11)}${by.padEnd(9)}`;
  say(
    `lab ${lab}  ${kind.padEnd(10)}${name.padEnd(32)}${verdict} x ${counted(seeds, 'seed')}`,
    ...problems.map((words) => `        ${words}`),
  );
};

/** `wheats 4/4 x 100 seeds`. */
const totalOf = ({ rows }: Matrix, kind: Kind, words: (seeds: number) => string): string => {
  const graded = rows.filter((row) => row.kind === kind);
  const clean = graded.filter(({ problems }) => problems.length === 0);
  const plural = kind === 'stub' ? 'stubs' : `${kind}s`;
  return `${plural} ${clean.length}/${graded.length} ${words(graded[0]?.seeds ?? 0)}`;
};

const closing = (matrix: Matrix): string => {
  const { idle } = matrix;
  const timesSeeds = (seeds: number): string => `x ${counted(seeds, 'seed')}`;
  return [
    totalOf(matrix, 'stub', () => 'not written yet'),
    totalOf(matrix, 'solution', timesSeeds),
    totalOf(matrix, 'reference', timesSeeds),
    totalOf(matrix, 'wheat', timesSeeds),
    totalOf(
      matrix,
      'mutant',
      (seeds) =>
        `${timesSeeds(seeds)} killed by the check that claims them, with the declared diagnosis`,
    ),
    `idle checks ${idle.length}${idle.length > 0 ? ` (${idle.join(' ')})` : ''}`,
  ].join(' | ');
};

const survivorsOf = ({ rows }: Matrix): string => {
  const missed = rows.filter(({ kind, problems }) => kind === 'mutant' && problems.length > 0);
  if (missed.length === 0) return '';
  return `mutants that are not killed as they declare: ${missed.map(({ name }) => name).join(', ')}`;
};

const main = async (): Promise<number> => {
  const { labs, seeds, without } = await readRequest(process.argv.slice(2));
  const matrix = await runMatrix({
    labs,
    seeds,
    without,
    mutantSeeds: Math.min(seeds, MUTANT_SEEDS_MAX),
    atOnce: Math.max(2, availableParallelism()),
    onRow: sayRow,
  });
  const survivors = survivorsOf(matrix);
  say('', ...(survivors === '' ? [] : [survivors]), closing(matrix));
  return isClean(matrix) ? EXIT.ok : EXIT.failed;
};

try {
  process.exitCode = await main();
} catch (error) {
  const status = error instanceof Fault ? error.code : 'defect';
  console.error(`${status}: ${messageOf(error)}`);
  process.exitCode = exitOf(status);
} finally {
  await stop();
}
