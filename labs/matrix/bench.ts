/**
 * One subject graded under many seeds. A child is started once and kept, because starting it costs more
 * than grading; the parts are loaded anew for every check, as they are for a learner.
 */
import type { Check } from '../checkpoint.ts';
import { gradeCheck } from '../grading/check.ts';
import type { CheckResult } from '../grading/result.ts';
import type { Target } from '../grading/target.ts';
import { withLoaded } from '../grading/with-loaded.ts';

/** What came of one seed: a result for each check, in their order. */
export interface SeedResult {
  readonly seed: string;
  readonly checks: readonly CheckResult[];
}

/** How a subject is graded. */
export interface BenchTerms {
  readonly checks: readonly Check[];
  readonly seeds: readonly string[];
  /** Look no further, under a seed, than the first check that does not pass. */
  readonly untilFirst: boolean;
}

/** The questions of a learner change with the seed as well. */
const ownSeedOf = (seed: string): string => `own${seed}`;

/**
 * Grades a subject under each seed in turn.
 *
 * @throws Error if the code cannot be loaded, an edit does not apply, or the kit is at fault.
 */
export const gradeSeeds = async (
  target: Target,
  { checks, seeds, untilFirst }: BenchTerms,
): Promise<readonly SeedResult[]> => {
  const loaded = await withLoaded(target, async (code) => {
    const graded: SeedResult[] = [];
    for (const seed of seeds) {
      const results: CheckResult[] = [];
      for (const check of checks) {
        const result = await gradeCheck(code, check, { seed, ownSeed: ownSeedOf(seed) });
        results.push(result);
        if (untilFirst && result.verdict !== 'pass') break;
      }
      graded.push({ seed, checks: results });
    }
    return graded;
  });
  if (loaded.ok) return loaded.value;
  throw new Error(loaded.problem.reason);
};
