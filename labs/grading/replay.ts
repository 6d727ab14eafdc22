/** A failing input once more, from the token that names it: against the code that failed, or any other. */
import { Fault } from '#contracts/faults.ts';
import type { Check } from '../checkpoint.ts';
import { judgeReply } from './judge.ts';
import type { Replay } from './result.ts';
import { drawFor, type Loaded, type Target } from './target.ts';
import { readToken, type Token } from './token.ts';
import { withLoaded } from './with-loaded.ts';

export type ReplayTerms = Target & {
  /** Of this learner, as when it was graded. */
  readonly ownSeed: string;
};

/** The input that a token names. */
const inputOf = (check: Check, { seed, choices }: Token, ownSeed: string): unknown => {
  const [index, ...path] = choices;
  const gone = () =>
    new Fault(
      'usage',
      `check ${check.id} has no such input: the token is of another kit or learner`,
    );
  const inputs = check.inputs(drawFor(check, { seed, ownSeed }));
  if (index! >= inputs.length) throw gone();
  return path.reduce<unknown>((input, choice) => {
    const smaller = check.smaller?.(input) ?? [];
    if (choice >= smaller.length) throw gone();
    return smaller[choice];
  }, inputs[index!]);
};

const HELD = 'held this time: a variable outside the function remembered the inputs before it';

/** What comes of one input. */
const run = async ({ code, runner }: Loaded, check: Check, input: unknown, sameCode: boolean) => {
  for await (const reply of runner.observe(check.id, [input])) {
    const judgement = judgeReply(code, check, input, reply);
    const observation = reply.kind === 'observed' ? reply.observation : undefined;
    const finding = 'finding' in judgement ? judgement.finding : undefined;
    const described = reply.kind === 'observed' && check.describe?.(input, observation);
    const events = described || (finding?.trace ?? []);
    if (judgement.verdict === 'pass') {
      return { verdict: 'pass' as const, events, ...(sameCode && { reason: HELD }) };
    }
    return { events, ...judgement };
  }
  throw new Error('a request was not answered');
};

/**
 * @throws Fault `usage` if the token is damaged, or names no input of this lab.
 * @throws Error if an edit does not apply, or the kit does not start.
 */
export const replay = async (text: string, terms: ReplayTerms): Promise<Replay> => {
  const token = readToken(text);
  const { checks } = await terms.lab.checkpoint();
  const check = checks.find(({ id }) => id === token.check);
  if (!check) throw new Fault('usage', `lab ${terms.lab.number} has no check ${token.check}`);
  const input = inputOf(check, token, terms.ownSeed);
  const head = { check: check.id, law: check.law };
  const isSame = (code: string) => code.startsWith(token.code);

  const replayed = await withLoaded(terms, async (loaded) => {
    const sameCode = isSame(loaded.bundle.code);
    return { ...head, sameCode, ...(await run(loaded, check, input, sameCode)) };
  });
  if (replayed.ok) return replayed.value;
  const { reason, where } = replayed.problem;
  return {
    ...head,
    verdict: 'fail',
    sameCode: false,
    reason,
    ...(where && { where }),
    events: [],
  };
};
