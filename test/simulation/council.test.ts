/**
 * Certificates on whole nodes: stewards settle what is held, everybody recomputes it, and no liar within
 * the bound makes two correct nodes accept different ones.
 */
import { describe, expect, test, vi } from 'vitest';
import type { Certificate, CertificateFile, Decision } from '#contracts/certificates.ts';
import type { Json, RecordId } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import type { Cluster, Place } from '#reference/sim/cluster.ts';
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
import { referenceLayers } from '#reference/layers.ts';
import { verifyCertificates } from '#reference/node/council/certificate-file.ts';
import { runMethod } from '#reference/operations/methods.ts';
import type { Answer } from '#reference/operations/methods/method.ts';
import { TOPIC } from '#reference/sim/cluster.ts';
import { createLiar } from '#test/support/liar.ts';

vi.setConfig({ testTimeout: 60_000 });

const proposeAt = async (cluster: Cluster, index: number, decided: readonly RecordId[] = []) => {
  const { council } = nodeOf(cluster.places[index]);
  const checkpoint = council.checkpoint(decided);
  if (!checkpoint.ok) return checkpoint;
  let answer: Awaited<ReturnType<typeof council.propose>> | undefined;
  void council.propose(checkpoint.value).then((outcome) => (answer = outcome));
  await runUntil(cluster, () => answer !== undefined);
  return answer!;
};

const acceptedAt = (place: Place): number => nodeOf(place).council.view().accepted;
const settled = (cluster: Cluster, number: number) => (): boolean =>
  cluster.honest.every((place) => acceptedAt(place) === number);

const rows = (place: Place, of: Place) =>
  nodeOf(place)
    .history(TOPIC, of.did)
    .map(({ settled, change }) => `${change} ${settled ? 'settled' : 'provisional'}`);

