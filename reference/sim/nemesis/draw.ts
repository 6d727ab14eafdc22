/**
 * The nemeses: each a small thing with a name that draws from the seed what it will do to a cluster.
 *
 * A run draws which of them take part and how hard they strike ("swarm testing": Groce et al., ISSTA
 * 2012), so that many runs try many mixtures, and what one fault would hide from another comes to light
 * in a run without it. The knobs follow the testers of other systems: weather and partitions Jepsen,
 * swizzle-clogging FoundationDB, faults of disks TigerBeetle.
 */
import { LIES } from '../adversary/lies.ts';
import { createRandom, type Random } from '../random.ts';
import { inOrder, type Action, type Cut, type Deed, type Plan, type Scene } from './plan.ts';
import { alone, halves, majoritiesRing, minorityThird, oneWay } from './shapes.ts';

export interface Nemesis {
  readonly summary: string;
  /** What it does in one run: deeds and their times. */
  draw(random: Random, scene: Scene): readonly { readonly atMs: number; readonly deed: Deed }[];
}

/** Payments come at this rate, so that faults and payments mix. */
export const PAYMENT_EVERY_MS = 500;
const HOUR_MS = 3_600_000;

export const between = (random: Random, min: number, max: number): number =>
  min + random.next() * (max - min);

const nodeOf = (random: Random, { nodes }: Scene): number => random.integer(nodes);

const orderOf = (random: Random, { nodes }: Scene): number[] =>
  random.shuffle(Array.from({ length: nodes }, (_, index) => index));

/** One to `countMax` deeds at drawn times. */
const some =
  (countMax: number, draw: (random: Random, scene: Scene) => Deed): Nemesis['draw'] =>
  (random, scene) =>
    Array.from({ length: 1 + random.integer(countMax) }, () => ({
      atMs: between(random, 0, scene.spanMs * 0.9),
      deed: draw(random, scene),
    }));

/** A change of the weather that lasts for a part of the run, or all of it. */
const weather = (draw: (random: Random) => Extract<Deed, { do: 'weather' }>['conditions']) =>
  some(2, (random, { spanMs }) => ({
    do: 'weather',
    forMs: random.next() < 0.4 ? spanMs : between(random, 2_000, 30_000),
    conditions: draw(random),
  }));

const partition = (draw: (random: Random, order: readonly number[]) => Cut[]) =>
  some(2, (random, scene) => ({
    do: 'part',
    forMs: between(random, 500, 30_000),
    cuts: draw(random, orderOf(random, scene)),
  }));

const failingDisk = (error: string, kept: boolean) =>
  some(2, (random, scene) => ({
    do: 'disk',
    node: nodeOf(random, scene),
    forMs: between(random, 10, 15_000),
    error,
    kept,
  }));

const size = (random: Random, order: readonly number[]): number =>
  1 + random.integer(order.length - 1);

const swizzle: Nemesis['draw'] = (random, scene) => {
  const clog = orderOf(random, scene).slice(0, 1 + random.integer(scene.nodes));
  const deed: Deed = {
    do: 'swizzle',
    clog,
    free: random.shuffle(clog),
    stepMs: between(random, 200, 4_000),
    holdMs: between(random, 0, 10_000),
  };
  return [{ atMs: between(random, 0, scene.spanMs * 0.8), deed }];
};

/** A lie told for a while, and one time in three to the end of the run, healing included. */
const liar =
  (lie: string): Nemesis['draw'] =>
  (random, { spanMs }) => {
    const lasting = random.next() < 1 / 3;
    const deed: Deed = {
      do: 'lie',
      liar: 0,
      lie,
      forMs: lasting ? undefined : between(random, 3_000, 20_000),
    };
    return [{ atMs: between(random, 0, spanMs * 0.7), deed }];
  };

const lies: { readonly [name: string]: Nemesis } = Object.fromEntries(
  Object.entries(LIES).map(([name, { summary }]) => [name, { summary, draw: liar(name) }]),
);

