/**
 * Disconnect storms (F22): a thousand times (every day a hundred) a link ends and comes back, in every
 * way that links end, and nothing is left of it: no timer, no link, no session, and the cluster trades on.
 *
 * A cancelled timer stays in the simulated heap until its time, so what waits is counted after a quiet
 * minute: by then only what somebody still wants is there.
 */
import { expect, it } from 'vitest';
import { TOPIC } from '#reference/sim/cluster.ts';
import { nodeOf, run, runUntil, startCluster } from '#test/support/clusters.ts';
import { everyDay } from '#test/support/depth.ts';

const ROUNDS = everyDay(100, 1_000);
const QUIET_MS = 90_000;

it(`F22: ${ROUNDS} disconnects leave no timer, no link and no peer behind`, async () => {
  const cluster = await startCluster('a storm of disconnects', 3);
  const [alice, bob, charlie] = cluster.places;
  const isWhole = (): boolean =>
    cluster.places.every((place) => nodeOf(place).peers().length === 2);
  const settle = async (): Promise<void> => {
    expect(await runUntil(cluster, isWhole), 'all linked').toBeDefined();
    await run(cluster, QUIET_MS, 1_000);
  };
  const state = () => ({
    timers: cluster.scheduler.pending,
    peers: cluster.places.map((place) =>
      nodeOf(place)
        .peers()
        .map(({ did }) => did),
    ),
    waiting: cluster.places.map((place) =>
      nodeOf(place)
        .topics()
        .map(({ waiting }) => waiting),
    ),
  });
  await settle();
  const before = state();
  for (let round = 0; round < ROUNDS; round++) {
    const [near, far] = round % 2 === 0 ? [alice!, bob!] : [charlie!, alice!];
    // Told by the node, or by the network in the middle of whatever was under way.
    if (round % 10 === 9) cluster.network.partition([near.address], [far.address]);
    else nodeOf(near).cut([far.did]);
    cluster.runFor(round % 10 === 9 ? 8_000 : 120);
    cluster.network.heal();
    nodeOf(near).heal();
    cluster.runFor(120);
  }
  await settle();
  const after = state();
  expect(after.peers).toEqual(before.peers);
  expect(after.waiting).toEqual(before.waiting);
  expect(Math.abs(after.timers - before.timers), `${before.timers} timers before`).toBeLessThan(12);

  cluster.pay(bob!.index, alice!.index, 100n);
  const agreed = (): boolean =>
    cluster.places.every((place) => nodeOf(place).balances(TOPIC).get(alice!.did) === 100n);
  expect(await runUntil(cluster, agreed), 'a payment after the storm').toBeDefined();
});
