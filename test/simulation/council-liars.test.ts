/**
 * Stewards that lie: wrong roots, heads that nobody has, two proposals and two votes told to different
 * halves, crashes between signing and sending, and loss. No two correct nodes accept different
 * checkpoints; whoever said two things is shown.
 */
import { describe, expect, test, vi } from 'vitest';
import {
  COUNCIL_TOPIC,
  type Checkpoint,
  type Decision,
  type VoteBody,
} from '#contracts/certificates.ts';
import type { Json, RecordId } from '#contracts/identifiers.ts';
import type { GossipMessage } from '#contracts/messages.ts';
import type { RecordBodies, RecordKind, SignedRecord } from '#contracts/records.ts';
import { referenceLayers } from '#reference/layers.ts';
import type { Cluster, Place } from '#reference/sim/cluster.ts';
import { nodeOf, problemsOf, run, runUntil, startCluster } from '#test/support/clusters.ts';
import { createLiar } from '#test/support/liar.ts';

vi.setConfig({ testTimeout: 120_000 });

const STEWARDS = 4;
const content = referenceLayers.content();

/** Signs what no node of a steward would: any proposal and any vote, after any of its records. */
const forger = (cluster: Cluster, { signer }: Place) => {
  const records = referenceLayers.records({ content, network: cluster.cooperative.id });
  const sign = <Kind extends RecordKind>(
    kind: Kind,
    body: RecordBodies[Kind],
    previous: SignedRecord | undefined,
  ): SignedRecord<Kind> => {
    const place = { sequence: (previous?.sequence ?? 0) + 1, previous: previous?.id ?? null };
    const network = cluster.cooperative.id;
    const timestamp = Math.floor(cluster.scheduler.now());
    const author = signer.did;
    const about = { kind, network, topic: COUNCIL_TOPIC, author, parents: [], timestamp, body };
    const record = records.sign({ ...about, ...place }, signer);
    cluster.signed(record.id);
    return record;
  };
  return {
    propose: (decision: Decision, previous?: SignedRecord, number = 1) =>
      sign('icn/proposal/1', { epoch: 0, number, certificate: null, decision }, previous),
    vote: (proposal: RecordId, previous?: SignedRecord) =>
      sign('icn/vote/1', { epoch: 0, number: 1, proposal }, previous),
  };
};

const announce = (...records: readonly SignedRecord[]): GossipMessage => ({
  type: 'announce',
  topic: COUNCIL_TOPIC,
  records: records as unknown as Json[],
  ids: [],
});

const checkpointAt = (place: Place): Checkpoint => {
  const checkpoint = nodeOf(place).council.checkpoint([]);
  if (!checkpoint.ok) throw new Error(checkpoint.reason);
  return checkpoint.value;
};

const proposeAt = (place: Place): void => {
  const { node } = place;
  const checkpoint = node?.council.checkpoint([]);
  if (checkpoint?.ok) void node!.council.propose(checkpoint.value).catch(() => undefined);
};

/** The chain of every correct node is the beginning of the longest. */
const oneChain = (places: readonly Place[]): boolean => {
  const chains = places
    .filter(({ node }) => node !== undefined)
    .map((place) =>
      nodeOf(place)
        .council.certificates()
        .map(({ proposal }) => proposal.id)
        .slice(0, nodeOf(place).council.view().accepted),
    ) // prettier-ignore
    .sort((left, right) => right.length - left.length);
  return chains.every((chain) => chain.every((id, index) => id === chains[0]![index]));
};

/** Per steward that runs: whether each number has one vote, in what any node holds. */
const voteTwice = (cluster: Cluster, correct: readonly Place[]): readonly string[] => {
  const words = new Map<string, Set<RecordId>>();
  for (const place of cluster.places) {
    if (!place.node) continue;
    for (const line of place.exported(COUNCIL_TOPIC)) {
      const record = JSON.parse(line) as SignedRecord;
      if (record.kind !== 'icn/vote/1' || !correct.some(({ did }) => did === record.author))
        continue;
      const { epoch, number, proposal } = record.body as VoteBody;
      const key = `${record.author} ${epoch} ${number}`;
      words.set(key, (words.get(key) ?? new Set()).add(proposal));
    }
  }
  return [...words].filter(([, said]) => said.size > 1).map(([key]) => key);
};

const began = async (seed: string, liarAt = 1): Promise<readonly [Cluster, Place, Place[]]> => {
  const cluster = await startCluster(seed, STEWARDS + 1, { stewards: STEWARDS });
  await run(cluster, 1_000);
  for (let index = 0; index < 5; index++) cluster.pay(index, (index + 1) % 5, 10n);
  await run(cluster, 5_000);
  // The turn of number 1 is that of the second steward: the liar's.
  const liar = cluster.places[liarAt]!;
  cluster.crash(liarAt);
  return [cluster, liar, cluster.places.filter((place) => place !== liar)];
};

const acceptedBy = (places: readonly Place[], number: number) => (): boolean =>
  places.every((place) => nodeOf(place).council.view().accepted >= number);

