/**
 * A simulation: a cluster, a plan of payments and faults drawn from the seed, and the checkers.
 *
 * Two phases. *Safety*: everything that may go wrong goes wrong while members pay each other; laws
 * that hold at every moment are checked every virtual second. *Liveness*: the faults end, everybody is
 * started again, and the cluster must agree before the deadline. Then the final laws are checked.
 */
import type { NodeLayers } from '#contracts/layers.ts';
import { readSettings } from '#reference/config.ts';
import { agreed, checkAlways, checkFinally, type Violation } from './checkers.ts';
import { createCluster, type Cluster } from './cluster.ts';
import type { LogLine } from './host.ts';
import type { Random } from './random.ts';

export interface SimulationOptions {
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
  /** Partitions, one after the other. */
  readonly partitions: number;
  /** Crashes with a restart from disk. */
  readonly crashes: number;
  readonly layersOf: (index: number) => NodeLayers;
  readonly log?: (node: string, line: LogLine) => void;
}

export interface SimulationReport {
  readonly seed: string;
  readonly violations: readonly Violation[];
  readonly records: number;
  readonly acknowledged: number;
  /** Virtual time of the safety phase. */
  readonly faultyMs: number;
  /** Virtual time from the end of the faults until all agreed; undefined if they never did. */
  readonly healedMs: number | undefined;
  readonly frames: number;
  readonly bytes: number;
  readonly traceHash: string;
}

/** Payments come at this rate, so that faults and payments mix. */
const PAYMENT_EVERY_MS = 500;
/** A cluster that has healed must agree within this: a few times the longest digest interval. */
const LIVENESS_MS = 600_000;
/** Connections are made before the first payment. */
const SETTLE_MS = 3_000;

interface Action {
  readonly atMs: number;
  run(): void | Promise<void>;
}

const between = (random: Random, min: number, max: number): number =>
  min + random.next() * (max - min);

const payments = (cluster: Cluster, { entries }: SimulationOptions, spanMs: number): Action[] => {
  const random = cluster.random.fork('payments');
  return Array.from({ length: entries }, () => {
    const [from, to] = random.shuffle(cluster.places.map(({ index }) => index));
    const amount = BigInt(1 + random.integer(2_000));
    return {
      atMs: between(random, 0, spanMs),
      run: () => cluster.pay(from!, to!, amount),
    };
  });
};

/** Two sets of nodes that do not hear each other for a while; the cut falls anywhere. */
const partitions = (cluster: Cluster, options: SimulationOptions, spanMs: number): Action[] => {
  const random = cluster.random.fork('partitions');
  return Array.from({ length: options.partitions }, () => {
    const addresses = random.shuffle(cluster.places.map(({ address }) => address));
    const cut = 1 + random.integer(addresses.length - 1);
    const beginMs = between(random, 0, spanMs * 0.8);
    const endMs = beginMs + between(random, 2_000, 30_000);
    let heal: (() => void) | undefined;
    return [
      {
        atMs: beginMs,
        run: () => {
          heal = cluster.network.partition(addresses.slice(0, cut), addresses.slice(cut));
        },
      },
      { atMs: endMs, run: () => heal?.() },
    ];
  }).flat();
};

const crashes = (cluster: Cluster, options: SimulationOptions, spanMs: number): Action[] => {
  const random = cluster.random.fork('crashes');
  return Array.from({ length: options.crashes }, (): Action[] => {
    const index = random.integer(cluster.places.length);
    const atMs = between(random, 0, spanMs * 0.9);
    const backMs = atMs + between(random, 100, 20_000);
    return [
      { atMs, run: () => cluster.crash(index) },
      { atMs: backMs, run: () => restart(cluster, index) },
    ];
  }).flat();
};

const restart = async (cluster: Cluster, index: number): Promise<void> => {
  if (!cluster.places[index]?.node) await cluster.start(index);
};

/** Lets promises that are ready run: acknowledgements of what the stack has finished. */
const settlePromises = (): Promise<void> => Promise.resolve();

/** Everything that may go wrong goes wrong; `watch` is called every virtual second. Gives its length. */
const runSafety = async (
  cluster: Cluster,
  options: SimulationOptions,
  watch: () => void,
): Promise<number> => {
  const { scheduler, network } = cluster;
  network.set({
    dropRate: options.loss,
    duplicateRate: options.duplicates,
    reorder: options.reorder,
    delayMsMax: options.reorder ? 200 : 10,
    cut: true,
  });
  const spanMs = options.entries * PAYMENT_EVERY_MS;
  const beganMs = scheduler.now();
  const actions: Action[] = [
    ...payments(cluster, options, spanMs),
    ...partitions(cluster, options, spanMs),
    ...crashes(cluster, options, spanMs),
    ...Array.from({ length: Math.ceil(spanMs / 1_000) }, (_, second) => ({
      atMs: second * 1_000,
      run: watch,
    })),
  ].sort((left, right) => left.atMs - right.atMs);
  for (const { atMs, run } of actions) {
    scheduler.runUntil(Math.max(beganMs + atMs, scheduler.now()));
    await run();
    await settlePromises();
  }
  return scheduler.now() - beganMs;
};

/** The faults end. Gives the time until all agree; undefined if they do not before the deadline. */
const runLiveness = async (cluster: Cluster): Promise<number | undefined> => {
  const { scheduler, network } = cluster;
  network.heal();
  network.set({ dropRate: 0, duplicateRate: 0, reorder: false, delayMsMax: 10 });
  for (const { index } of cluster.places) await restart(cluster, index);
  const healedAtMs = scheduler.now();
  for (;;) {
    const elapsedMs = scheduler.now() - healedAtMs;
    // Everybody must be back in touch before silence can mean agreement.
    if (elapsedMs >= 1_000 && agreed(cluster.places)) return elapsedMs;
    if (elapsedMs >= LIVENESS_MS) return undefined;
    cluster.runFor(250);
    await settlePromises();
  }
};

export const simulate = async (options: SimulationOptions): Promise<SimulationReport> => {
  // Where frames are lost, three silent intervals in a row do not say yet that a peer is dead.
  const settings = readSettings({ pingMissesMax: 10 });
  const cluster = createCluster({
    seed: options.seed,
    nodes: options.nodes,
    settings,
    layersOf: options.layersOf,
    ...(options.log ? { log: options.log } : {}),
  });
  for (const { index } of cluster.places) await cluster.start(index);
  cluster.runFor(SETTLE_MS);

  const violations: Violation[] = [];
  const watch = (): void => {
    if (violations.length > 0) return;
    const up = cluster.places.filter(({ node }) => node !== undefined);
    violations.push(...checkAlways(up, settings.gossip.waitingMax));
  };

  const faultyMs = await runSafety(cluster, options, watch);
  const healedMs = await runLiveness(cluster);
  watch();
  violations.push(...checkFinally(cluster.places, cluster.acknowledged, cluster.authored));

  const traffic = cluster.network.traffic();
  return {
    seed: options.seed,
    violations,
    records: cluster.places[0]?.node?.topics().reduce((sum, { records }) => sum + records, 0) ?? 0,
    acknowledged: cluster.acknowledged.size,
    faultyMs,
    healedMs,
    frames: traffic.sent.frames,
    bytes: traffic.sent.bytes,
    traceHash: cluster.traceHash(),
  };
};
