/**
 * The plain gossip is a gossip: whole clusters run on it, alone and mixed with the reference, through
 * everything the simulator can do to them. Where the contract leaves no freedom (what is held, and
 * which children of a fork stay) the two are asked the same and must answer alike.
 */
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { VectorClock } from '#contracts/clock.ts';
import type { Effect } from '#contracts/effects.ts';
import type { Genesis } from '#contracts/genesis.ts';
import type { CreateGossip } from '#contracts/gossip.ts';
import type { Did, RecordId } from '#contracts/identifiers.ts';
import type { Knowledge } from '#contracts/knowledge.ts';
import type { NodeLayers } from '#contracts/layers.ts';
import type { GossipMessage, PullRequest } from '#contracts/messages.ts';
import { accepted } from '#contracts/outcome.ts';
import type { Records, SignedRecord } from '#contracts/records.ts';
import { readSettings } from '#reference/config.ts';
import { create as createReference } from '#reference/gossip/gossip.ts';
import { createTopicLog } from '#reference/gossip/topic-log.ts';
import { vectorClocks } from '#reference/gossip/vector-clock.ts';
import { referenceLayers } from '#reference/layers.ts';
import { create as createReconciliation } from '#reference/reconciliation/plain.ts';
import { TOPIC, type Place } from '#reference/sim/cluster.ts';
import { createRandom } from '#reference/sim/random.ts';
import { simulate, type SimulationOptions } from '#reference/sim/simulation.ts';
import { create as createTrust } from '#reference/trust/trust.ts';
import { create as createPlain } from '#solutions/lab-07-gossip-sync/gossip.ts';
import { createLog } from '#solutions/lab-07-gossip-sync/log.ts';
import { compare, merge, ofRecord } from '#solutions/lab-07-gossip-sync/vector-clock.ts';
import {
  exportOf,
  nodeOf,
  problemsOf,
  recordsOf,
  run,
  runUntil,
  startCluster,
} from '#test/support/clusters.ts';
import { DIDS, HOURS, build, movesOf, sketch } from '#test/support/histories.ts';
import { createLiar } from '#test/support/liar.ts';
import { asJson, chain, content, nonceOf, records, signerOf } from '#test/support/village.ts';

// Seconds in all; no test fails because a shared machine was slow.
vi.setConfig({ testTimeout: 60_000 });

const plainLayers: NodeLayers = { ...referenceLayers, gossip: createPlain };
const mixed = (index: number): NodeLayers => (index % 2 === 0 ? plainLayers : referenceLayers);

// --- Clusters -------------------------------------------------------------------------------------

/** Faults of every kind, drawn from the seed. */
const planOf = (seed: string, layersOf: SimulationOptions['layersOf']): SimulationOptions => {
  const random = createRandom(seed).fork('plan of a plain cluster');
  return {
    seed,
    nodes: 3 + random.integer(3),
    entries: 20 + random.integer(20),
    loss: 0.1 + random.next() * 0.4,
    duplicates: random.next() * 0.5,
    reorder: random.next() < 0.7,
    partitions: 1 + random.integer(3),
    crashes: 1 + random.integer(4),
    layersOf,
  };
};

/** What went wrong under these faults, a line each. */
const wrongIn = async (plan: SimulationOptions): Promise<readonly string[]> => {
  const { violations, acknowledged, healedMs = Infinity } = await simulate(plan);
  return [
    ...violations.map(({ law, node, detail }) => `${law} on ${node}: ${detail}`),
    ...(acknowledged === 0 ? ['nobody ever paid'] : []),
    ...(healedMs > 60_000 ? [`agreed after ${healedMs} ms`] : []),
  ];
};

describe('a cluster in which every node runs the plain gossip', () => {
  for (let index = 1; index <= 6; index++) {
    it(`holds every law through the faults of seed plain-${index}`, async () => {
      expect(await wrongIn(planOf(`plain-${index}`, () => plainLayers))).toEqual([]);
    });
  }

  it('runs twice alike from one seed', async () => {
    const plan = planOf('plain-twice', () => plainLayers);
    const [first, second] = [await simulate(plan), await simulate(plan)];
    expect(second).toEqual(first);
  });
});

