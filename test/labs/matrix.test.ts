/**
 * The matrix with few seeds, its red control, and what each mutant is told: `npm run matrix` is the
 * same with many seeds. The texts stand in `feedback/`, to be read as a learner would.
 *
 * Every day each check has one mutant to catch, and one wheat to let pass; in the long run, all.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { findLab, LABS } from '#labs/catalog.ts';
import { feedback } from '#labs/commands/verdict/feedback.ts';
import { plain } from '#labs/commands/desk/layout.ts';
import { gradeSeeds } from '#labs/matrix/bench.ts';
import { mutantsOf, solutionOf, wheatsOf } from '#labs/matrix/field.ts';
import { isClean, runMatrix, type Matrix, type MatrixTerms } from '#labs/matrix/matrix.ts';
import type { Mutant } from '#labs/matrix/mutant.ts';
import type { CheckResult } from '#labs/grading/result.ts';
import { wordsToRun } from '#start/built.mjs';
import { everyDay } from '#test/support/depth.ts';

const MINUTES = 60_000;
const PROGRAM = await wordsToRun('labs/matrix.ts');
const SEEDS = everyDay(1, 5);
const MUTANT_SEEDS = 1;

const lab = findLab('07')!;
const checks = (await lab.checkpoint()).checks;
const all = await mutantsOf(lab);
const mutants = everyDay(
  checks.flatMap(({ id }) => all.filter(({ killedBy }) => killedBy === id).slice(0, 1)),
  all,
);
const wheats = everyDay(wheatsOf(lab).slice(0, 1), wheatsOf(lab));
const tried = new Set([...mutants.map(({ name }) => name), ...wheats]);

type Only = NonNullable<MatrixTerms['only']>;
const isTried: Only = ({ kind, name }) =>
  (kind !== 'mutant' && kind !== 'wheat') || tried.has(name);

let matrix: Matrix;
beforeAll(async () => {
  matrix = await runMatrix({
    labs: LABS,
    seeds: SEEDS,
    mutantSeeds: MUTANT_SEEDS,
    only: isTried,
    atOnce: 2,
  });
}, 3 * MINUTES);

describe('the matrix', () => {
  it('finds every subject as it should be', () => {
    const wrong = matrix.rows.filter(({ problems }) => problems.length > 0);
    expect(wrong.map(({ name, problems }) => ({ name, problems }))).toEqual([]);
  });

  it('finds no check idle', () => {
    expect(matrix.idle).toEqual([]);
  });

  it('has at least three wheats, and a mutant for every check', () => {
    expect(wheatsOf(lab).length).toBeGreaterThanOrEqual(3);
    expect(matrix.rows.map(({ name }) => name)).toEqual(expect.arrayContaining([...tried]));
    expect(new Set(mutants.map(({ killedBy }) => killedBy))).toEqual(
      new Set(checks.map(({ id }) => id)),
    );
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });
});

describe('the red control', () => {
  it.each(everyDay(['07.2'], ['07.2', '07.4']))(
    'misses what %s catches, if that is left out',
    async (dropped) => {
      const { rows } = await runMatrix({
        labs: [lab],
        seeds: 1,
        mutantSeeds: 1,
        without: [dropped],
        only: (row) => isTried(row) && [dropped, '07.3'].includes(row.claimedBy ?? ''),
        atOnce: 2,
      });
      const missed = rows.filter(({ problems }) => problems.length > 0).map(({ name }) => name);
      const claimed = mutants.filter(({ killedBy }) => killedBy === dropped);
      expect(missed).toEqual(claimed.map(({ name }) => name));
      expect(isClean({ rows, idle: [] })).toBe(false);
    },
    MINUTES,
  );

  it('refuses an edit that does not apply exactly once', async () => {
    const grade = (find: string) =>
      gradeSeeds(
        {
          lab,
          subject: 'mutant',
          folder: solutionOf(lab),
          edits: [{ file: 'clock.ts', find, replace: '' }],
        },
        { checks: checks.slice(0, 1), seeds: ['1'], untilFirst: true },
      );
    await expect(grade('nowhere to be found')).rejects.toThrow(/does not apply: 0 times/);
    await expect(grade('const')).rejects.toThrow(/does not apply: \d+ times/);
  });

  it.each([['without', '99.9'], ['lab', '99'], ['seeds', 'many'], ['quickly']])(
    'is not misunderstood: %s %s',
    (...words) => {
      const { status, stderr } = spawnSync(process.execPath, [...PROGRAM, ...words], {
        encoding: 'utf8',
      });
      expect(stderr).toMatch(/^usage: /);
      expect(status).toBe(64);
    },
  );
});

// --- What a learner reads -----------------------------------------------------------------------------

const folder = `solutions/${lab.name}`;

/** The feedback about one check, as it is printed; a token changes with every letter of the code. */
const printed = (check: CheckResult): readonly string[] =>
  feedback(
    {
      schema: 'murmuration/result/1',
      lab: lab.number,
      subject: 'mine',
      seed: '1',
      code: '',
      checks: [check],
      points: 0,
      pointsMax: check.pointsMax,
      notCovered: '',
    },
    {
      lab,
      ofWords: '',
      pathOf: (file) => `${folder}/${file}`,
      afterPass: '',
      watching: false,
      paint: plain,
    },
  )
    .map((line) => line.replace(/(npm run lab replay) \S+/, '$1 TOKEN'))
    .slice(3);

