/**
 * `npm run matrix`: proves that the checks of the labs are neither too strict nor too lax.
 *
 *   npm run matrix                 every lab, 100 seeds
 *   npm run matrix lab 07          one lab
 *   npm run matrix seeds 5         so many seeds
 *   npm run matrix without 07.4    leaves a check out, and must then fail: the red control
 */
import { availableParallelism } from 'node:os';
import { Fault } from '#contracts/faults.ts';
import { refuseDashes } from '#reference/commands/dashes.ts';
import { EXIT, reportFailure } from '#reference/commands/exit.ts';
import {
  describeWords,
  readWords,
  wholeNumber,
  type Spoken,
  type Vocabulary,
} from '#reference/commands/words.ts';
import { findLab, LABS, type Lab } from './catalog.ts';
import { counted } from './commands/desk/layout.ts';
import { isClean, runMatrix, type Kind, type Matrix, type Row } from './matrix/matrix.ts';
import { stop } from './grading/grade.ts';

const SEEDS = 100;
const SEEDS_MAX = 10_000;
/** A mutant that is caught under so many seeds is not caught by luck. */
const MUTANT_SEEDS_MAX = 20;

/** Every word of the command. */
const vocabulary: Vocabulary = {
  lab: { value: 'NUMBER', summary: 'that lab alone' },
  seeds: { value: 'N', summary: 'seeds of what must pass', byDefault: String(SEEDS) },
  without: { value: 'CHECK', summary: 'leaves a check out, and must then fail: the red control' },
  help: { summary: 'these lines' },
};

interface Request {
  readonly labs: readonly Lab[];
  readonly seeds: number;
  readonly without: readonly string[];
}

const labsNamed = (name: string | undefined): readonly Lab[] => {
  const lab = name === undefined ? undefined : findLab(name);
  if (name !== undefined && !lab) throw new Fault('usage', `lab: this kit has no lab ${name}`);
  return lab ? [lab] : LABS;
};

const readRequest = async (spoken: Spoken): Promise<Request> => {
  const labs = labsNamed(spoken.values.get('lab'));
  const without = spoken.values.get('without');
  const checkpoints = await Promise.all(labs.map((lab) => lab.checkpoint()));
  const ids = checkpoints.flatMap(({ checks }) => checks.map(({ id }) => id));
  if (without !== undefined && !ids.includes(without)) {
    throw new Fault('usage', `without: no check is called ${without}`);
  }
  return {
    labs,
    seeds: wholeNumber(spoken, 'seeds', SEEDS, [1, SEEDS_MAX]),
    without: without === undefined ? [] : [without],
  };
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

const main = async (typed: readonly string[]): Promise<number> => {
  refuseDashes(['matrix', ...typed], process.env);
  const spoken = readWords(typed, vocabulary, 0);
  if (spoken.values.has('help')) {
    say(
      'npm run matrix [WORDS]: the checks of the labs are neither too strict nor too lax.',
      '',
      ...describeWords(vocabulary),
    );
    return EXIT.ok;
  }
  const { labs, seeds, without } = await readRequest(spoken);
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
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = reportFailure(error, false);
} finally {
  await stop();
}
