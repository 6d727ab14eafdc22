/**
 * Grants by certificate on whole nodes: a newcomer is admitted by stewards, pays by what it names, and every
 * node comes to the same answer, whichever of the certificate and the payment reaches it first.
 */
import { describe, expect, test, vi } from 'vitest';
import { COUNCIL_TOPIC, type Decision } from '#contracts/certificates.ts';
import type { RecordId } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { CURRENCY, TOPIC, type Cluster, type Place } from '#reference/sim/cluster.ts';
import {
  allAgree,
  exportOf,
  nodeOf,
  problemsOf,
  recordsOf,
  run,
  runUntil,
  startCluster,
} from '#test/support/clusters.ts';
import { createLiar } from '#test/support/liar.ts';

vi.setConfig({ testTimeout: 60_000 });

const STEWARDS = 4;

const leaseFor = ({ did: account }: Place, baseline: number): Decision => ({
  kind: 'grant',
  grants: [{ account, currency: CURRENCY, baseline, cap: baseline * 10, untilSequence: 1_000 }],
});

/** The first of these proposes, and all of them vote; gives the id of the certificate. */
const decide = async (cluster: Cluster, stewards: readonly Place[], decision: Decision) => {
  let id: RecordId | undefined;
  void nodeOf(stewards[0])
    .council.propose(decision)
    .then((outcome) => {
      if (outcome.ok) id = outcome.value;
    });
  const isOpen = (place: Place): boolean =>
    nodeOf(place)
      .council.view()
      .open.some(({ record }) => record.id === id);
  await runUntil(cluster, () => stewards.every(isOpen));
  for (const place of stewards) void nodeOf(place).council.vote(id!);
  const number = nodeOf(stewards[0]).council.view().next.number;
  await runUntil(cluster, () => stewards.every((each) => certifiedAt(each) === number));
  return id!;
};

const certifiedAt = (place: Place): number => nodeOf(place).council.view().certified;

const payBy = async (cluster: Cluster, from: Place, to: Place, amount: bigint): Promise<string> => {
  let status: string | undefined;
  void nodeOf(from)
    .pay({ currency: CURRENCY, to: to.did, amount })
    .then((outcome) => (status = outcome.ok ? 'accepted' : outcome.status));
  await runUntil(cluster, () => status !== undefined);
  return status!;
};

const waitingAt = (place: Place): number =>
  nodeOf(place)
    .topics()
    .find(({ topic }) => topic === TOPIC)!.waiting;

/** Everything that all nodes must have alike, byte by byte. */
const likenessOf = (place: Place): string =>
  [exportOf(place), ...place.exported(COUNCIL_TOPIC), ...[...place.balances(TOPIC)].flat()].join(
    '\n',
  );

const expectAlike = (cluster: Cluster): void => {
  expect(new Set(cluster.places.map(likenessOf)).size).toBe(1);
  for (const place of cluster.places) expect(problemsOf(place)).toEqual([]);
};

