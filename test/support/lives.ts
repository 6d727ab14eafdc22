/** The same life of a cluster under different skies: what its members did, and what every node made of it. */
import type { Conditions } from '#reference/sim/conditions.ts';
import { TOPIC, type Cluster, type Place } from '#reference/sim/cluster.ts';
import { readSettings } from '#reference/config.ts';
import { exportOf, nodeOf, recordsOf, run, startCluster } from './clusters.ts';

/** Where frames are lost, three silent intervals do not say yet that a peer is dead. */
export const patient = readSettings({ pingMissesMax: 10 });

export const calm: Partial<Conditions> = {
  dropRate: 0,
  duplicateRate: 0,
  reorder: false,
  delayMsMin: 1,
  delayMsMax: 10,
};

/** A cluster whose links are up. */
export const settled = async (seed: string, nodes: number): Promise<Cluster> => {
  const cluster = await startCluster(seed, nodes, { settings: patient });
  await run(cluster, 2_000);
  return cluster;
};

/** Small payments, the same for every cluster of that seed: none can meet a limit. */
export const trade = async (cluster: Cluster, rounds: number, everyMs = 300): Promise<void> => {
  const random = cluster.random.fork('trade of a test');
  for (let round = 0; round < rounds; round++) {
    const [from, to] = random.shuffle(cluster.places.map(({ index }) => index));
    cluster.pay(from!, to!, BigInt(1 + random.integer(50)));
    await run(cluster, everyMs);
  }
};

/** What a node holds, without what depends on who heard what first: links, times, ids. */
export const meaningOf = (place: Place): readonly string[] =>
  recordsOf(place)
    .map(({ author, sequence, body }) => `${author} ${sequence} ${JSON.stringify(body)}`)
    .sort();

export const balancesTextOf = (place: Place): string =>
  [...place.balances(TOPIC)].map(([account, balance]) => `${account} ${balance}`).join('\n');

export const sumOf = (place: Place): bigint =>
  [...place.balances(TOPIC).values()].reduce((sum, balance) => sum + balance, 0n);

/** How often each status was given, over all records of a node. */
export const statusesOf = (place: Place): readonly string[] =>
  recordsOf(place)
    .map(({ author, sequence, id }) => `${author} ${sequence} ${nodeOf(place).verdict(id)?.status}`)
    .sort();

/** How many different exports there are. */
export const exportsOf = (places: readonly Place[]): number => new Set(places.map(exportOf)).size;
