/** What tests of whole nodes share: clusters in the simulator, and ways to look at them from outside. */
import type { Json, RecordId } from '#contracts/identifiers.ts';
import type { Node } from '#contracts/node.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { readSettings } from '#reference/config.ts';
import { referenceLayers } from '#reference/layers.ts';
import {
  createCluster,
  TOPIC,
  type Cluster,
  type ClusterOptions,
  type Place,
} from '#reference/sim/cluster.ts';

/** A cluster with every node started; nothing has run yet. */
export const startCluster = async (
  seed: string,
  nodes: number,
  options: Partial<ClusterOptions> = {},
): Promise<Cluster> => {
  const cluster = createCluster({
    seed,
    nodes,
    settings: readSettings(),
    layersOf: () => referenceLayers,
    ...options,
  });
  for (const { index } of cluster.places) await cluster.start(index);
  return cluster;
};

/** Lets promises that are ready run; no time passes. */
export const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

/** Runs the virtual clock, a step at a time, so that whoever awaits something may go on between. */
export const run = async (cluster: Cluster, milliseconds: number, stepMs = 100): Promise<void> => {
  const untilMs = cluster.scheduler.now() + milliseconds;
  while (cluster.scheduler.now() < untilMs) {
    cluster.runFor(Math.min(stepMs, untilMs - cluster.scheduler.now()));
    await turns();
  }
};

/** Runs until something holds; gives the milliseconds it took, or undefined if it never did. */
export const runUntil = async (
  cluster: Cluster,
  holds: () => boolean,
  limitMs = 120_000,
): Promise<number | undefined> => {
  const beganMs = cluster.scheduler.now();
  while (!holds()) {
    if (cluster.scheduler.now() - beganMs >= limitMs) return undefined;
    await run(cluster, 100);
  }
  return cluster.scheduler.now() - beganMs;
};

export const nodeOf = (place: Place | undefined): Node => {
  if (!place?.node) throw new Error(`${place?.name} is down`);
  return place.node;
};

export const exportOf = (place: Place): string => [...place.exported(TOPIC)].join('\n');

export const recordsOf = (place: Place): SignedRecord[] =>
  [...place.exported(TOPIC)].map((line) => JSON.parse(line) as SignedRecord);

export const claimsOf = (place: Place): Json[] =>
  [...place.exported(TOPIC)].map((line) => JSON.parse(line) as Json);

export const allAgree = (cluster: Cluster): boolean =>
  new Set(
    cluster.places.map((place) =>
      nodeOf(place)
        .topics()
        .map(({ fingerprint }) => fingerprint)
        .join(),
    ),
  ).size === 1;

/** Balances by index of the place, in minor units. */
export const balancesOf = (cluster: Cluster, place: Place): readonly bigint[] =>
  cluster.places.map(({ did }) => place.balances(TOPIC).get(did) ?? 0n);

/** What a node's own check of everything it holds finds. */
export const problemsOf = (place: Place): readonly string[] => {
  const checking = nodeOf(place).verify();
  for (;;) {
    const step = checking.next();
    if (step.done) return step.value;
  }
};

/** Notes every record that any node ever delivered: one author may use each number for one id alone. */
export const createNumbering = () => {
  const ids = new Map<string, Set<RecordId>>();
  const note = ({ author, sequence, id }: SignedRecord): void => {
    const key = `${author} ${sequence}`;
    ids.set(key, (ids.get(key) ?? new Set()).add(id));
  };
  return {
    watch(node: Node | undefined): void {
      node?.watch((event) => {
        if (event.event === 'delivered') note(event.record);
      });
    },
    note,
    /** Numbers that were given twice. */
    doubled: (): string[] => [...ids].filter(([, given]) => given.size > 1).map(([key]) => key),
  };
};