describe('a steward whose turn it is', () => {
  test.each([
    ['wrong balances', (right: Checkpoint): Checkpoint => ({ ...right, balancesRoot: '0'.repeat(64) }), 'checkpoint_wrong'], // prettier-ignore
    ['a wrong count', (right: Checkpoint): Checkpoint => ({ ...right, count: right.count + 1 }), 'checkpoint_wrong'], // prettier-ignore
    ['heads that nobody has', (right: Checkpoint): Checkpoint => ({ ...right, heads: ['f'.repeat(64) as RecordId] }), 'cut_not_held'], // prettier-ignore
  ])('and proposes %s gets no vote; the next one in turn does', async (_, lie, why) => {
    const [cluster, place, correct] = await began(`lie ${why}`);
    const liar = createLiar(cluster, place);
    const forge = forger(cluster, place);
    const proposal = forge.propose(lie(checkpointAt(correct[0]!)));
    for (const each of correct)
      liar.tell(each, [announce(proposal, forge.vote(proposal.id, proposal))]);
    await run(cluster, 5_000);
    const seen = nodeOf(correct[0]).council.view().open[0];
    expect(seen?.abstention?.why).toBe(why);
    proposeAt(correct[1]!);
    expect(await runUntil(cluster, acceptedBy(correct, 1))).toBeDefined();
    expect(oneChain(correct)).toBe(true);
    const [certificate] = nodeOf(correct[0]).council.certificates();
    expect(certificate?.proposal.author).toBe(correct[1]!.did);
  });

  test('and says two things, each to one half, is shown to all and believed by none', async () => {
    const [cluster, place, correct] = await began('two faces');
    const forge = forger(cluster, place);
    const liar = createLiar(cluster, place);
    const right = checkpointAt(correct[0]!);
    const fewer = nodeOf(correct[0]).council.checkpoint([]);
    expect(fewer.ok).toBe(true);
    const one = forge.propose(right);
    const other = forge.propose({ ...right, heads: right.heads.slice(1) });
    correct.forEach((each, index) => liar.tell(each, [announce(index % 2 === 0 ? one : other)]));
    await run(cluster, 8_000);
    for (const each of correct) {
      const { evidence, accepted } = nodeOf(each).council.view();
      expect(evidence).toMatchObject([{ steward: place.did, number: 1 }]);
      expect(accepted).toBe(0);
    }
    proposeAt(correct[1]!);
    expect(await runUntil(cluster, acceptedBy(correct, 1))).toBeDefined();
    expect(oneChain(correct)).toBe(true);
    expect(voteTwice(cluster, correct)).toEqual([]);
  });
});

describe('whatever the schedule', () => {
  const seeds = Array.from({ length: Number(process.env['COUNCIL_SEEDS'] ?? 2) }, (_, index) => index); // prettier-ignore

  test.each(seeds)('no two correct nodes accept different checkpoints (seed %i)', async (seed) => {
    const [cluster, place, correct] = await began(`schedule ${seed}`);
    const random = cluster.random.fork('schedule');
    const addresses = correct.map(({ address }) => address);
    cluster.network.set({ dropRate: 0.2 });
    const cut = 1 + (seed % (addresses.length - 1));
    const heal = cluster.network.partition(addresses.slice(0, cut), addresses.slice(cut));
    const forge = forger(cluster, place);
    const liar = createLiar(cluster, place);
    const right = checkpointAt(correct[0]!);
    const faces = [right, { ...right, heads: right.heads.slice(1) }, { ...right, count: 1 }].map((each) => forge.propose(each)); // prettier-ignore
    // The liar tells each something else, and votes for everything it ever heard of.
    correct.forEach((each, index) => {
      const face = faces[(index + seed) % faces.length]!;
      const votes = faces.map(({ id }) => forge.vote(id, face));
      liar.tell(each, [announce(face, ...votes)]);
    });
    for (let step = 0; step < 6; step++) {
      const who = random.pick(correct);
      cluster.pay(who.index, correct[0]!.index === who.index ? 4 : correct[0]!.index, 1n);
      proposeAt(who);
      await run(cluster, random.next() * 4_000);
      if (random.next() < 0.5) {
        // Perhaps just between signing and sending: what was not durable is lost with the power.
        cluster.crash(who.index, random.next());
        await run(cluster, 500);
        await cluster.start(who.index);
      }
      expect(oneChain(correct)).toBe(true);
    }
    heal();
    cluster.network.set({ dropRate: 0 });
    // Nothing of what it said may have come through: it repeats its first words, whole.
    for (const each of correct) liar.tell(each, [announce(...faces)]);
    for (let step = 0; step < 4; step++) {
      for (const each of correct) proposeAt(each);
      await run(cluster, 20_000);
      expect(oneChain(correct)).toBe(true);
    }
    expect(voteTwice(cluster, correct)).toEqual([]);
    const views = correct.map((each) => nodeOf(each).council.view());
    const [first] = views;
    for (const view of views) {
      expect(view.evidence.map(({ steward }) => steward)).toContain(place.did);
      expect(view.broken).toBeUndefined();
      expect(view.accepted).toBe(first!.accepted);
    }
    // Either the number is decided, or it is said that it never will be.
    expect(first!.accepted > 0 || first!.undecidable).toBe(true);
    for (const each of correct) expect(problemsOf(each)).toEqual([]);
  });
});