describe('a checkpoint', () => {
  test('is proposed, voted for by itself, and accepted by everybody', async () => {
    const cluster = await startCluster('checkpoint', 6, { stewards: 4 });
    await run(cluster, 1_000);
    for (let index = 0; index < 6; index++) cluster.pay(index, (index + 1) % 6, 100n);
    await runUntil(cluster, () => allAgree(cluster) && cluster.acknowledged.size === 6);
    const proposed = await proposeAt(cluster, 0);
    expect(proposed.ok).toBe(true);
    expect(await runUntil(cluster, settled(cluster, 1))).toBeLessThan(60_000);
    cluster.pay(0, 1, 5n);
    await run(cluster, 2_000);
    expect(rows(cluster.places[5]!, cluster.places[0]!)).toEqual([
      '-100 settled',
      '100 settled',
      '-5 provisional',
    ]);
    for (const place of cluster.places) expect(problemsOf(place)).toEqual([]);
    // The next one goes on from there, and a restart finds what was accepted.
    expect((await proposeAt(cluster, 2)).ok).toBe(true);
    await runUntil(cluster, settled(cluster, 2));
    cluster.crash(4);
    await cluster.start(4);
    expect(acceptedAt(cluster.places[4]!)).toBe(2);
    expect(problemsOf(cluster.places[4]!)).toEqual([]);
  });

  test('decides a fork where stewards say so, and nothing that comes later undoes it', async () => {
    const cluster = await startCluster('lift', 5, { stewards: 4 });
    await run(cluster, 1_000);
    cluster.crash(4);
    const forger = cluster.places[4]!;
    const liar = createLiar(cluster, forger);
    const first = liar.sign({ after: undefined, to: cluster.places[0]!, amount: 1 });
    const children = Array.from({ length: 4 }, (_, index) =>
      liar.sign({ after: first, to: cluster.places[index]!, amount: 10 + index }),
    ).sort((left, right) => (left.id < right.id ? -1 : 1));
    const [one, two, three, four] = children as [SignedRecord, SignedRecord, SignedRecord, SignedRecord]; // prettier-ignore
    const say = (...records: readonly SignedRecord[]) => {
      const claims = records as unknown as Json[];
      for (const place of cluster.places.slice(0, 4)) {
        liar.tell(place, [{ type: 'announce', topic: TOPIC, records: claims, ids: [] }]);
      }
    };
    const stewards = cluster.places.slice(0, 4);
    const standing = (record: SignedRecord) =>
      nodeOf(stewards[0])
        .history(TOPIC, forger.did)
        .find((row) => row.record.id === record.id);
    say(first, three, four);
    await run(cluster, 3_000);
    // By itself a checkpoint stops before the fork.
    expect((await proposeAt(cluster, 0)).ok).toBe(true);
    await runUntil(cluster, () => stewards.every((place) => acceptedAt(place) === 1));
    expect(standing(first)?.settled).toBe(true);
    expect(standing(three)).toMatchObject({ standing: 'stands', settled: false });
    // The larger id, which no rule would choose: people vote for it.
    const { council } = nodeOf(stewards[0]);
    expect((await proposeAt(cluster, 0, [four.id])).ok).toBe(true);
    await run(cluster, 5_000);
    const [open] = council.view().open;
    expect(open?.abstention?.why).toBe('decides_a_fork');
    for (const place of stewards.slice(0, 3)) void nodeOf(place).council.vote(open!.record.id);
    await runUntil(cluster, () => stewards.every((place) => acceptedAt(place) === 2));
    expect(standing(three)).toMatchObject({ standing: 'fork', settled: false });
    expect(standing(four)).toMatchObject({ standing: 'stands', settled: true });
    // Two smaller ones: of an unsettled fork only the two smallest children would be kept.
    say(one, two);
    await run(cluster, 60_000);
    for (const place of stewards) {
      const rows = nodeOf(place).history(TOPIC, forger.did);
      expect(rows.find(({ record }) => record.id === four.id)).toMatchObject({ standing: 'stands', settled: true }); // prettier-ignore
      expect(place.balances(TOPIC)).toEqual(stewards[0]!.balances(TOPIC));
      expect(problemsOf(place)).toEqual([]);
    }
    // The author, honest from now on, goes on where the stewards said, and late as it is it recomputes.
    cluster.crash(4);
    await cluster.start(4);
    await runUntil(cluster, () => acceptedAt(forger) === 2 && allAgree(cluster));
    cluster.pay(4, 0, 7n);
    await run(cluster, 5_000);
    await runUntil(cluster, () => allAgree(cluster));
    expect(new Set(cluster.places.map(exportOf)).size).toBe(1);
    const kept = recordsOf(forger).map(({ id }) => id);
    expect(children.map(({ id }) => kept.includes(id))).toEqual([true, true, false, true]);
    const last = nodeOf(stewards[1]).history(TOPIC, forger.did).at(-1);
    expect(last).toMatchObject({ change: -7n, standing: 'stands', record: { previous: four.id } });
  });

  test('is fetched by its heads and folded by whoever comes later, and by nobody believed', async () => {
    const cluster = await startCluster('late', 6, { stewards: 4 });
    cluster.crash(5);
    await run(cluster, 1_000);
    for (let round = 0; round < 10; round++) {
      for (let index = 0; index < 5; index++) cluster.pay(index, (index + 1) % 5, 3n);
      await run(cluster, 300);
    }
    await runUntil(cluster, () => cluster.acknowledged.size === 50);
    await run(cluster, 20_000);
    await proposeAt(cluster, 1);
    const early = cluster.places.slice(0, 5);
    await runUntil(cluster, () => early.every((place) => acceptedAt(place) === 1));
    const disk = cluster.places[5]!;
    await cluster.start(5);
    const events: string[] = [];
    nodeOf(disk).watch((event) => events.push(event.event));
    await runUntil(cluster, () => acceptedAt(disk) === 1);
    expect(events.filter((event) => event === 'certified')).toHaveLength(1);
    expect(events.filter((event) => event === 'delivered').length).toBeGreaterThanOrEqual(50);
    expect(disk.balances(TOPIC)).toEqual(early[0]!.balances(TOPIC));
  });
});

