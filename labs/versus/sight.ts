/** What is seen of a gossip in a schedule, at the points at which the contract leaves no freedom. */
import type { CreateGossip } from '#contracts/gossip.ts';
import type { Counters, Entry, Event, Run } from '../world/run.ts';
import { pairsOf } from '../world/draw.ts';
import { type Name, readStep, type Step } from '../world/step.ts';
import { createWorld } from '../world/world.ts';
import type { Bout } from './schedules.ts';

/** What one node shows. */
export interface Holding {
  /** Entries that were delivered there, as often as they were, sorted. */
  readonly delivered: readonly Entry[];
  readonly clock: Counters;
  readonly waiting: number;
}

export interface Point {
  /** In words: `10 s after "write ann"`. */
  readonly at: string;
  readonly nodes: { readonly [name: string]: Holding };
  /** Events before it. */
  readonly events: number;
}

/** What it took, for comparison and not for judgement. */
export interface Costs {
  readonly messages: number;
  /** Entries sent to a node that had been sent them before. */
  readonly repeats: number;
}

export interface Sight {
  readonly points: readonly Point[];
  /** Nobody fell silent: there are no more points. */
  readonly endless: boolean;
  readonly costs: Costs;
  /** Only where they were asked for. */
  readonly events?: readonly Event[];
}

const costsOf = ({ events }: Run): Costs => {
  const sent = new Set<string>();
  let messages = 0;
  let repeats = 0;
  for (const event of events) {
    if (event.on !== 'say') continue;
    messages += 1;
    if (event.said.type === 'request') continue;
    for (const entry of event.said.entries) {
      const copy = `${event.to} ${entry}`;
      if (sent.has(copy)) repeats += 1;
      sent.add(copy);
    }
  }
  return { messages, repeats };
};

const sorted = (clock: Counters): Counters =>
  Object.fromEntries(Object.entries(clock).sort(([left], [right]) => (left < right ? -1 : 1)));

const pointOf = ({ names, end, events }: Run, at: string): Point => {
  const nodes = names.map((name): readonly [string, Holding] => {
    const delivered = events.flatMap((event) =>
      event.on === 'deliver' && event.node === name ? [event.entry] : [],
    );
    const { clock, waiting } = end[name]!;
    return [name, { delivered: delivered.sort(), clock: sorted(clock), waiting }];
  });
  return { at, nodes: Object.fromEntries(nodes), events: events.length };
};

/** Until what is told at once has arrived. */
const SOON_SECONDS = 3;
/** Before the next step: whoever tells too often need not be heard. */
const PAUSE_SECONDS = 7;
/** Until everybody has compared notes with everybody linked, over two hops as well. */
const LATE_SECONDS = 400;

/** The links of a calm bout, and how long after a step the contract says who holds what. */
const createLinks = ({ names, apart = [] }: Bout) => {
  const nameOf = (left: Name, right: Name): string => [left, right].sort().join(' ');
  const linked = new Set(pairsOf(names).map((pair) => nameOf(...pair)));
  for (const pair of apart) linked.delete(nameOf(...pair));
  const isLinked = (left: Name, right: Name): boolean => linked.has(nameOf(left, right));
  /** Somebody hears only through somebody else. */
  const hasDetour = (): boolean =>
    names.some((middle) =>
      pairsOf(names.filter((name) => name !== middle)).some(
        ([left, right]) =>
          isLinked(left, middle) && isLinked(middle, right) && !isLinked(left, right),
      ),
    );
  return {
    /** What a push brings is passed on at once; what a pull brings need not be. */
    secondsAfter(step: Step): number {
      const read = readStep(step, names);
      if (read?.verb === 'part') linked.delete(nameOf(read.left, read.right));
      if (read?.verb !== 'meet') return SOON_SECONDS;
      linked.add(nameOf(read.left, read.right));
      return hasDetour() ? LATE_SECONDS : SOON_SECONDS;
    },
  };
};

const AT_THE_END = {
  hole: '7 s after a push has arrived again',
  storm: '700 s after every link was healed',
} as const;

/** Plays a bout with this gossip on every node. */
export const look = (bout: Bout, create: CreateGossip, withEvents = false): Sight => {
  const { kind, steps, ending } = bout;
  const world = createWorld({ ...bout, createOf: () => create });
  const points: Point[] = [];
  const links = createLinks(bout);
  const playStep = (step: Step): boolean => {
    if (!world.play(step)) return false;
    if (kind !== 'calm') return true;
    const seconds = links.secondsAfter(step);
    if (!world.play(`wait ${seconds}`)) return false;
    points.push(pointOf(world.run(), `${seconds} s after "${step}"`));
    return world.play(`wait ${PAUSE_SECONDS}`);
  };
  const endless = ![...steps, ...ending].every(playStep);
  if (kind !== 'calm' && !endless) points.push(pointOf(world.run(), AT_THE_END[kind]));
  const run = world.run();
  return { points, endless, costs: costsOf(run), ...(withEvents && { events: run.events }) };
};
