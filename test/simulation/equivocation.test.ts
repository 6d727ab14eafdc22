import { describe, expect, it } from 'vitest';
import type { Json, RecordId } from '#contracts/identifiers.ts';
import type { GossipMessage } from '#contracts/messages.ts';
import type { Outcome } from '#contracts/outcome.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { TOPIC, type Cluster, type Place } from '#reference/sim/cluster.ts';
import {
  balancesOf,
  exportOf,
  nodeOf,
  problemsOf,
  recordsOf,
  run,
  runUntil,
  startCluster,
} from '#test/support/clusters.ts';
import { createLiar } from '#test/support/liar.ts';

const LIAR = 4;

const announce = (...records: readonly SignedRecord[]): GossipMessage => ({
  type: 'announce',
  topic: TOPIC,
  records: records as unknown as Json[],
  ids: [],
});

const honestOf = (cluster: Cluster): readonly Place[] => cluster.places.slice(0, LIAR);

const agree = (cluster: Cluster): boolean =>
  new Set(honestOf(cluster).map((place) => JSON.stringify(nodeOf(place).topics()))).size === 1;

/** Everything of one author that an operator can see: verdicts and standing, in order. */
const standingOf = (place: Place, author: Place): string[] =>
  nodeOf(place)
    .history(TOPIC, author.did)
    .filter(({ record }) => record.author === author.did)
    .map(({ record, verdict, standing }) => `${record.id} ${verdict.status} ${standing}`)
    .sort();

/** Four honest nodes and a fifth that paid once and then falls into other hands. */
const begin = async (seed: string) => {
  const cluster = await startCluster(seed, 5);
  await run(cluster, 2_000);
  cluster.pay(LIAR, 0, 100n);
  await run(cluster, 1_000);
  const liarPlace = cluster.places[LIAR]!;
  cluster.crash(LIAR);
  const [first] = recordsOf(cluster.places[0]!) as [SignedRecord];
  return { cluster, liarPlace, liar: createLiar(cluster, liarPlace), first };
};

/** Parts the honest into two halves; the liar reaches both. */
const part = (cluster: Cluster) => {
  const addresses = honestOf(cluster).map(({ address }) => address);
  return cluster.network.partition(addresses.slice(0, 2), addresses.slice(2));
};

const expectOneTruth = (cluster: Cluster, liar: Place): void => {
  const honest = honestOf(cluster);
  expect(new Set(honest.map(exportOf)).size).toBe(1);
  expect(new Set(honest.map((place) => standingOf(place, liar).join())).size).toBe(1);
  expect(new Set(honest.map((place) => balancesOf(cluster, place).join())).size).toBe(1);
  for (const place of honest) {
    expect(balancesOf(cluster, place).reduce((sum, balance) => sum + balance, 0n)).toBe(0n);
    expect(nodeOf(place).topics()[0]).toMatchObject({ waiting: 0, forked: [liar.did] });
    expect(problemsOf(place)).toEqual([]);
  }
};

describe('an author who signs two children of one record and tells each to another half', () => {
  for (const seed of ['a', 'b', 'c', 'd']) {
    it(`ends frozen, with the same proof, standing and balances on all (seed ${seed})`, async () => {
      const { cluster, liar, liarPlace, first } = await begin(`double spend ${seed}`);
      const [ann, , cem] = cluster.places as [Place, Place, Place];
      const heal = part(cluster);
      const left = liar.sign({ after: first, to: ann, amount: 5_000 });
      const right = liar.sign({ after: first, to: cem, amount: 5_000 });
      liar.tell(ann, [announce(left)]);
      liar.tell(cem, [announce(right)]);
      await run(cluster, 5_000);
      // Each half believes its own branch, and trades on top of it.
      expect(balancesOf(cluster, ann)[LIAR]).toBe(-5_100n);
      expect(recordsOf(ann).map(({ id }) => id)).toContain(left.id);
      expect(recordsOf(cem).map(({ id }) => id)).toContain(right.id);
      cluster.pay(0, 1, 700n);
      cluster.pay(2, 3, 700n);
      await run(cluster, 2_000);
      heal();
      expect(await runUntil(cluster, () => agree(cluster))).toBeLessThanOrEqual(24_000);
      expectOneTruth(cluster, liarPlace);
      const [smaller, larger] = [left, right].sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(standingOf(ann, liarPlace)).toEqual(
        [
          `${first.id} accepted stands`,
          `${smaller!.id} accepted stands`,
          `${larger!.id} accepted fork`,
        ].sort(),
      );
      // The smaller one counts, once.
      expect(balancesOf(cluster, ann)[LIAR]).toBe(-5_100n);

      // Frozen: nothing it signs after that counts, on either branch.
      const before = balancesOf(cluster, ann);
      const more = [smaller!, larger!].map((after) => liar.sign({ after, to: cem, amount: 100 }));
      liar.tell(ann, [announce(...more)]);
      await run(cluster, 5_000);
      expect(await runUntil(cluster, () => agree(cluster))).toBeDefined();
      expectOneTruth(cluster, liarPlace);
      expect(standingOf(ann, liarPlace).filter((line) => line.endsWith('stands'))).toHaveLength(2);
      expect(standingOf(ann, liarPlace)).toHaveLength(5);
      for (const place of honestOf(cluster)) expect(balancesOf(cluster, place)).toEqual(before);
    });
  }
});