describe('a steward whose home was restored from a backup', () => {
  const said = async <Value>(cluster: Cluster, promise: Promise<Value>): Promise<Value> => {
    let answer: { readonly value: Value } | undefined;
    void promise.then((value) => (answer = { value }));
    await runUntil(cluster, () => answer !== undefined);
    return answer!.value;
  };
  const noVote: Decision = { kind: 'stewards', stewards: [], quorum: 1 };

  /** Two proposals of one number, of which steward 2 has voted for the first; then it forgets that. */
  const forgetful = async (seed: string) => {
    const cluster = await startCluster(seed, 4, { stewards: 4 });
    await run(cluster, 1_000);
    const place = cluster.places[2]!;
    const backup = place.disk.copy();
    const propose = async (index: number, quorum: number): Promise<RecordId> => {
      const stewards = cluster.places.map(({ did }) => did);
      const decision = { ...noVote, stewards, quorum };
      const outcome = await said(cluster, nodeOf(cluster.places[index]).council.propose(decision));
      if (!outcome.ok) throw new Error(outcome.reason);
      return outcome.value;
    };
    const [one, other] = [await propose(0, 3), await propose(1, 4)];
    await run(cluster, 2_000);
    expect((await said(cluster, nodeOf(place).council.vote(one))).ok).toBe(true);
    await run(cluster, 2_000);
    cluster.crash(place.index);
    place.disk.restore(backup);
    return { cluster, place, other };
  };
  const isLinked = (place: Place): boolean => nodeOf(place).peers().length > 0;
  const knows = (place: Place, id: RecordId): boolean =>
    nodeOf(place)
      .council.view()
      .open.some(({ record }) => record.id === id);
  const convicted = (cluster: Cluster): number =>
    Math.max(...cluster.places.map((each) => nodeOf(each).council.view().evidence.length));

  test('does not vote twice: its peers tell it what it said', async () => {
    const { cluster, place, other } = await forgetful('backup of a steward');
    await cluster.start(place.index);
    await runUntil(cluster, () => isLinked(place));
    const voted = said(cluster, nodeOf(place).council.vote(other));
    expect((await voted).ok).toBe(false);
    await runUntil(cluster, () => knows(place, other));
    expect(await said(cluster, nodeOf(place).council.vote(other))).toMatchObject({ status: 'already_voted' }); // prettier-ignore
    await run(cluster, 30_000);
    expect(convicted(cluster)).toBe(0);
  });

  test('says nothing while nobody is there who could tell it', async () => {
    const { cluster, place, other } = await forgetful('backup, alone');
    const [first, ...rest] = cluster.places.filter((each) => each !== place);
    const heal = cluster.network.partition([place.address], [first!, ...rest].map(({ address }) => address)); // prettier-ignore
    await cluster.start(place.index);
    const checkpoint = nodeOf(place).council.propose({ ...noVote, stewards: [place.did] });
    expect(await said(cluster, checkpoint)).toMatchObject({ status: 'council_unheard' });
    heal();
    await runUntil(cluster, () => knows(place, other));
    expect(await said(cluster, nodeOf(place).council.vote(other))).toMatchObject({ status: 'already_voted' }); // prettier-ignore
    await run(cluster, 30_000);
    expect(convicted(cluster)).toBe(0);
  });
});

