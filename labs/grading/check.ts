/** One check of a result: tried on its inputs, explained by the smallest that fails. */
import type { Check } from '../checkpoint.ts';
import { type Failure, judgeReply } from './judge.ts';
import type { CheckResult } from './result.ts';
import { findSmallest } from './smallest.ts';
import { drawFor, type Loaded, type Seeds } from './target.ts';
import { writeToken } from './token.ts';

/** Seeds, and what is graded. */
export interface Terms extends Seeds {
  /** Ids of the checks to grade; without them, all. */
  readonly checks?: readonly string[];
}

const headOf = ({ id, verb, law, points }: Check) => ({ id, verb, law, pointsMax: points });

/** A check that was not passed, before anything more is known. */
export const notPassed = (
  check: Check,
  reason: string,
  verdict: CheckResult['verdict'] = 'fail',
) => ({
  ...headOf(check),
  verdict,
  points: 0,
  tried: 0,
  reason,
});

const REMEMBERS = 'fails only after other inputs: a variable outside the function remembers them';

/** The rest of a failure's result: about the smallest input, with a token that names it. */
const explain = async (
  { code, bundle, runner }: Loaded,
  check: Check,
  seed: string,
  found: { readonly input: unknown; readonly index: number; readonly failure: Failure },
) => {
  const tokenOf = (choices: readonly number[]) =>
    writeToken({ check: check.id, seed, choices, code: bundle.code });
  const isShort = (choices: readonly number[]) => tokenOf(choices) !== undefined;
  const smallest = await findSmallest(code, runner, check, found, isShort);
  const token = tokenOf(smallest.choices);
  return {
    ...smallest.failure,
    ...(smallest.remembers && { reason: REMEMBERS }),
    ...(smallest.printed !== undefined && { printed: smallest.printed }),
    ...(token !== undefined && { token }),
  };
};

/** Grades one check. What the check itself throws is a defect. */
export const gradeCheck = async (
  loaded: Loaded,
  check: Check,
  terms: Terms,
): Promise<CheckResult> => {
  const { code, runner, bundle } = loaded;
  if (check.verb !== 'implement' && !('answers' in code.subject.parts)) {
    return notPassed(check, 'answers.ts is not there', 'unfinished');
  }
  const inputs = check.inputs(drawFor(check, terms));
  if (inputs.length === 0) throw new Error('it has no inputs');
  let tried = 0;
  let printed = '';
  for await (const reply of runner.observe(check.id, inputs)) {
    const input = inputs[tried];
    const judgement = judgeReply(code, check, input, reply);
    tried++;
    printed ||= reply.printed ?? '';
    if (judgement.verdict === 'pass') continue;
    const shown = reply.printed !== undefined && { printed: reply.printed };
    const asks = check.question !== undefined && { asks: true };
    const head = { ...headOf(check), points: 0, tried, ...asks, ...shown };
    if (judgement.verdict !== 'fail') return { ...head, ...judgement };
    const found = { input, index: tried - 1, failure: judgement };
    if (reply.kind !== 'died') {
      return { ...head, ...(await explain(loaded, check, terms.seed, found)) };
    }
    const choices = [found.index];
    const token = writeToken({ check: check.id, seed: terms.seed, choices, code: bundle.code });
    return { ...head, ...judgement, ...(token !== undefined && { token }) };
  }
  if (tried < inputs.length) return notPassed(check, 'the run ended early');
  return {
    ...headOf(check),
    verdict: 'pass',
    points: check.points,
    tried,
    proved: check.proves(tried),
    ...(printed !== '' && { printed }),
  };
};