describe('a cluster in which plain and reference gossip meet', () => {
  for (let index = 1; index <= 4; index++) {
    it(`holds every law through the faults of seed mixed-${index}`, async () => {
      expect(await wrongIn(planOf(`mixed-${index}`, mixed))).toEqual([]);
    });
  }
});

describe('a late joiner with the plain gossip', () => {
  for (const [what, others] of [
    ['plain ones', plainLayers],
    ['the reference', referenceLayers],
  ] as const) {
    it(`gets everything from ${what}`, async () => {
      const layersOf = (index: number) => (index === 2 ? plainLayers : others);
      const cluster = await startCluster(`late at ${what}`, 3, { layersOf });
      await run(cluster, 2_000);
      cluster.crash(2);
      // More than a frame of the plain gossip holds.
      for (let entry = 0; entry < 300; entry++) {
        cluster.pay(entry % 2, (entry + 1) % 2, 10n);
        await run(cluster, 20, 20);
      }
      await cluster.start(2);
      const [first, , late] = cluster.places as [Place, Place, Place];
      expect(await runUntil(cluster, () => exportOf(first) === exportOf(late))).toBeLessThan(5_000);
      expect(recordsOf(late)).toHaveLength(300);
    });
  }
});

// --- One node -------------------------------------------------------------------------------------

const genesis: Genesis = {
  kind: 'icn/genesis/1',
  name: 'plain',
  stewards: [],
  quorum: 1,
  currencies: [{ name: 'hours', decimals: 2 }],
  grants: [],
  trust: [],
  names: {},
};

/** One gossip core with a store, a peer that listens, and everything it does by kind of effect. */
const holderOf = (create: CreateGossip, given: Pick<Records, 'open'> = records) => {
  const [self, peer] = ['ann', 'ben'].map((name) => signerOf(name).did) as [Did, Did];
  const stored = new Map<RecordId, SignedRecord>();
  const gossip = create({
    self,
    topics: [HOURS],
    records: { ...records, ...given },
    trust: createTrust({ self, genesis }),
    reconciliation: createReconciliation({ content }),
    read: (id) => stored.get(id),
    random: createRandom('holder').next,
    settings: readSettings().gossip,
  });
  const carry = (effects: readonly Effect[]): readonly Effect[] => {
    for (const each of effects) {
      if (each.effect === 'store') {
        expect(stored.has(each.record.id)).toBe(false);
        stored.set(each.record.id, each.record);
      }
      if (each.effect === 'forget') expect(stored.delete(each.id)).toBe(true);
    }
    return effects;
  };
  const hears = (message: GossipMessage) => carry(gossip.receive(0, peer, message));
  gossip.connected(0, peer);
  hears({ type: 'subscribe', topics: [HOURS] });
  return {
    gossip,
    stored,
    hears,
    told: (...given: readonly SignedRecord[]) =>
      hears({ type: 'announce', topic: HOURS, records: given.map(asJson), ids: [] }),
    imports: (given: readonly SignedRecord[]) =>
      void carry(gossip.import(0, HOURS, given.map(asJson))),
    held: (): readonly RecordId[] => gossip.knowledge(HOURS)?.ordered() ?? [],
  };
};

/** What is sent to the one peer. */
const said = (effects: readonly Effect[]): readonly GossipMessage[] =>
  effects.flatMap((each) =>
    each.effect === 'send' || each.effect === 'broadcast' ? [each.message] : [],
  );