describe('what an operator asks', () => {
  const asked = async (cluster: Cluster, index: number, method: string, params: Json = {}) => {
    let answer: Answer | undefined;
    void runMethod(nodeOf(cluster.places[index]), method, params).then((each) => (answer = each));
    await runUntil(cluster, () => answer !== undefined);
    return answer!;
  };

  test('of a network of four stewards and one member, refused and done', async () => {
    const cluster = await startCluster('asked', 5, { stewards: 4 });
    await run(cluster, 1_000);
    const refusals = [
      await asked(cluster, 4, 'consensus.propose', { kind: 'checkpoint' }),
      await asked(cluster, 0, 'consensus.propose', { kind: 'checkpoint' }),
      await asked(cluster, 0, 'consensus.propose', { kind: 'stewards', stewards: [cluster.places[0]!.did], quorum: 2 }), // prettier-ignore
      await asked(cluster, 0, 'consensus.vote', { id: 'ab' }),
    ];
    expect(refusals.map((each) => !each.ok && each.status)).toEqual([
      'nothing_new',
      'nothing_new',
      'decision_invalid',
      'proposal_unknown',
    ]);
    cluster.pay(0, 4, 10n);
    await runUntil(cluster, () => allAgree(cluster) && cluster.acknowledged.size === 1);
    expect(await asked(cluster, 4, 'consensus.propose', { kind: 'checkpoint' })).toMatchObject({
      status: 'not_a_steward',
    });
    const grant = { account: cluster.places[0]!.did, currency: 'stones', baseline: 1, cap: 1, untilSequence: 1 }; // prettier-ignore
    expect(await nodeOf(cluster.places[0]).council.propose({ kind: 'grant', grants: [grant] })).toMatchObject({ status: 'decision_invalid' }); // prettier-ignore
    expect((await asked(cluster, 1, 'consensus.propose', { kind: 'checkpoint' })).ok).toBe(true);
    expect(await asked(cluster, 1, 'consensus.propose', { kind: 'stewards', stewards: cluster.places.slice(0, 3).map(({ did }) => did), quorum: 2 })).toMatchObject({ status: 'already_proposed' }); // prettier-ignore
    await runUntil(cluster, settled(cluster, 1));
    const dispute = nodeOf(cluster.places[4]).history(TOPIC, cluster.places[4]!.did)[0]!.record.id;
    void nodeOf(cluster.places[4]).dispute(TOPIC, dispute, 'too little');
    await runUntil(cluster, () => cluster.places.every((place) => nodeOf(place).disputes(TOPIC).length === 1)); // prettier-ignore
    const filed = nodeOf(cluster.places[0]).disputes(TOPIC)[0]!.dispute.id;
    const ruled = await asked(cluster, 0, 'consensus.propose', { kind: 'ruling', dispute: filed, from: cluster.places[0]!.did, to: cluster.places[4]!.did, amount: '0.05', reason: 'so be it' }); // prettier-ignore
    expect(ruled).toMatchObject({ ok: true, value: { voted: true } });
    await run(cluster, 3_000);
    const { id } = ruled.ok ? (ruled.value as { readonly id: string }) : { id: '' };
    for (const index of [1, 2]) expect((await asked(cluster, index, 'consensus.vote', { id })).ok).toBe(true); // prettier-ignore
    await runUntil(cluster, settled(cluster, 2));
    expect(cluster.places[3]!.balances(TOPIC).get(cluster.places[0]!.did)).toBe(-15n);
    expect(nodeOf(cluster.places[3]).disputes(TOPIC)[0]?.dispute.state).toBe('ruled');
    for (const place of cluster.places) expect(problemsOf(place)).toEqual([]);

    const file = await asked(cluster, 4, 'consensus.export');
    const content = referenceLayers.content();
    const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    const chain = (file.ok ? file.value : null) as unknown as CertificateFile;
    expect(verifyCertificates(cluster.cooperative, content, bytes(chain))).toMatchObject({
      ok: true,
    });
    const [first, second] = chain.certificates as [Certificate, Certificate];
    const broken: readonly (readonly [unknown, string])[] = [
      [{ ...chain, network: 'x' }, 'network_other'],
      [{ ...chain, certificates: [second] }, 'certificate_unproven'],
      [{ ...chain, certificates: [{ ...first, votes: first.votes.slice(0, 2) }] }, 'certificate_unproven'], // prettier-ignore
      [{ ...chain, certificates: [{ ...first, votes: [...first.votes.slice(0, 2), first.votes[0]] }] }, 'certificate_unproven'], // prettier-ignore
      [{ ...chain, certificates: [{ ...first, proposal: { ...first.proposal, timestamp: 1 } }] }, 'record_refused'], // prettier-ignore
      [{ ...chain, certificates: 7 }, 'file_malformed'],
    ];
    for (const [value, status] of broken) {
      expect(verifyCertificates(cluster.cooperative, content, bytes(value))).toMatchObject({
        status,
      });
    }
    expect((await asked(cluster, 0, 'consensus.status')).ok).toBe(true);
  });
});
