/**
 * The matrix: proof that the checks of a lab are neither too strict nor too lax.
 *
 *   stub        nothing is written yet, and every check says so
 *   right       solution, reference and wheats pass under every seed
 *   mutants     each is caught first by the check that claims it, with the diagnosis that it declares
 *   checks      none is idle: each catches a mutant that it claims
 */
import { messageOf } from '#contracts/faults.ts';
import type { Lab } from '../catalog.ts';
import type { Check } from '../checkpoint.ts';
import { gradeSeeds, type SeedResult } from './bench.ts';
import { mutantsOf, solutionOf, stubOf, wheatsOf, withWheat } from './field.ts';
import type { Mutant } from './mutant.ts';
import type { CheckResult } from '../grading/result.ts';
import type { Target } from '../grading/target.ts';

export type Kind = 'stub' | 'solution' | 'reference' | 'wheat' | 'mutant';

/** One subject, and what is not as it should be. */
export interface Row {
  readonly lab: string;
  readonly kind: Kind;
  readonly name: string;
  readonly seeds: number;
  /** Of a mutant: the check that claims it. */
  readonly claimedBy?: string;
  /** What came of the first seed; undefined if the code could not be graded. */
  readonly first?: SeedResult;
  /** Empty: all is as it should be. */
  readonly problems: readonly string[];
}

export interface MatrixTerms {
  readonly labs: readonly Lab[];
  /** Seeds of stub, solution, reference and wheats. */
  readonly seeds: number;
  /** Seeds of mutants. */
  readonly mutantSeeds: number;
  /** Checks that are left out: the red control. */
  readonly without?: readonly string[];
  /** Whom to grade; everybody, if not said. */
  readonly only?: (row: Pick<Row, 'kind' | 'name' | 'claimedBy'>) => boolean;
  /** Subjects that are graded at the same time. */
  readonly atOnce: number;
  /** Called as soon as a subject has been graded. */
  readonly onRow?: (row: Row) => void;
}

export interface Matrix {
  readonly rows: readonly Row[];
  /** Checks that caught nothing that they claim. */
  readonly idle: readonly string[];
}

/** What a check says, for somebody who wrote it. */
const wordsOf = ({ id, verdict, finding, reason }: CheckResult): string => {
  const why = finding ? `${finding.diagnosis}: ${finding.headline}` : reason;
  return `${id} ${verdict}${why === undefined ? '' : `, ${why}`}`;
};

const stubProblems = ({ checks }: SeedResult): string[] =>
  checks.filter(({ verdict }) => verdict !== 'unfinished').map(wordsOf);

const rightProblems = ({ checks }: SeedResult): string[] =>
  checks.filter(({ verdict }) => verdict !== 'pass').map(wordsOf);

const mutantProblems =
  ({ killedBy, diagnosis }: Mutant) =>
  ({ checks }: SeedResult): string[] => {
    const last = checks.at(-1);
    if (!last || last.verdict === 'pass') return ['survives'];
    const claimed = last.id === killedBy && last.finding?.diagnosis === diagnosis;
    return claimed ? [] : [`${wordsOf(last)}; declared are ${killedBy} and ${diagnosis}`];
  };

/** One subject before it is graded. */
interface Job extends Pick<Row, 'lab' | 'kind' | 'name' | 'seeds' | 'claimedBy'> {
  readonly checks: readonly Check[];
  readonly untilFirst: boolean;
  problemsOf(result: SeedResult): readonly string[];
  /** Hands over the target for as long as it is graded. */
  withTarget<Value>(use: (target: Target) => Promise<Value>): Promise<Value>;
}