/** What killed a mutant, under the first seed. */
const killOf = ({ name }: Mutant): CheckResult => {
  const row = matrix.rows.find((each) => each.kind === 'mutant' && each.name === name);
  const check = row?.first?.checks.at(-1);
  if (!check?.finding) throw new Error(`${name} is not found out`);
  return check;
};

const textOf = (mutant: Mutant): readonly string[] => printed(killOf(mutant));

/** A file of the solution with the edits of a mutant. */
const edited = ({ edits }: Mutant, file: string): string =>
  edits
    .filter((edit) => file === `${folder}/${edit.file}`)
    .reduce(
      (text, { find, replace }) => text.split(find).join(replace),
      readFileSync(file, 'utf8'),
    );

const BANNED = /\b(?:just|simply|obviously|easy|easily|you forgot)\b/i;
const INSIDE =
  /node_modules|node:internal|\/(?:home|Users|work|root|tmp)\/|\b(?:observe|judge|harness|vitest|mutant|specimen|demands)\b/;

const RUN_WORDS = 12;

/** Every run of so many words in a text. */
const runsOf = (text: string): readonly string[] => {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.slice(RUN_WORDS - 1).map((_, end) => words.slice(end, end + RUN_WORDS).join(' '));
};

const sources = ['reference/gossip', 'reference/reconciliation'].flatMap((layer) =>
  readdirSync(layer).map((file) => `${layer}/${file}`),
);
const known = new Set(sources.flatMap((file) => runsOf(readFileSync(file, 'utf8'))));

describe.each(mutants.map((mutant) => [mutant.name, mutant] as const))('%s', (name, mutant) => {
  it('is told this', async () => {
    await expect(`${textOf(mutant).join('\n')}\n`).toMatchFileSnapshot(`feedback/${name}.txt`);
  });

  it('is told it shortly, with what was seen, where, and nothing of the kit', () => {
    const lines = textOf(mutant);
    const text = lines.join('\n');
    expect(lines.length).toBeLessThanOrEqual(25);
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
    expect(text).toMatch(/^[\n -~]*$/);
    expect(text).not.toMatch(BANNED);
    expect(text).not.toMatch(INSIDE);
    expect(text).toMatch(/^ {5}saw {7}\S/m);
    expect(text).toMatch(/^ {5}expected {2}\S/m);
    expect(text).toMatch(/^ {5}(?:input|t=)/m);
    expect(lines.at(-1)).toMatch(/^ {5}next {6}npm run lab replay TOKEN$/);
    expect(runsOf(text).filter((run) => known.has(run))).toEqual([]);
  });

  it('has a headline of one line, and a place that is there', () => {
    expect(killOf(mutant).finding!.headline.length).toBeLessThanOrEqual(90);
    const where = /^ {5}where {5}(?<file>\S+):(?<line>\d+) {2}(?<symbol>\w+)$/m.exec(
      textOf(mutant).join('\n'),
    )!.groups!;
    expect(where['file']).toMatch(new RegExp(`^${folder}/\\w+\\.ts$`));
    const line = edited(mutant, where['file']!).split('\n')[Number(where['line']) - 1];
    expect(line).toMatch(new RegExp(`\\b${where['symbol']}\\b`));
  });
});