describe('a node whose own key signed two records after one, as a copy of its folder would', () => {
  it('signs no payment that nobody would count, and says why', async () => {
    const { cluster, liar, first } = await begin('own fork');
    const [ann, ben] = cluster.places as [Place, Place];
    const pair = [ann, ben].map((to) => liar.sign({ after: first, to, amount: 100 }));
    liar.tell(ann, [announce(...pair)]);
    await run(cluster, 2_000);
    cluster.crash(LIAR); // The liar, who has sat there since.
    await cluster.start(LIAR);
    const place = cluster.places[LIAR]!;
    const knowsIt = () => nodeOf(place).topics()[0]!.forked.length === 1;
    expect(await runUntil(cluster, knowsIt)).toBeDefined();
    let said: Outcome<RecordId, string> | undefined;
    const payment = { currency: 'hours', to: ann.did, amount: 1n };
    void nodeOf(place)
      .pay(payment)
      .then((outcome) => (said = outcome));
    await runUntil(cluster, () => said !== undefined);
    expect(said).toMatchObject({
      status: 'sequence_conflict',
      reason: expect.stringContaining('node ledger conflicts') as string,
    });
    expect(standingOf(place, place)).toHaveLength(3);
  });
});

describe('an author who signs many children of one record', () => {
  for (const seed of ['a', 'b', 'c']) {
    it(`leaves the two smallest and those that others built on, also after a restart (seed ${seed})`, async () => {
      const { cluster, liar, liarPlace, first } = await begin(`many ${seed}`);
      const honest = honestOf(cluster);
      const children = Array.from({ length: 8 }, (_, index) =>
        liar.sign({ after: first, to: honest[index % 4]!, amount: 10, memo: `${index}` }),
      ).sort((a, b) => (a.id < b.id ? -1 : 1));
      const heal = part(cluster);
      const last = children.at(-1)!;
      liar.tell(honest[0]!, [announce(last)]);
      await run(cluster, 1_000);
      // An honest payment that has seen the largest of them: it must stay for good.
      cluster.pay(1, 0, 100n);
      await run(cluster, 1_000);
      const shuffled = cluster.random.fork(seed).shuffle(children.slice(0, -1));
      for (const [index, child] of shuffled.entries()) {
        liar.tell(honest[index % 4]!, [announce(child)]);
        // Each tell is a link of the same DID, which ends the one before: what is on it gets its time.
        await run(cluster, 200);
      }
      await run(cluster, 3_000);
      heal();
      expect(await runUntil(cluster, () => agree(cluster))).toBeLessThanOrEqual(24_000);
      expectOneTruth(cluster, liarPlace);
      const kept = recordsOf(honest[0]!)
        .filter(({ previous, author }) => author === liarPlace.did && previous === first.id)
        .map(({ id }) => id);
      expect(kept.sort()).toEqual([children[0]!.id, children[1]!.id, last.id].sort());

      for (const index of [0, 1, 2, 3]) {
        cluster.crash(index);
        await cluster.start(index);
      }
      await run(cluster, 3_000);
      expectOneTruth(cluster, liarPlace);
      // What was given up is told again, and changes nothing.
      liar.tell(honest[0]!, [announce(...children)]);
      await run(cluster, 3_000);
      expectOneTruth(cluster, liarPlace);
      expect(recordsOf(honest[0]!)).toHaveLength(5);
    });
  }
});
