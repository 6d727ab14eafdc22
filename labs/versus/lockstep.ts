/** Two gossips, bout by bout: the first point at which they show something else, in the smallest schedule. */
import { referenceLayers } from '#reference/layers.ts';
import { judgeReply, type Judgement } from '../grading/judge.ts';
import type { Loaded } from '../grading/target.ts';
import { smallerSchedules } from '../world/draw.ts';
import { type Asked, side } from './checkpoint.ts';
import type { Bout } from './schedules.ts';
import { type Costs, look, type Point, type Sight } from './sight.ts';

/** A point at which they differ; `yours` is missing where nobody fell silent before it. */
export interface Difference {
  readonly kind: 'differs';
  readonly bout: Bout;
  readonly reference: Point;
  readonly yours: Point | undefined;
}

/** The code threw, or did not come back; what was seen of it, nobody knows. */
export interface Failure {
  readonly kind: 'fails';
  readonly bout: Bout;
  readonly judgement: Exclude<Judgement, { readonly verdict: 'pass' }>;
  readonly died: boolean;
}

export interface Equal {
  readonly kind: 'equal';
  readonly bouts: number;
  readonly points: number;
  readonly costs: { readonly reference: Costs; readonly yours: Costs };
}

/** Smaller schedules that are tried; a person waits. */
const ATTEMPTS_MAX = 300;

const isSame = (left: Point, right: Point): boolean =>
  JSON.stringify(left.nodes) === JSON.stringify(right.nodes);

const differenceOf = (bout: Bout, reference: Sight, yours: Sight): Difference | undefined => {
  const index = reference.points.findIndex((point, at) => {
    const other = yours.points[at];
    return !other || !isSame(point, other);
  });
  const point = reference.points[index];
  return point && { kind: 'differs', bout, reference: point, yours: yours.points[index] };
};

const add = (left: Costs, right: Costs): Costs => ({
  messages: left.messages + right.messages,
  repeats: left.repeats + right.repeats,
});

interface Compared {
  readonly found: Difference | Failure | undefined;
  readonly reference: Sight;
  readonly yours: Sight | undefined;
}

/** What came of each bout, until something is found. */
async function* compareAll(
  { code, runner }: Loaded,
  bouts: readonly Bout[],
): AsyncGenerator<Compared, void> {
  let index = 0;
  for await (const reply of runner.observe(side.id, bouts)) {
    const bout = bouts[index++]!;
    const reference = look(bout, referenceLayers.gossip);
    const judgement = judgeReply(code, side, bout, reply);
    if (judgement.verdict !== 'pass' || reply.kind !== 'observed') {
      if (judgement.verdict === 'pass') throw new Error(`nothing was observed: ${reply.kind}`);
      const died = reply.kind === 'died';
      yield { found: { kind: 'fails', bout, judgement, died }, reference, yours: undefined };
      return;
    }
    const yours = reply.observation as Sight;
    const found = differenceOf(bout, reference, yours);
    yield { found, reference, yours };
    if (found) return;
  }
}

/** What is found first, if anything is. */
const firstOf = async (loaded: Loaded, bouts: readonly Bout[]) => {
  for await (const { found } of compareAll(loaded, bouts)) if (found) return found;
  return undefined;
};

/** The same with as few steps as possible. */
const shrink = async (loaded: Loaded, found: Difference): Promise<Difference> => {
  let smallest = found;
  for (let attempts = 0; attempts < ATTEMPTS_MAX;) {
    const smaller = smallerSchedules(smallest.bout);
    attempts += smaller.length;
    const next = await firstOf(loaded, smaller);
    if (next?.kind !== 'differs') break;
    smallest = next;
  }
  return smallest;
};

/** Compares on all of them, and gives the first thing found in its smallest form. */
export const lockstep = async (
  loaded: Loaded,
  bouts: readonly Bout[],
): Promise<Difference | Failure | Equal> => {
  const none: Costs = { messages: 0, repeats: 0 };
  let points = 0;
  let costs = { reference: none, yours: none };
  for await (const { found, reference, yours } of compareAll(loaded, bouts)) {
    if (found) return found.kind === 'differs' ? shrink(loaded, found) : found;
    points += reference.points.length;
    costs = {
      reference: add(costs.reference, reference.costs),
      yours: add(costs.yours, yours!.costs),
    };
  }
  return { kind: 'equal', bouts: bouts.length, points, costs };
};

/** Everything that happened to yours in a bout. */
export const eventsOf = async ({ runner }: Loaded, bout: Bout) => {
  const asked: Asked = { ...bout, withEvents: true };
  for await (const reply of runner.observe(side.id, [asked])) {
    if (reply.kind === 'observed') return (reply.observation as Sight).events ?? [];
  }
  return [];
};
