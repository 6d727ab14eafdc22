/** A failing input once more, from the token that names it: against the code that failed, or any other. */
import { Fault } from '#contracts/faults.ts';
import type { Check, TraceLine } from '../checkpoint.ts';
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

/** All that happened, with the bad line of a finding marked, or put where the finding has it. */
const marked = (
  events: readonly TraceLine[],
  trace: readonly TraceLine[] = [],
): readonly TraceLine[] => {
  const place = trace.findIndex(({ bad }) => bad);
  const bad = trace[place];
  if (!bad) return events;
  const placeOf = (line: TraceLine | undefined): number =>
    events.findIndex(({ atMs, text }) => line && text === line.text && atMs === line.atMs);
  const at = placeOf(bad);
  if (at >= 0) return events.with(at, bad);
  // What never came stands at the end; an event without words of its own follows the line before it.
  const before = bad.mark === undefined ? placeOf(trace[place - 1]) : -1;
  return events.toSpliced(before < 0 ? events.length : before + 1, 0, bad);
};

/** What comes of one input. */
const run = async ({ code, runner }: Loaded, check: Check, input: unknown, sameCode: boolean) => {
  for await (const reply of runner.observe(check.id, [input])) {
    const judgement = judgeReply(code, check, input, reply);
    const observation = reply.kind === 'observed' ? reply.observation : undefined;
    const finding = 'finding' in judgement ? judgement.finding : undefined;
    const described = reply.kind === 'observed' && check.describe?.(input, observation);
    const events = described ? marked(described, finding?.trace) : (finding?.trace ?? []);
    const printed = reply.printed !== undefined && { printed: reply.printed };
    if (judgement.verdict === 'pass') {
      return { verdict: 'pass' as const, events, ...printed, ...(sameCode && { reason: HELD }) };
    }
    return { events, ...printed, ...judgement };
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
