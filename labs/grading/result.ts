/**
 * The result of grading one lab: the one thing that graders write. Everything that is printed or
 * reported is a function of it. It holds no wall-clock time, so two machines write the same bytes.
 */
import type { Finding, TraceLine, Verb } from '../checkpoint.ts';

/**
 *   pass         every input held
 *   fail         one did not, or the code threw, or ran out of time or memory
 *   unfinished   a body of the stub was reached
 *   blocked      a lab that this one stands on is not done (`with mine` alone)
 *   environment  this machine cannot run it
 *   defect       the kit is at fault
 */
export type Verdict = 'pass' | 'fail' | 'unfinished' | 'blocked' | 'environment' | 'defect';

/** A line of the learner's own. */
export interface Where {
  /** From the graded folder: `clock.ts`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly symbol?: string;
}

export interface CheckResult {
  readonly id: string;
  readonly verb: Verb;
  readonly law: string;
  readonly verdict: Verdict;
  readonly points: number;
  readonly pointsMax: number;
  /** Inputs tried. */
  readonly tried: number;
  /** Of a failure: what was found, about the smallest input that still fails. */
  readonly finding?: Finding;
  /** What the code itself did wrong, where no law was needed to see it: one line. */
  readonly reason?: string;
  /** Beside a `reason`: what the code was given, in words. */
  readonly input?: string;
  readonly where?: Where;
  /** A check that this one stands on, and that is not written yet. */
  readonly waitsFor?: string;
  /** The task of the stub's body that was reached. */
  readonly task?: string;
  /** Replays the failing input: `npm run lab replay TOKEN`. */
  readonly token?: string;
  /** What the code printed while this check ran, capped. */
  readonly printed?: string;
  /** It looks at `answers.ts`: `npm run lab 07 case` shows what is asked. */
  readonly asks?: boolean;
  /** What a pass says. */
  readonly proved?: string;
}

/** The code could not be loaded at all. */
export interface LoadProblem {
  /** `syntax`, `import`: forbidden or not found; `threw`: a module threw; `export`: a name is missing. */
  readonly kind: 'syntax' | 'import' | 'threw' | 'export' | 'ended' | 'time' | 'memory';
  /** One line, in words. */
  readonly reason: string;
  readonly where?: Where;
}

export interface Result {
  readonly schema: 'murmuration/result/1';
  readonly lab: string;
  /** What was graded: `mine`, `solution`, `reference` or a path. */
  readonly subject: string;
  readonly seed: string;
  /** SHA-256 over the graded files, hexadecimal. */
  readonly code: string;
  readonly problem?: LoadProblem;
  readonly checks: readonly CheckResult[];
  readonly points: number;
  readonly pointsMax: number;
  readonly notCovered: string;
}

/** A failing input, replayed. */
export interface Replay {
  readonly check: string;
  readonly law: string;
  readonly verdict: Verdict;
  /** The code is the one that failed; otherwise the same input met other code. */
  readonly sameCode: boolean;
  readonly finding?: Finding;
  readonly reason?: string;
  readonly input?: string;
  readonly where?: Where;
  /** What the code printed meanwhile, capped. */
  readonly printed?: string;
  /** Every event, not only the first eight. */
  readonly events: readonly TraceLine[];
}

/** Exit codes by verdict, first the one that decides where several hold. */
const EXITS: readonly (readonly [Verdict, number])[] = [
  ['defect', 5],
  ['environment', 4],
  ['fail', 1],
  ['unfinished', 3],
  ['blocked', 2],
];

/** What the exit code depends on. */
interface Graded {
  readonly problem?: LoadProblem;
  readonly checks: readonly { readonly verdict: Verdict }[];
}

/** The exit code of a result, as every command of the kit counts. */
export const exitCodeOf = ({ problem, checks }: Graded): number => {
  if (problem) return 1;
  const found = EXITS.find(([verdict]) => checks.some((check) => check.verdict === verdict));
  return found?.[1] ?? 0;
};