describe('the plain gossip', () => {
  const [first, second, third] = chain(signerOf('mallory'), 3) as [
    SignedRecord,
    SignedRecord,
    SignedRecord,
  ];

  it('keeps what comes above a hole waiting, asks for the hole, and delivers causes first', () => {
    const { gossip, told } = holderOf(createPlain);
    expect(said(told(third))).toEqual([{ type: 'request', topic: HOURS, ids: [second.id] }]);
    expect(gossip.waiting(HOURS)).toEqual({ records: 1, missing: [second.id] });
    expect(gossip.knowledge(HOURS)?.clock()).toEqual(new Map());
    expect(said(told(second))).toEqual([{ type: 'request', topic: HOURS, ids: [first.id] }]);
    const delivered = told(first).flatMap((each) =>
      each.effect === 'deliver' ? [each.record.id] : [],
    );
    expect(delivered).toEqual([first.id, second.id, third.id]);
    expect(gossip.waiting(HOURS)).toEqual({ records: 0, missing: [] });
  });

  it('takes a record once, whatever came under its name before', () => {
    const { stored, told } = holderOf(createPlain);
    told({ ...first, timestamp: 7 });
    told({ ...first, signature: second.signature });
    expect(stored.size).toBe(0);
    told(first);
    expect(stored.size).toBe(1);
    expect(told(first).map(({ effect }) => effect)).toEqual(['log']);
  });

  it('asks a lying digest one question, and no clock moves', () => {
    const { gossip, hears } = holderOf(createPlain);
    const digest: GossipMessage = {
      type: 'digest',
      topic: HOURS,
      clock: { [first.author]: Number.MAX_SAFE_INTEGER },
      count: 1,
      fingerprint: 'f'.repeat(64),
      nonce: nonceOf('lie'),
    };
    const [pull, ...more] = said(hears(digest)) as [PullRequest];
    expect([pull.type, more]).toEqual(['pull-request', []]);
    const answer = { records: [], done: true, truncated: false, nonce: pull.nonce };
    expect(said(hears({ type: 'pull-response', topic: HOURS, ...answer }))).toEqual([]);
    expect(gossip.knowledge(HOURS)?.clock()).toEqual(new Map());
  });

  it('asks on while the answers bring something', () => {
    const { hears } = holderOf(createPlain);
    const clock = { [first.author]: 3 };
    const claim = { topic: HOURS, clock, count: 3, fingerprint: 'f'.repeat(64) };
    let [asked] = said(hears({ type: 'digest', ...claim, nonce: nonceOf('claim') }));
    for (const [index, record] of [first, second, third].entries()) {
      const { nonce, ranges } = asked as PullRequest;
      expect(ranges).toEqual([{ author: first.author, from: index + 1, to: 3 }]);
      const answer = { records: [asJson(record)], done: true, truncated: index < 2, nonce };
      asked = said(hears({ type: 'pull-response', topic: HOURS, ...answer })).find(
        ({ type }) => type === 'pull-request',
      );
    }
    expect(asked).toBeUndefined();
  });

  it('says digests for ever, ever more rarely, and soon again when something changes', () => {
    const { gossip, told } = holderOf(createPlain);
    const delays = (effects: readonly Effect[]): readonly number[] =>
      effects.flatMap((each) =>
        each.effect === 'schedule' && each.timer.startsWith('digest')
          ? [Math.round(each.delayMs / 10_000)]
          : [],
      );
    const round = () => delays(gossip.elapsed(0, `digest ${HOURS}`));
    expect([round(), round(), round(), round()]).toEqual([[2], [4], [8], [8]]);
    expect([delays(told(first)), delays(told(second)), round()]).toEqual([[1], [], [2]]);
  });

  it('lets go of what rests on something that its bringer lacks, and takes it again', () => {
    const { gossip, told, hears, held } = holderOf(createPlain);
    told(second);
    hears({ type: 'response', topic: HOURS, records: [], missing: [first.id] });
    expect(gossip.waiting(HOURS)).toEqual({ records: 0, missing: [] });
    told(first, second);
    expect(held()).toEqual([first.id, second.id]);
  });

  it('says what it wants to hear until that is confirmed, and speaks of itself unasked', () => {
    const { gossip, hears } = holderOf(createPlain);
    const peer = signerOf('ben').did;
    const again = () => said(gossip.elapsed(0, `subscribe ${peer}`));
    const subscribe = [{ type: 'subscribe', topics: [HOURS] }];
    expect([again(), again()]).toEqual([subscribe, subscribe]);
    hears({ type: 'subscribe-ack', topics: [{ topic: HOURS, status: 'subscribed' }] });
    expect(again()).toEqual([]);
    expect(gossip.start(0)).toMatchObject([{ effect: 'schedule', timer: `digest ${HOURS}` }]);
    expect(gossip.connected(0, peer)).toMatchObject([
      { effect: 'send', message: { type: 'subscribe' } },
      { effect: 'schedule', timer: `subscribe ${peer}` },
    ]);
  });

  it('pushes own records again that nobody was told of, to the first who listens', () => {
    const own = chain(signerOf('ann'), 1);
    const { gossip } = holderOf(createPlain);
    gossip.disconnected(0, signerOf('ben').did);
    expect(gossip.publish(0, own[0]!)).toContainEqual({
      effect: 'store',
      record: own[0],
      own: true,
    });
    gossip.connected(0, signerOf('ben').did);
    const effects = gossip.receive(0, signerOf('ben').did, { type: 'subscribe', topics: [HOURS] });
    expect(said(effects)).toContainEqual(
      expect.objectContaining({ type: 'announce', records: own }),
    );
    expect(effects).toContainEqual({ effect: 'pushed', ids: [own[0]!.id] });
  });

  it('tells somebody who lacks something what it holds', () => {
    const { told, hears } = holderOf(createPlain);
    told(first);
    const claim = { topic: HOURS, clock: {}, count: 0, fingerprint: 'f'.repeat(64) };
    const answers = said(hears({ type: 'digest', ...claim, nonce: nonceOf('empty') }));
    expect(answers).toEqual([expect.objectContaining({ type: 'digest', count: 1 })]);
  });
});

