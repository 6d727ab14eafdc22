/**
 * A plan: everything that will be done to a cluster, as data. It is drawn from the seed before the run
 * begins, so it can be printed, counted, and made smaller: an action that is taken out takes its own end
 * with it and leaves every other as it was.
 */
import type { Conditions } from '../conditions.ts';
import type { DiskOperation } from '../disk.ts';

/** Which nodes do not reach which others, by their place; one direction each. */
export interface Cut {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** What may be done. Nodes are named by their place, from 0; times are virtual milliseconds. */
export type Deed =
  | { readonly do: 'pay'; readonly from: number; readonly to: number; readonly amount: number }
  /** Changes the weather of the whole network for a while; what two of them change the later one rules. */
  | { readonly do: 'weather'; readonly forMs: number; readonly conditions: Partial<Conditions> }
  /** The same for all that goes to or from one node. */
  | {
      readonly do: 'slow';
      readonly node: number;
      readonly forMs: number;
      readonly conditions: Partial<Conditions>;
    }
  | { readonly do: 'part'; readonly forMs: number; readonly cuts: readonly Cut[] }
  /** Stops the links of each of these, one node after the other, and gives them back in another order. */
  | {
      readonly do: 'swizzle';
      readonly clog: readonly number[];
      readonly free: readonly number[];
      readonly stepMs: number;
      readonly holdMs: number;
    }
  | { readonly do: 'pause'; readonly node: number; readonly forMs: number }
  /** The end of a process: now, or at the next commit that is asked for or durable. */
  | {
      readonly do: 'crash';
      readonly node: number;
      readonly point: 'now' | DiskOperation;
      /** Of the commits under way the first so many became durable, and nobody was told. */
      readonly survivors: number;
      readonly downMs: number;
    }
  | {
      readonly do: 'disk';
      readonly node: number;
      readonly forMs: number;
      readonly error: string;
      /** Nothing was promised, and all is there. */
      readonly kept: boolean;
    }
  /** Its wall clock is off by this from now on. */
  | { readonly do: 'clock'; readonly node: number; readonly offsetMs: number }
  | { readonly do: 'freeze'; readonly node: number; readonly forMs: number }
  /** A member without a node tells a kind of lie (`adversary/lies.ts`); undefined: to the end of the run. */
  | {
      readonly do: 'lie';
      readonly liar: number;
      readonly lie: string;
      readonly forMs: number | undefined;
    };

export interface Action {
  /** From the beginning of the faults. */
  readonly atMs: number;
  /** Whose work it is, by name. */
  readonly nemesis: string;
  readonly deed: Deed;
}

export interface Plan {
  readonly seed: string;
  readonly nodes: number;
  /** Further members who have no node. */
  readonly liars: number;
  /** Sorted by time. */
  readonly actions: readonly Action[];
  /** The faults end here, at the latest. */
  readonly spanMs: number;
}

/** What a nemesis knows when it draws. */
export interface Scene {
  readonly nodes: number;
  readonly spanMs: number;
}

/** The same plan with some actions alone, by their number from 1. */
export const keep = (plan: Plan, numbers: ReadonlySet<number>): Plan => ({
  ...plan,
  actions: plan.actions.filter((_, index) => numbers.has(index + 1)),
});

/** Puts actions in order of time; those of one moment stay as they were given. */
export const inOrder = (actions: readonly Action[]): Action[] =>
  actions.toSorted((left, right) => left.atMs - right.atMs);

const seconds = (milliseconds: number): string => `${(milliseconds / 1_000).toFixed(1)} s`;

const names = (places: readonly number[]): string =>
  places.map((place) => place + 1).join('+') || 'nobody';

const conditionsText = (conditions: Partial<Conditions>): string =>
  Object.entries(conditions)
    .map(
      ([name, value]) => `${name} ${typeof value === 'number' ? Number(value.toFixed(3)) : value}`,
    )
    .join(', ');

/** A deed in words: nodes are counted from 1 here, as everywhere people read them. */
export const describeDeed = (deed: Deed): string => {
  switch (deed.do) {
    case 'pay':
      return `node ${deed.from + 1} acknowledges ${deed.amount} to node ${deed.to + 1}`;
    case 'weather':
      return `for ${seconds(deed.forMs)} everywhere: ${conditionsText(deed.conditions)}`;
    case 'slow':
      return `for ${seconds(deed.forMs)} at node ${deed.node + 1}: ${conditionsText(deed.conditions)}`;
    case 'part':
      return `for ${seconds(deed.forMs)} nothing goes ${deed.cuts
        .map(({ from, to }) => `${names(from)} > ${names(to)}`)
        .join(', ')}`;
    case 'swizzle':
      return `clogs ${names(deed.clog)}, a node every ${seconds(deed.stepMs)}, holds for ${seconds(deed.holdMs)}, frees ${names(deed.free)}`;
    case 'pause':
      return `node ${deed.node + 1} is stopped for ${seconds(deed.forMs)}`;
    case 'crash': {
      const point = deed.point === 'now' ? '' : ` when the next commit is ${deed.point}`;
      const survivors = deed.survivors === 0 ? '' : `; ${deed.survivors} commits under way survive`;
      return `node ${deed.node + 1} loses power${point}, back after ${seconds(deed.downMs)}${survivors}`;
    }
    case 'disk':
      return `for ${seconds(deed.forMs)} the disk of node ${deed.node + 1} says ${deed.error}${deed.kept ? ', and keeps what it was given' : ''}`;
    case 'clock':
      return `the clock of node ${deed.node + 1} is ${seconds(Math.abs(deed.offsetMs))} ${deed.offsetMs < 0 ? 'behind' : 'ahead'}`;
    case 'freeze':
      return `the clock of node ${deed.node + 1} stands still for ${seconds(deed.forMs)}`;
    case 'lie':
      return `liar ${deed.liar + 1} tells "${deed.lie}" ${deed.forMs === undefined ? 'to the end' : `for ${seconds(deed.forMs)}`}`;
  }
};

/** A plan, a line an action, numbered as `keep` counts. */
export const describePlan = ({ actions }: Plan): string[] => {
  const width = Math.max(0, ...actions.map(({ nemesis }) => nemesis.length));
  return actions.map(({ atMs, nemesis, deed }, index) =>
    [
      String(index + 1).padStart(4),
      seconds(atMs).padStart(8),
      nemesis.padEnd(width),
      describeDeed(deed),
    ].join('  '),
  );
};

/** Numbers as they are typed: `1-4,7`. */
export const numbersText = (numbers: Iterable<number>): string => {
  const runs: [first: number, last: number][] = [];
  for (const number of [...numbers].sort((left, right) => left - right)) {
    const run = runs.at(-1);
    if (run && run[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
};

/** Reads such numbers; undefined if it is no such text. A number above `max` is none. */
export const readNumbers = (text: string, max: number): ReadonlySet<number> | undefined => {
  const numbers = new Set<number>();
  for (const part of text.split(',')) {
    const groups = /^(?<first>\d{1,6})(?:-(?<last>\d{1,6}))?$/.exec(part)?.groups;
    if (!groups) return undefined;
    const first = Number(groups['first']);
    const last = Number(groups['last'] ?? groups['first']);
    if (first < 1 || last > max || first > last) return undefined;
    for (let number = first; number <= last; number++) numbers.add(number);
  }
  return numbers;
};