const jobsOf = async (lab: Lab, terms: MatrixTerms): Promise<readonly Job[]> => {
  const { seeds, mutantSeeds, without = [] } = terms;
  const checkpoint = await lab.checkpoint();
  const checks = checkpoint.checks.filter(({ id }) => !without.includes(id));
  const implement = checks.filter(({ verb }) => verb === 'implement');
  const solution = solutionOf(lab);

  const job = (kind: Kind, name: string, target: Target, more: Partial<Job> = {}): Job => ({
    lab: lab.number,
    kind,
    name,
    seeds,
    checks,
    untilFirst: true,
    problemsOf: rightProblems,
    withTarget: (use) => use(target),
    ...more,
  });
  return [
    job(
      'stub',
      lab.name,
      { lab, subject: 'stub', folder: stubOf(lab) },
      {
        untilFirst: false,
        problemsOf: stubProblems,
      },
    ),
    job('solution', lab.name, { lab, subject: 'solution', folder: solution }),
    job(
      'reference',
      lab.name,
      { lab, subject: 'reference', reference: true },
      {
        checks: implement,
      },
    ),
    ...wheatsOf(lab).map((name) =>
      job(
        'wheat',
        name,
        { lab, subject: name, folder: solution },
        {
          withTarget: (use) =>
            withWheat(lab, name, (folder) => use({ lab, subject: name, folder })),
        },
      ),
    ),
    ...(await mutantsOf(lab)).map((mutant) =>
      job(
        'mutant',
        mutant.name,
        {
          lab,
          subject: mutant.name,
          folder: solution,
          edits: mutant.edits,
        },
        {
          seeds: mutantSeeds,
          claimedBy: mutant.killedBy,
          problemsOf: mutantProblems(mutant),
        },
      ),
    ),
  ];
};

const seedNames = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => String(index + 1));

/** The problems of all seeds, each sentence once with the seeds that it is about. */
const gather = (problems: ReadonlyMap<string, readonly string[]>): string[] =>
  [...problems].map(([words, seeds]) => {
    const few = seeds.slice(0, 5).join(' ');
    return `${seeds.length === 1 ? 'seed' : `${seeds.length} seeds:`} ${few}${seeds.length > 5 ? ' ...' : ''}: ${words}`;
  });

const gradeJob = async (job: Job): Promise<Row> => {
  const { lab, kind, name, seeds, claimedBy, checks, untilFirst } = job;
  const row = { lab, kind, name, seeds, ...(claimedBy !== undefined && { claimedBy }) };
  const terms = { checks, seeds: seedNames(seeds), untilFirst };
  try {
    const results = await job.withTarget((target) => gradeSeeds(target, terms));
    const problems = new Map<string, string[]>();
    for (const result of results) {
      for (const words of job.problemsOf(result)) {
        problems.set(words, [...(problems.get(words) ?? []), result.seed]);
      }
    }
    return { ...row, first: results[0]!, problems: gather(problems) };
  } catch (error) {
    return { ...row, problems: [messageOf(error)] };
  }
};

/** Grades everything; rows come in the order of the labs and kinds, whatever finished first. */
export const runMatrix = async (terms: MatrixTerms): Promise<Matrix> => {
  const { labs, only = () => true, without = [], atOnce, onRow } = terms;
  const all = await Promise.all(labs.map((lab) => jobsOf(lab, terms)));
  const jobs = all.flat().filter(only);
  const rows: Row[] = [];
  const open = [...jobs.entries()];
  const work = async (): Promise<void> => {
    for (let next = open.shift(); next; next = open.shift()) {
      const [index, job] = next;
      const row = await gradeJob(job);
      rows[index] = row;
      onRow?.(row);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));

  const busy = new Set(rows.map((row) => (row.problems.length === 0 ? row.claimedBy : undefined)));
  const checkpoints = await Promise.all(labs.map((lab) => lab.checkpoint()));
  const ids = checkpoints.flatMap(({ checks }) => checks.map(({ id }) => id));
  return { rows, idle: ids.filter((id) => !without.includes(id) && !busy.has(id)) };
};

/** Whether everything is as it should be. */
export const isClean = ({ rows, idle }: Matrix): boolean =>
  rows.length > 0 && idle.length === 0 && rows.every(({ problems }) => problems.length === 0);