describe('a grant', () => {
  test('admits a newcomer on one side of a partition, and on the other when it heals', async () => {
    const cluster = await startCluster('admit', 6, { stewards: STEWARDS, newcomers: 1 });
    const [anna, , , dan, emma, dana] = cluster.places as [Place, Place, Place, Place, Place, Place]; // prettier-ignore
    await run(cluster, 1_000);
    expect(await payBy(cluster, dana, anna, 1n)).toBe('over_limit');
    const heal = cluster.network.partition(
      [...cluster.places.slice(0, 3), dana].map(({ address }) => address),
      [dan, emma].map(({ address }) => address),
    );
    await run(cluster, 5_000);
    const id = await decide(cluster, cluster.places.slice(0, 3), leaseFor(dana, 500));
    await runUntil(cluster, () => certifiedAt(dana) === 1);
    expect(nodeOf(dana).credit(TOPIC, dana.did)).toEqual({ balance: 0n, limit: 500n });
    expect(await payBy(cluster, dana, anna, 400n)).toBe('accepted');
    expect(await payBy(cluster, dana, anna, 200n)).toBe('over_limit');
    expect(await payBy(cluster, dana, anna, 100n)).toBe('accepted');
    cluster.pay(emma.index, dan.index, 7n);
    await run(cluster, 5_000);
    expect(anna.balances(TOPIC).get(anna.did)).toBe(500n);
    expect(emma.balances(TOPIC).get(anna.did)).toBeUndefined();
    heal();
    await runUntil(cluster, () => cluster.places.every((each) => certifiedAt(each) === 1) && allAgree(cluster)); // prettier-ignore
    expect(emma.balances(TOPIC).get(dana.did)).toBe(-500n);
    expectAlike(cluster);
    // One entry names the certificate: what follows it has it in its past.
    const named = recordsOf(emma).map(({ author, certificate }) => [author, certificate]);
    expect(named.filter(([author]) => author === dana.did).map(([, each]) => each)).toEqual([id, undefined]); // prettier-ignore
    expect(named.filter(([author]) => author === emma.did)).toEqual([[emma.did, undefined]]);
    // What was granted is remembered, and a checkpoint settles what rests on it.
    for (const place of [dana, emma]) {
      cluster.crash(place.index);
      await cluster.start(place.index);
      expect(problemsOf(place)).toEqual([]);
    }
    const { council } = nodeOf(anna);
    const checkpoint = council.checkpoint([]);
    if (checkpoint.ok) void council.propose(checkpoint.value);
    await runUntil(cluster, () => cluster.places.every((each) => nodeOf(each).council.view().accepted === 2)); // prettier-ignore
    expect(
      nodeOf(emma)
        .history(TOPIC, dana.did)
        .every(({ settled }) => settled),
    ).toBe(true);
    expectAlike(cluster);
  });

  test('that comes after the payment which names it: the payment waits, and counts then; a restart changes nothing', async () => {
    const cluster = await startCluster('late grant', 6, { stewards: STEWARDS, newcomers: 1 });
    const [anna, , , , late, dana] = cluster.places as [Place, Place, Place, Place, Place, Place];
    await run(cluster, 1_000);
    const others = cluster.places.filter((each) => each !== late).map(({ address }) => address);
    cluster.network.partition(others, [late.address]);
    await decide(cluster, cluster.places.slice(0, 3), leaseFor(dana, 500));
    await runUntil(cluster, () => certifiedAt(dana) === 1);
    await payBy(cluster, dana, anna, 300n);
    await payBy(cluster, dana, anna, 100n);
    const payments = recordsOf(dana);
    // Dana's own node lies down, and somebody at its address brings the payments and nothing else.
    cluster.crash(dana.index);
    cluster.network.heal();
    const rest = cluster.places.filter((each) => each !== late && each !== dana);
    cluster.network.partition([late.address, dana.address], rest.map(({ address }) => address)); // prettier-ignore
    const messenger = createLiar(cluster, dana);
    const tell = async (...records: readonly SignedRecord[]): Promise<void> => {
      messenger.tell(late, [{ type: 'announce', topic: TOPIC, records: records as never, ids: [] }]); // prettier-ignore
      await run(cluster, 5_000);
    };
    await tell(...payments.toReversed());
    expect(waitingAt(late)).toBe(2);
    expect([...late.balances(TOPIC)]).toEqual([]);
    expect(nodeOf(late).verdict(payments[0]!.id)).toBeUndefined();
    // It forgets what waits; what it holds does not hang on it.
    cluster.crash(late.index);
    await cluster.start(late.index);
    expect(problemsOf(late)).toEqual([]);
    await tell(...payments);
    expect(waitingAt(late)).toBe(2);
    cluster.network.heal();
    cluster.crash(dana.index);
    await cluster.start(dana.index);
    await runUntil(cluster, () => certifiedAt(late) === 1 && allAgree(cluster));
    expect(waitingAt(late)).toBe(0);
    expect(late.balances(TOPIC).get(anna.did)).toBe(400n);
    expectAlike(cluster);
  });

  test('forgotten with a backup lets nobody sign a number twice', async () => {
    const cluster = await startCluster('forgotten', 6, { stewards: STEWARDS, newcomers: 1 });
    const [anna, , , , emma, dana] = cluster.places as [Place, Place, Place, Place, Place, Place];
    await run(cluster, 1_000);
    await payBy(cluster, anna, dana, 100n);
    await run(cluster, 2_000);
    const backup = dana.disk.copy();
    await decide(cluster, cluster.places.slice(0, 3), leaseFor(dana, 500));
    await runUntil(cluster, () => certifiedAt(dana) === 1);
    await payBy(cluster, dana, anna, 300n);
    const payments = recordsOf(dana).filter(({ author }) => author === dana.did);
    await runUntil(cluster, () => allAgree(cluster));
    cluster.crash(dana.index);
    dana.disk.restore(backup);
    // Whoever it meets brings back what it signed, and not the certificate that this rests on.
    cluster.crash(emma.index);
    const [first, ...rest] = cluster.places.slice(0, 4).map(({ address }) => address);
    cluster.network.partition([first!, ...rest], [dana.address, emma.address]);
    await cluster.start(dana.index);
    const messenger = createLiar(cluster, emma);
    messenger.tell(dana, [{ type: 'announce', topic: TOPIC, records: payments as never, ids: [] }]);
    await run(cluster, 20_000);
    expect(nodeOf(dana).credit(TOPIC, dana.did).balance).toBe(100n);
    expect(await payBy(cluster, dana, anna, 50n)).toBe('sequence_conflict');
    cluster.network.heal();
    await runUntil(cluster, () => certifiedAt(dana) === 1 && waitingAt(dana) === 0);
    expect(await payBy(cluster, dana, anna, 50n)).toBe('accepted');
    cluster.crash(emma.index);
    await cluster.start(emma.index);
    await runUntil(cluster, () => allAgree(cluster));
    expect(nodeOf(anna).conflicts(TOPIC)).toEqual([]);
    expectAlike(cluster);
  });

  test('that is not renewed ends; nobody else waits for a renewal', async () => {
    const cluster = await startCluster('renew', 6, { stewards: STEWARDS, newcomers: 1 });
    const [anna, , , , emma, dana] = cluster.places as [Place, Place, Place, Place, Place, Place];
    await run(cluster, 1_000);
    const grant = (baseline: number, untilSequence: number): Decision => ({
      kind: 'grant',
      grants: [{ account: dana.did, currency: CURRENCY, baseline, cap: baseline, untilSequence }],
    });
    const stewards = cluster.places.slice(0, 3);
    await decide(cluster, stewards, grant(100, 1));
    await runUntil(cluster, () => certifiedAt(dana) === 1);
    expect(await payBy(cluster, dana, anna, 60n)).toBe('accepted');
    expect(await payBy(cluster, dana, anna, 1n)).toBe('over_limit');
    await decide(cluster, stewards, grant(80, 1_000));
    await runUntil(cluster, () => certifiedAt(dana) === 2 && certifiedAt(emma) === 2);
    expect(await payBy(cluster, dana, anna, 20n)).toBe('accepted');
    expect(await payBy(cluster, dana, anna, 1n)).toBe('over_limit');
    await runUntil(cluster, () => allAgree(cluster));
    expect(await payBy(cluster, emma, dana, 50n)).toBe('accepted');
    await runUntil(cluster, () => allAgree(cluster));
    expect(recordsOf(anna).filter(({ author }) => author === emma.did)[0]?.certificate).toBeUndefined(); // prettier-ignore
    expect(nodeOf(dana).credit(TOPIC, dana.did)).toEqual({ balance: -30n, limit: 80n });
    expectAlike(cluster);
  });
});