/** Every nemesis, by the name it is called on the command line. */
export const NEMESES: { readonly [name: string]: Nemesis } = {
  loss: {
    summary: 'up to half of all frames vanish',
    draw: weather((random) => ({ dropRate: between(random, 0.05, 0.5) })),
  },
  duplication: {
    summary: 'up to half of all frames arrive twice',
    draw: weather((random) => ({ duplicateRate: between(random, 0.05, 0.5) })),
  },
  reordering: {
    summary: 'frames overtake each other',
    draw: weather((random) => ({ reorder: true, delayMsMax: between(random, 50, 500) })),
  },
  delay: {
    summary: 'frames take up to two seconds',
    draw: weather((random) => ({ delayMsMax: between(random, 100, 2_000) })),
  },
  halves: {
    summary: 'two sets of nodes do not hear each other',
    draw: partition((random, order) => halves(order, size(random, order))),
  },
  alone: { summary: 'one node against all', draw: partition((_, order) => alone(order)) },
  minority: {
    summary: 'a third of the nodes against the rest',
    draw: partition((_, order) => minorityThird(order)),
  },
  ring: {
    summary: 'each node hears another majority',
    draw: partition((_, order) => majoritiesRing(order)),
  },
  oneway: {
    summary: 'some are heard by nobody and hear everybody',
    draw: partition((random, order) => oneWay(order, size(random, order))),
  },
  swizzle: { summary: 'links stop node by node and come back in another order', draw: swizzle },
  pause: {
    summary: 'a node is stopped and goes on (SIGSTOP)',
    draw: some(2, (random, scene) => ({
      do: 'pause',
      node: nodeOf(random, scene),
      forMs: between(random, 100, 30_000),
    })),
  },
  slow: {
    summary: 'all links of a node carry 1 kB/s',
    draw: some(1, (random, scene) => ({
      do: 'slow',
      node: nodeOf(random, scene),
      forMs: between(random, 5_000, 30_000),
      conditions: { bytesPerSecondMax: 1_000 },
    })),
  },
  skew: {
    summary: 'a wall clock is up to an hour wrong',
    draw: some(2, (random, scene) => ({
      do: 'clock',
      node: nodeOf(random, scene),
      offsetMs: Math.round(between(random, -HOUR_MS, HOUR_MS)),
    })),
  },
  jump: {
    summary: 'a wall clock jumps forward, and then back',
    draw(random, scene) {
      const node = nodeOf(random, scene);
      const atMs = between(random, 0, scene.spanMs * 0.6);
      const offsetMs = Math.round(between(random, 1_000, HOUR_MS));
      return [
        { atMs, deed: { do: 'clock', node, offsetMs } },
        {
          atMs: atMs + between(random, 500, 10_000),
          deed: { do: 'clock', node, offsetMs: -offsetMs },
        },
      ];
    },
  },
  freeze: {
    summary: 'a wall clock stands still',
    draw: some(1, (random, scene) => ({
      do: 'freeze',
      node: nodeOf(random, scene),
      forMs: between(random, 1_000, 30_000),
    })),
  },
  crash: {
    summary: 'a node loses power, at any point of a commit, and comes back',
    draw: some(4, (random, scene) => ({
      do: 'crash',
      node: nodeOf(random, scene),
      point: random.pick(['now', 'asked', 'durable']),
      survivors: random.integer(3),
      downMs: between(random, 100, 20_000),
    })),
  },
  full: { summary: 'a disk is full for a while', draw: failingDisk('ENOSPC', false) },
  io: { summary: 'a disk fails with I/O errors', draw: failingDisk('EIO', false) },
  sync: { summary: 'a failed fsync whose data is there', draw: failingDisk('EIO of fsync', true) },
  ...lies,
};

