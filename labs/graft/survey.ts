/** What is known of a layer before it goes into a node: which tasks are unfinished, which checks fail. */
import { drawFor, type Loaded } from '../grading/target.ts';
import { judgeReply, type Judgement } from '../grading/judge.ts';
import type { Lab } from '../catalog.ts';
import type { Check } from '../checkpoint.ts';

/** Any chance will do: whoever wants the verdict in full asks for it. */
const SEEDS = { seed: 'graft', ownSeed: 'graft' };
/** The plainest come first; what only a rare input shows, the network may show as well. */
const INPUTS_MAX = 6;

export interface Survey {
  /** The first task that is reached and not written. */
  readonly unfinished?: Extract<Judgement, { readonly verdict: 'unfinished' }>;
  /** Ids of checks that fail. */
  readonly failing: readonly string[];
}

/** The first judgement that is no pass, and whether the child died over it. */
const judgeFirst = async ({ code, runner }: Loaded, check: Check) => {
  const inputs = check.inputs(drawFor(check, SEEDS)).slice(0, INPUTS_MAX);
  let index = 0;
  for await (const reply of runner.observe(check.id, inputs)) {
    const judgement = judgeReply(code, check, inputs[index++], reply);
    if (judgement.verdict === 'defect') throw new Error(judgement.reason);
    if (judgement.verdict !== 'pass') return { judgement, died: reply.kind === 'died' };
  }
  return undefined;
};

/** Looks at the code alone, not at answers; gives up early over code that does not come back. */
export const survey = async (lab: Lab, loaded: Loaded): Promise<Survey> => {
  const { checks } = await lab.checkpoint();
  const failing: string[] = [];
  for (const check of checks) {
    if (check.verb !== 'implement') continue;
    const found = await judgeFirst(loaded, check);
    if (found?.judgement.verdict === 'unfinished') return { unfinished: found.judgement, failing };
    if (found) failing.push(check.id);
    if (found?.died) break;
  }
  return { failing };
};
