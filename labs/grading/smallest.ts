/** The smallest input that still fails: what a person can follow by hand. */
import type { Check } from '../checkpoint.ts';
import { type Code, type Failure, type Judgement, judgeReply } from './judge.ts';
import type { Runner } from './runner.ts';

/** Whether two failures are one, seen about two inputs. */
const isSame = (left: Failure, right: Judgement): boolean => {
  if (right.verdict !== 'fail') return false;
  if ('finding' in left) {
    return 'finding' in right && right.finding.diagnosis === left.finding.diagnosis;
  }
  const { where } = left;
  return 'reason' in right && right.where.file === where.file && right.where.line === where.line;
};

const ATTEMPTS_MAX = 150;

export interface Smallest {
  readonly failure: Failure;
  /** What it printed. */
  readonly printed?: string | undefined;
  /** The index of the input, then of each smaller one that was chosen. */
  readonly choices: readonly number[];
  /** The input alone does not fail: something remembers the inputs before it. */
  readonly remembers: boolean;
}

/**
 * Goes from a failing input to a smaller one that fails in the same way, and again, until none does.
 *
 * @param isShort whether a list of choices can still be named by a token.
 */
export const findSmallest = async (
  code: Code,
  runner: Runner,
  check: Check,
  found: { readonly input: unknown; readonly index: number; readonly failure: Failure },
  isShort: (choices: readonly number[]) => boolean,
): Promise<Smallest> => {
  let attempts = 0;
  let hasDied = false;

  /** Each input alone, as a replay meets it. */
  const tryAlone = async (input: unknown) => {
    attempts++;
    for await (const reply of runner.observe(check.id, [input])) {
      if (reply.kind === 'died') hasDied = true;
      return { judgement: judgeReply(code, check, input, reply), printed: reply.printed };
    }
    throw new Error('a request was not answered');
  };

  let { input, failure } = found;
  let choices: readonly number[] = [found.index];
  const alone = await tryAlone(input);
  let { printed } = alone;
  if (!isSame(failure, alone.judgement)) return { failure, choices, printed, remembers: true };

  const step = async (): Promise<boolean> => {
    const text = JSON.stringify(input);
    for (const [choice, candidate] of (check.smaller?.(input) ?? []).entries()) {
      if (JSON.stringify(candidate) === text) continue;
      if (attempts >= ATTEMPTS_MAX || !isShort([...choices, choice])) return false;
      const tried = await tryAlone(candidate);
      // The next one may take all of its time as well, and somebody waits.
      if (hasDied) return false;
      if (!isSame(failure, tried.judgement)) continue;
      input = candidate;
      failure = tried.judgement as Failure;
      ({ printed } = tried);
      choices = [...choices, choice];
      return true;
    }
    return false;
  };
  while (await step());
  return { failure, choices, printed, remembers: false };
};