/** Payments between honest nodes. */
export const payments = (
  random: Random,
  { nodes, spanMs }: Scene,
  entries: number,
  amountMax: number,
): Action[] =>
  Array.from({ length: entries }, () => {
    const [from, to] = random.shuffle(Array.from({ length: nodes }, (_, index) => index));
    const amount = 1 + random.integer(amountMax);
    return {
      atMs: between(random, 0, spanMs),
      nemesis: 'pay',
      deed: { do: 'pay', from: from!, to: to!, amount },
    };
  });

/** What these nemeses do in one run; each draws from a stream of its own. */
export const strikes = (random: Random, scene: Scene, names: readonly string[]): Action[] =>
  names.flatMap((name) =>
    NEMESES[name]!.draw(random.fork(name), scene).map(({ atMs, deed }) => ({
      atMs,
      nemesis: name,
      deed,
    })),
  );

/** Makes a plan of actions. */
export const planOf = (
  seed: string,
  { nodes, spanMs }: Scene,
  actions: readonly Action[],
): Plan => ({
  seed,
  nodes,
  liars: Math.max(0, ...actions.map(({ deed }) => (deed.do === 'lie' ? deed.liar + 1 : 0))),
  actions: inOrder(actions),
  spanMs,
});

/** The faults of a run that somebody chose by hand. */
export interface Knobs {
  readonly seed: string;
  readonly nodes: number;
  /** Payments attempted. */
  readonly entries: number;
  /** Share of frames lost, 0 to 0.9. */
  readonly loss: number;
  /** Share of frames that arrive twice. */
  readonly duplicates: number;
  /** Frames may overtake each other. */
  readonly reorder: boolean;
  /** Times that the network falls into two parts. */
  readonly partitions: number;
  /** Crashes with a restart from disk. */
  readonly crashes: number;
  /** Nemeses that strike besides, by name. */
  readonly nemeses?: readonly string[];
  /** The largest payment, in minor units. 2 000. */
  readonly amountMax?: number;
}

/** So many times what a nemesis would do once. */
const times = (name: string, count: number, random: Random, scene: Scene): Action[] =>
  Array.from({ length: count }, (_, index) =>
    strikes(random.fork(`${name} ${index}`), scene, [name]).slice(0, 1),
  ).flat();

/** The plan of chosen faults: the weather holds for all of the run. */
export const planWith = (knobs: Knobs): Plan => {
  const { seed, nodes, entries, amountMax = 2_000 } = knobs;
  const random = createRandom(seed).fork('plan');
  const scene = { nodes, spanMs: entries * PAYMENT_EVERY_MS };
  const conditions = {
    dropRate: knobs.loss,
    duplicateRate: knobs.duplicates,
    reorder: knobs.reorder,
    delayMsMax: knobs.reorder ? 200 : 10,
  };
  return planOf(seed, scene, [
    {
      atMs: 0,
      nemesis: 'weather',
      deed: { do: 'weather', forMs: Math.max(1, scene.spanMs), conditions },
    },
    ...payments(random.fork('payments'), scene, entries, amountMax),
    ...times('halves', knobs.partitions, random, scene),
    ...times('crash', knobs.crashes, random, scene),
    ...strikes(random, scene, knobs.nemeses ?? []),
  ]);
};

/** How often a nemesis takes part in a mixture. */
const SHARE = 0.25;

/** A mixture drawn from the seed: nodes, payments, which nemeses take part and what they do. */
export const drawMixture = (seed: string, forced: readonly string[] = []): Plan => {
  const random = createRandom(seed).fork('plan');
  const nodes = 2 + random.integer(6);
  const entries = 12 + random.integer(36);
  const scene = { nodes, spanMs: entries * PAYMENT_EVERY_MS };
  const drawn = Object.keys(NEMESES).filter(
    (name) => random.fork(`whether ${name}`).next() < SHARE || forced.includes(name),
  );
  return planOf(seed, scene, [
    ...payments(random.fork('payments'), scene, entries, 2_000),
    ...strikes(random, scene, drawn),
  ]);
};
