/**
 * Grades one lab: from a folder to a result. What the code did is observed in a child; every verdict
 * is made here, so nothing that the code does can make one.
 */
import { availableParallelism } from 'node:os';
import { messageOf } from '#contracts/faults.ts';
import type { Check, Checkpoint } from '../checkpoint.ts';
import { type Bundler, createBundler } from './bundle.ts';
import { gradeCheck, notPassed, type Terms } from './check.ts';
import type { CheckResult, LoadProblem, Result } from './result.ts';
import { EditMismatch, hashOf, type Subject } from './subject.ts';
import type { Runner } from './runner.ts';
import { isProblem, load, type Loaded, openRunner, subjectOf, type Target } from './target.ts';
import { checkSeed } from './token.ts';

export { stop } from './bundle.ts';
export { replay } from './replay.ts';
export { type Edit, EditMismatch } from './subject.ts';
export type { Target, Terms };

export interface Grader {
  /**
   * Grades the files as they are now.
   *
   * @throws Fault `usage` if the seed does not fit into a token.
   * @throws EditMismatch if an edit does not apply.
   * @throws Error if a check is unknown.
   */
  readonly grade: (terms: Terms) => Promise<Result>;
  /** Gets a child ready for the next grade, and warms it up: while somebody is writing. */
  readonly prepare: () => void;
  readonly close: () => Promise<void>;
}

/** The reference answers no questions, so it is asked none. */
const checksOf = ({ reference }: Target, { checks }: Checkpoint, { checks: ids }: Terms) => {
  const asked = reference ? checks.filter(({ verb }) => verb === 'implement') : checks;
  const unknown = ids?.find((id) => !checks.some((check) => check.id === id));
  if (unknown !== undefined) throw new Error(`no check is called ${unknown}`);
  return ids ? asked.filter(({ id }) => ids.includes(id)) : asked;
};

/** Children that share the checks of one grade: beside them the grading process has little to do. */
const CHILDREN = Math.min(2, availableParallelism());

/** A check that fails because another is not written yet waits for it: nothing is wrong so far. */
const waiting = (
  result: CheckResult,
  { after = [] }: Check,
  results: readonly CheckResult[],
): CheckResult => {
  const awaited = results.find(({ id, verdict }) => verdict === 'unfinished' && after.includes(id));
  if (result.verdict !== 'fail' || !awaited) return result;
  const { id, verb, law, points, pointsMax, tried } = result;
  const head = { id, verb, law, points, pointsMax, tried, waitsFor: awaited.id };
  return { ...head, verdict: 'unfinished', reason: `waits for ${awaited.id}` };
};

/** Each child takes the next check that nobody has taken; the results are in the order of the checks. */
const gradeAll = async (children: readonly Loaded[], checks: readonly Check[], terms: Terms) => {
  const results: CheckResult[] = [];
  // The last ones cost most: begun first, they do not leave one child waiting for the other.
  const queue = [...checks.entries()].reverse().values();
  const work = async (child: Loaded): Promise<void> => {
    for (const [place, check] of queue) {
      results[place] = await gradeCheck(child, check, terms).catch((error: unknown) =>
        notPassed(check, messageOf(error), 'defect'),
      );
    }
  };
  await Promise.all(children.map(work));
  return results.map((result, place) => waiting(result, checks[place]!, results));
};

/** A grader that stays: what is bundled once is cheap to bundle again. */
export const createGrader = (target: Target): Grader => {
  const { lab } = target;
  let bundler: Bundler | undefined;
  let spare: Promise<readonly Runner[]> | undefined;
  const open = (subject: Subject, asked = CHILDREN): Promise<readonly Runner[]> => {
    // Under a debugger one is enough, and so it is for one check.
    const count = target.debug === true || asked < 2 ? 1 : CHILDREN;
    const opened = Promise.all(Array.from({ length: count }, () => openRunner(target, subject)));
    // Whoever needs them hears of it then.
    opened.catch(() => {});
    return opened;
  };

  const run = async (terms: Terms): Promise<Result> => {
    checkSeed(terms.seed);
    const subject = subjectOf(target);
    if (!isProblem(subject)) {
      // First of all: children get ready while the rest is loaded here.
      await (spare ??= open(subject, terms.checks?.length)).catch(() => {});
      bundler ??= await createBundler(subject);
    }
    const checkpoint = await lab.checkpoint();
    const checks = checksOf(target, checkpoint, terms);
    const finish = (code: string, results: readonly CheckResult[], problem?: LoadProblem) => ({
      schema: 'murmuration/result/1' as const,
      lab: lab.number,
      subject: target.subject,
      seed: terms.seed,
      code,
      ...(problem && { problem }),
      checks: results,
      points: results.reduce((sum, { points }) => sum + points, 0),
      pointsMax: checks.reduce((sum, { points }) => sum + points, 0),
      notCovered: checkpoint.notCovered,
    });
    const fail = (code: string, problem: LoadProblem) =>
      finish(
        code,
        checks.map((check) => notPassed(check, problem.reason)),
        problem,
      );
    const blame = (reason: string) =>
      finish(
        hashOf(new Map()),
        checks.map((check) => notPassed(check, reason, 'defect')),
      );

    if (isProblem(subject)) return fail(hashOf(new Map()), subject);
    try {
      const loaded = await load(target, subject, bundler!, await spare!);
      if (!loaded.ok) return fail(loaded.code, loaded.problem);
      return finish(loaded.bundle.code, await gradeAll(loaded.children, checks, terms));
    } catch (error) {
      if (error instanceof EditMismatch) throw error;
      return blame(messageOf(error));
    }
  };

  const close = (): void => {
    void spare?.then((runners) => runners.forEach((runner) => runner.close())).catch(() => {});
    spare = undefined;
  };

  return {
    async grade(terms) {
      try {
        return await run(terms);
      } finally {
        close();
      }
    },
    prepare() {
      const subject = subjectOf(target);
      if (isProblem(subject) || spare) return;
      spare = open(subject);
      spare.then((runners) => runners.forEach((runner) => runner.rehearse())).catch(() => {});
    },
    async close() {
      close();
      await bundler?.dispose();
    },
  };
};

/**
 * Grades a lab once.
 *
 * @throws Fault `usage` if the seed does not fit into a token.
 * @throws EditMismatch if an edit does not apply.
 * @throws Error if a check is unknown.
 */
export const grade = async (request: Target & Terms): Promise<Result> => {
  const grader = createGrader(request);
  try {
    return await grader.grade(request);
  } finally {
    await grader.close();
  }
};