// --- What is held ---------------------------------------------------------------------------------

const entriesOf = (clock: VectorClock | undefined) =>
  [...(clock ?? [])].sort(([left], [right]) => (left < right ? -1 : 1));

/** Everything that can be asked of what is held, in a form that compares and prints. */
const observe = (knowledge: Knowledge) => ({
  count: knowledge.count,
  clock: entriesOf(knowledge.clock()),
  tips: knowledge.tips(),
  heads: knowledge.heads(),
  forked: knowledge.forked(),
  ordered: knowledge.ordered(),
  depths: knowledge.ordered().map((id) => knowledge.depth(id)),
  clocks: knowledge.ordered().map((id) => entriesOf(knowledge.clockOf(id))),
  // In the order of a chain; how a run tells the branches of a fork is left open.
  runs: DIDS.flatMap((did) =>
    [1, 2, 5].map((from) => {
      const run = knowledge.run(did, from, from + 3);
      return knowledge.forked().includes(did) ? [...run].sort() : run;
    }),
  ),
});

describe('what is held, as a list and as the indexes of the reference', () => {
  it('answers alike after every record of any history', () => {
    fc.assert(
      fc.property(movesOf(30), (moves) => {
        const [plain, reference] = [createLog(HOURS), createTopicLog(HOURS)];
        for (const record of build(moves).filter(({ topic }) => topic === HOURS)) {
          expect(plain.missing(record)).toEqual(reference.missing(record));
          const fits = reference.missing(record).length === 0 && reference.linked(record);
          expect(plain.add(record)).toBe(fits);
          if (fits) reference.add(record);
          expect(observe(plain)).toEqual(observe(reference));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('counts with the same vector clocks', () => {
    const clock: fc.Arbitrary<VectorClock> = fc
      .dictionary(fc.constantFrom(...DIDS), fc.nat(3))
      .map((counts) => new Map(Object.entries(counts) as [Did, number][]));
    fc.assert(
      fc.property(clock, clock, (left, right) => {
        expect(compare(left, right)).toBe(vectorClocks.compare(left, right));
        expect(entriesOf(merge(left, right))).toEqual(entriesOf(vectorClocks.merge(left, right)));
        expect(entriesOf(ofRecord(DIDS[0]!, 2, [left, right]))).toEqual(
          entriesOf(vectorClocks.ofRecord(DIDS[0]!, 2, [left, right])),
        );
      }),
    );
  });
});

// --- Forks ----------------------------------------------------------------------------------------

/** Two forgers and two honest authors: who writes, after which of its own, having seen which. */
const forkedHistories = fc
  .array(
    fc.record({
      author: fc.nat(3),
      after: fc.option(fc.nat(3), { nil: undefined }),
      sees: fc.option(fc.nat(9), { nil: undefined }),
    }),
    { minLength: 6, maxLength: 16, size: 'max' },
  )
  .map((moves) => {
    const written: SignedRecord[] = [];
    moves.forEach(({ author, after, sees }, index) => {
      const own = written.filter((record) => record.author === DIDS[author]);
      const others = written.filter((record) => record.author !== DIDS[author]);
      const honest = author >= 2 || after === undefined;
      const seen = sees === undefined ? undefined : others[sees % others.length];
      written.push(
        sketch({
          author: DIDS[author]!,
          after: honest ? own.at(-1) : own[after - 1],
          seeing: seen ? [seen] : [],
          timestamp: index,
        }),
      );
    });
    return written;
  });

/** Histories are not signed: their ids are believed. */
const believing: Pick<Records, 'open'> = { open: (claim) => accepted(claim as never) };

describe('the children of a fork', () => {
  it('that stay are those of the reference, whatever the order in which they come', () => {
    let forgotten = 0;
    fc.assert(
      fc.property(forkedHistories, fc.nat(1_000), (history, seed) => {
        const random = createRandom(`${seed}`);
        const [plain, reference] = [createPlain, createReference].map((create) => {
          const holder = holderOf(create, believing);
          for (const record of random.shuffle(history)) holder.told(record);
          // And again, until whatever had come in vain before those that rest on it is there.
          for (const _ of history) holder.imports(random.shuffle(history));
          expect([...holder.stored.keys()].sort()).toEqual([...holder.held()].sort());
          return holder;
        }) as [ReturnType<typeof holderOf>, ReturnType<typeof holderOf>];
        expect(plain.held()).toEqual(reference.held());
        expect(plain.gossip.waiting(HOURS).records).toBe(0);
        forgotten += history.length - plain.held().length;
      }),
      { numRuns: 150 },
    );
    expect(forgotten).toBeGreaterThan(0);
  });

  for (const [seed, layersOf] of [
    ['plain a', () => plainLayers],
    ['plain b', () => plainLayers],
    ['mixed a', mixed],
    ['mixed b', mixed],
  ] as const) {
    it(`end alike on nodes that heard different ones (seed ${seed})`, async () => {
      const cluster = await startCluster(`forks ${seed}`, 5, { layersOf });
      await run(cluster, 2_000);
      cluster.pay(4, 0, 100n);
      await run(cluster, 1_000);
      cluster.crash(4);
      const honest = cluster.places.slice(0, 4);
      const addresses = honest.map(({ address }) => address);
      const liar = createLiar(cluster, cluster.places[4]!);
      const [first] = recordsOf(honest[0]!) as [SignedRecord];
      const children = Array.from({ length: 8 }, (_, index) =>
        liar.sign({ after: first, to: honest[index % 4]!, amount: 10, memo: `${index}` }),
      ).sort((left, right) => (left.id < right.id ? -1 : 1));
      const tell = (place: Place, record: SignedRecord): void =>
        liar.tell(place, [{ type: 'announce', topic: TOPIC, records: [asJson(record)], ids: [] }]);

      const heal = cluster.network.partition(addresses.slice(0, 2), addresses.slice(2));
      const last = children.at(-1)!;
      tell(honest[0]!, last);
      await run(cluster, 1_000);
      // An honest payment that has seen the largest of them: it must stay for good.
      cluster.pay(1, 0, 100n);
      await run(cluster, 1_000);
      const shuffled = cluster.random.fork(seed).shuffle(children.slice(0, -1));
      for (const [index, child] of shuffled.entries()) {
        tell(honest[index % 4]!, child);
        // A second link of one peer closes its first, and what that still carried is lost.
        await run(cluster, 200);
      }
      heal();
      const agree = (): boolean =>
        new Set(honest.map((place) => JSON.stringify(nodeOf(place).topics()))).size === 1;
      expect(await runUntil(cluster, agree)).toBeLessThanOrEqual(60_000);
      const kept = [children[0]!, children[1]!, last].map(({ id }) => id);
      for (const place of honest) {
        const held = recordsOf(place).filter(({ previous }) => previous === first.id);
        expect(held.map(({ id }) => id).sort()).toEqual(kept);
        expect(nodeOf(place).topics()[0]).toMatchObject({ waiting: 0 });
        expect(problemsOf(place)).toEqual([]);
      }
    });
  }
});
