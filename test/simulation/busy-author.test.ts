/** An author in a hurry: a thousand entries a second are heard by everybody, within the rates of all. */
import { describe, expect, it } from 'vitest';
import type { NodeCount } from '#contracts/node.ts';
import { BUDGETS } from '#contracts/trust.ts';
import { createBook } from '#reference/telemetry/book.ts';
import { TOPIC, type Cluster } from '#reference/sim/cluster.ts';
import { allAgree, nodeOf, run, runUntil, startCluster } from '#test/support/clusters.ts';

const PER_SECOND = 1_000;
const SECONDS = 0.5;
/** From the last entry until the last node has it: windows, links and disks, and no digest. */
const LAST_MS_MAX = 300;

const counted = (cluster: Cluster, event: NodeCount): number =>
  cluster.places.reduce((sum, place) => sum + (nodeOf(place).counters().get(event) ?? 0), 0);

/** Entries of the first node, one each millisecond; the cluster and what it took. */
const hurry = async (seed: string, nodes: number) => {
  const telemetry = createBook({ now: () => 0 });
  const cluster = await startCluster(seed, nodes, { telemetry });
  const sent = (): number =>
    telemetry.readings().reduce((sum, reading) => {
      const isCounted = /^icn_gossip_(announces|requests|responses|pull_requests)_sent_total$/;
      if (!isCounted.test(reading.name) || !('values' in reading)) return sum;
      return sum + (reading.values.get('') ?? 0);
    }, 0);
  await run(cluster, 3_000);
  const before = sent();
  const count = PER_SECOND * SECONDS;
  for (let entry = 0; entry < count; entry++) {
    cluster.pay(0, 1 + (entry % (nodes - 1)), 1n);
    await run(cluster, 1_000 / PER_SECOND);
  }
  const said = sent() - before;
  const everywhere = (): boolean =>
    cluster.places.every((place) => nodeOf(place).knowledge(TOPIC).count === count);
  const tookMs = await runUntil(cluster, everywhere, 60_000);
  return { cluster, tookMs, perSecond: said / SECONDS };
};

describe('a thousand entries a second', () => {
  it('of one author come to two peers, none too fast for them', async () => {
    const { cluster, tookMs, perSecond } = await hurry('busy author', 3);
    expect(counted(cluster, 'rate_exceeded')).toBe(0);
    expect(tookMs).toBeLessThanOrEqual(LAST_MS_MAX);
    expect(allAgree(cluster)).toBe(true);
    // Of three nodes together, one message a peer: each of six directions is below the limit.
    expect(perSecond / 6).toBeLessThan(BUDGETS.Partner.messagesPerSecondMax);
  });
});
