/**
 * The flood: one Partner catches up with a node while three Isolated peers ask it for everything, all the
 * time. Budgets are a sixteenth of the real ones, so that 400 KB show what 6 MB would.
 */
import { describe, expect, it } from 'vitest';
import type { Did } from '#contracts/identifiers.ts';
import type { NodeLayers } from '#contracts/layers.ts';
import { BUDGETS, type Budget } from '#contracts/trust.ts';
import { readSettings } from '#reference/config.ts';
import { referenceLayers } from '#reference/layers.ts';
import { createCluster, CURRENCY, TOPIC } from '#reference/sim/cluster.ts';
import { flooding, type Loot } from '#test/support/flooder.ts';

const SCALE = 16;
const ENTRIES = 450;
const [SERVER, PARTNER] = [0, 1];
const FLOODERS = [2, 3, 4];
const DEADLINE_MS = 120_000;
const STEP_MS = 10;

const scaled = (budget: Budget): Budget => ({
  ...budget,
  pullBytesMax: budget.pullBytesMax / SCALE,
});

const run = async (silent: boolean) => {
  const strangers = new Set<Did>();
  const loots: Loot[] = FLOODERS.map(() => ({ bytes: 0, answers: 0, deferred: 0 }));
  let places: readonly { readonly did: Did }[] = [];
  const layers: NodeLayers = {
    ...referenceLayers,
    trust(options) {
      const trust = referenceLayers.trust(options);
      return {
        ...trust,
        budget: (peer) => scaled(strangers.has(peer) ? BUDGETS.Isolated : BUDGETS.Partner),
      };
    },
  };
  const layersOf = (index: number): NodeLayers => {
    const loot = loots[FLOODERS.indexOf(index)];
    if (!loot) return layers;
    const gossip = flooding(referenceLayers.gossip, {
      victim: () => places[SERVER]!.did,
      authors: () => [places[SERVER]!.did],
      everyMs: 50,
      silent,
      loot,
    });
    return { ...layers, gossip };
  };
  const cluster = createCluster({
    seed: 'flood',
    nodes: 5,
    settings: readSettings({ digestIntervalMs: 1_000, digestJitterMs: 100 }),
    layersOf,
  });
  ({ places } = cluster);
  for (const index of FLOODERS) strangers.add(cluster.places[index]!.did);
  await cluster.start(SERVER);
  const memo = 'm'.repeat(200);
  const to = cluster.places[PARTNER]!.did;
  for (let entry = 0; entry < ENTRIES; entry++) {
    void cluster.places[SERVER]!.node!.pay({ currency: CURRENCY, to, amount: 1n, memo });
  }
  cluster.runFor(1_000);
  for (const index of FLOODERS) await cluster.start(index);
  // The flood is there before the Partner comes.
  cluster.runFor(1_000);
  await cluster.start(PARTNER);
  const server = cluster.places[SERVER]!.node!;
  const partner = cluster.places[PARTNER]!.node!;
  expect(server.knowledge(TOPIC).count).toBe(ENTRIES);
  const beganMs = cluster.scheduler.now();
  const lootBefore = loots.reduce((sum, { bytes }) => sum + bytes, 0);
  while (partner.knowledge(TOPIC).count < ENTRIES) {
    expect(cluster.scheduler.now() - beganMs).toBeLessThan(DEADLINE_MS);
    cluster.runFor(STEP_MS);
  }
  const tookMs = cluster.scheduler.now() - beganMs;
  const partnerBytes = [...server.exported(TOPIC)].join('\n').length;
  const lootBytes = loots.reduce((sum, { bytes }) => sum + bytes, 0) - lootBefore;
  return { tookMs, partnerBytes, lootBytes, loots, counters: server.counters() };
};

describe('a flood of three Isolated peers (F9)', () => {
  it('leaves a Partner within 10 % of its throughput alone, and takes a tenth of the bytes at most', async () => {
    const alone = await run(true);
    const flooded = await run(false);
    expect(flooded.partnerBytes).toBe(alone.partnerBytes);
    expect(flooded.tookMs).toBeLessThanOrEqual(1.1 * alone.tookMs);
    // The Partner was held back by its own allowance: otherwise there would be nothing to compare.
    expect(alone.tookMs).toBeGreaterThan(2_000);
    expect(flooded.lootBytes).toBeLessThan(0.1 * flooded.partnerBytes);
    // Nobody was starved: a flooder gets what its class may have, and then is told to wait.
    for (const { bytes, deferred } of flooded.loots) {
      expect(bytes).toBeGreaterThan(BUDGETS.Isolated.pullBytesMax / SCALE);
      expect(deferred).toBeGreaterThan(0);
    }
    // What comes faster than a class may talk is not even heard.
    const { counters } = flooded;
    const turnedAway = (counters.get('pull_deferred') ?? 0) + (counters.get('rate_exceeded') ?? 0);
    expect(turnedAway).toBeGreaterThan(500);
    expect(flooded.counters.get('request_deferred')).toBeGreaterThan(0);
    expect(flooded.counters.get('digest_too_often')).toBeGreaterThan(0);
  }, 60_000);
});
