/**
 * What the proof layers share: two nodes of a simulated cooperative, of which the first keeps its snapshots
 * in a real folder, and what must be true of it afterwards. The disks of the simulation end with it, so the
 * folder is the only bridge to another one of the same seed.
 */
import { join } from 'node:path';
import type { Did, Topic } from '#contracts/identifiers.ts';
import type { CoordinationState, SnapshotStore } from '#contracts/snapshot.ts';
import { RETENTION_DEFAULT, type TopicPolicy } from '#contracts/topics.ts';
import { readSettings } from '#reference/config.ts';
import { createSnapshotFile } from '#reference/host/snapshot-file.ts';
import { referenceLayers } from '#reference/layers.ts';
import { createCluster, type Cluster } from '#reference/sim/cluster.ts';
import { nodeOf, run } from './clusters.ts';
import { snapshot } from './snapshots.ts';

const SEED = 'proof layers';

/** A topic that forgets its records with the process. */
export const policyOf = (topic: Topic): TopicPolicy => ({
  topic,
  access: { access: 'Public' },
  scope: 'network',
  retention: RETENTION_DEFAULT,
});

export const snapshotsIn = (directory: string): SnapshotStore =>
  createSnapshotFile({ path: join(directory, 'snapshot'), snapshot });

/** The two nodes, not started; the first begins with what the folder holds. */
export const proofCluster = (directory: string): Cluster =>
  createCluster({
    seed: SEED,
    nodes: 2,
    settings: readSettings(),
    layersOf: () => referenceLayers,
    snapshotsOf: (index) => snapshotsIn(index === 0 ? directory : join(directory, 'other')),
  });

/** Both open the topic and subscribe to each other's, and the first says one thing. */
export const opened = async (directory: string, topic: Topic): Promise<Cluster> => {
  const cluster = proofCluster(directory);
  for (const { index } of cluster.places) await cluster.start(index);
  for (const place of cluster.places) {
    const outcome = nodeOf(place).open(policyOf(topic));
    if (!outcome.ok) throw new Error(outcome.reason);
  }
  await run(cluster, 3_000);
  const said = nodeOf(cluster.places[0]).publish(topic, 'proof');
  await run(cluster, 5_000);
  const outcome = await said;
  if (!outcome.ok) throw new Error(outcome.reason);
  return cluster;
};

export interface Expected {
  readonly topic: Topic;
  readonly own: Did;
  readonly subscriber: Did;
}

/** What the seed asserts of every layer, a line for each that does not hold. */
export const objections = (state: CoordinationState, expected: Expected): string[] => {
  const { topic, own, subscriber } = expected;
  const found: string[] = [];
  if (state.owner !== own) found.push(`owner: expected ${own}, came ${state.owner}`);
  if (!state.topics.some((each) => each.topic === topic)) found.push(`topic ${topic} is gone`);
  if (state.subscriptions[topic]?.includes(subscriber) !== true) {
    found.push(`subscriber ${subscriber} is gone`);
  }
  const count = state.clocks[topic]?.[own];
  if (count !== 1) found.push(`own clock component: expected exactly 1, came ${count}`);
  return found;
};
