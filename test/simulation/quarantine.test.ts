/**
 * The operator's inbox in whole nodes, among liars, crashes and floods: F10, F11 and F21 of the fault list,
 * and what an operator may do about it without moving anybody's balance.
 */
import { describe, expect, it } from 'vitest';
import type { Json } from '#contracts/identifiers.ts';
import type { GossipMessage } from '#contracts/messages.ts';
import type { NodeEvent } from '#contracts/node.ts';
import {
  QUARANTINE_ITEMS_MAX,
  QUARANTINE_SHARES,
  QUARANTINE_TTL_MS,
  type QuarantineRecord,
} from '#contracts/quarantine.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { referenceLayers } from '#reference/layers.ts';
import { checkProof } from '#reference/quarantine/proof.ts';
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
  turns,
} from '#test/support/clusters.ts';
import { everyDay } from '#test/support/depth.ts';
import { createLiar } from '#test/support/liar.ts';

type Claim = { readonly [name: string]: Json };

const asJson = (record: SignedRecord): Claim => record as unknown as Claim;

const announce = (...records: readonly Json[]): GossipMessage => ({
  type: 'announce',
  topic: TOPIC,
  records,
  ids: [],
});

/** Some honest nodes, and one more whose key fell into other hands. */
const begin = async (seed: string, honest: number) => {
  const cluster = await startCluster(seed, honest + 1);
  await run(cluster, 2_000);
  const liarPlace = cluster.places[honest]!;
  cluster.pay(honest, 0, 100n);
  await run(cluster, 1_000);
  cluster.crash(honest);
  const first = recordsOf(cluster.places[0]!)[0]!;
  const liar = createLiar(cluster, liarPlace);
  const ann = cluster.places[0]!;
  const tooMuch = (after: SignedRecord, memo = ''): SignedRecord =>
    liar.sign({ after, to: ann, amount: 1_000_000, memo });
  return { cluster, liarPlace, liar, first, ann, tooMuch, honest: cluster.places.slice(0, honest) };
};

const inboxOf = (place: Place): string[] =>
  nodeOf(place)
    .quarantine.list()
    .map(({ key, id, reason }) => `${key} ${id} ${reason}`)
    .sort();

/** A promise kept while virtual time goes on. */
const settle = async <Value>(cluster: Cluster, promise: Promise<Value>): Promise<Value> => {
  await run(cluster, 200);
  return promise;
};

describe('an equivocator (F10)', () => {
  it('is in the inbox of every node with one pair, by whatever order, and after a restart', async () => {
    const { cluster, liar, first, honest, liarPlace } = await begin('inbox fork', 4);
    const decisions: NodeEvent[] = [];
    for (const place of honest) nodeOf(place).watch((event) => decisions.push(event));
    const children = [10, 20].map((amount) => liar.sign({ after: first, to: honest[0]!, amount }));
    const [one, other] = children as [SignedRecord, SignedRecord];
    liar.tell(honest[0]!, [announce(asJson(one)), announce(asJson(other))]);
    liar.tell(honest[2]!, [announce(asJson(other), asJson(one))]);
    await run(cluster, 30_000);
    const [winner, loser] = children.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const pairs = decisions.flatMap((event) =>
      event.event === 'merged' ? event.decision.conflicts : [],
    );
    expect(pairs).toHaveLength(honest.length);
    for (const pair of pairs) {
      expect(pair).toMatchObject({ winner: winner!.id, loser: loser!.id, author: liarPlace.did });
    }
    expect(new Set(honest.map((place) => inboxOf(place).join())).size).toBe(1);
    expect(inboxOf(honest[0]!)).toHaveLength(1);
    expect(nodeOf(honest[1]).quarantine.list()[0]).toMatchObject({
      id: loser!.id,
      reason: 'ForkConflict',
      proven: true,
      author: liarPlace.did,
    });

    // The proof convicts without any of these nodes.
    const [view] = nodeOf(honest[3]).conflicts(TOPIC);
    const records = referenceLayers.records({
      content: referenceLayers.content(),
      network: cluster.cooperative.id,
    });
    const [a, b] = view!.records.map(asJson) as [Claim, Claim];
    expect(checkProof(records, a, b)).toMatchObject({ ok: true, value: view!.conflict });

    const before = honest.map(inboxOf);
    const reports = honest.map((place) => JSON.stringify(nodeOf(place).mergeReport()));
    for (const { index } of honest) {
      cluster.crash(index);
      await cluster.start(index);
    }
    expect(honest.map(inboxOf)).toEqual(before);
    const again = honest.map((place) => JSON.stringify(nodeOf(place).mergeReport()));
    expect(again.map((text) => JSON.parse(text) as unknown)).toEqual(
      reports.map((text) => JSON.parse(text) as unknown),
    );
    for (const place of honest) expect(problemsOf(place)).toEqual([]);
  });
});

describe('a claim that says it is another record (F11)', () => {
  for (const when of ['before', 'after', 'between'] as const) {
    it(`lies beside the true one that comes ${when === 'before' ? 'after' : 'before'} it (${when})`, async () => {
      const { cluster, liar, liarPlace, first, ann } = await begin(`forged ${when}`, 2);
      const genuine = liar.sign({ after: first, to: ann, amount: 7 });
      const other = liar.sign({ after: genuine, to: ann, amount: 8 });
      const swapped = { ...asJson(other), id: genuine.id };
      const resigned = { ...asJson(genuine), signature: other.signature };
      const genuines = [asJson(genuine), asJson(other)];
      const order = {
        before: [swapped, resigned, ...genuines],
        after: [...genuines, swapped, resigned],
        between: [genuines[0]!, swapped, resigned, genuines[1]!],
      }[when];
      liar.tell(ann, [announce(...order)]);
      await run(cluster, 3_000);
      expect(recordsOf(ann).filter(({ author }) => author === liarPlace.did)).toEqual(
        expect.arrayContaining([first, genuine, other]),
      );
      const items = nodeOf(ann).quarantine.list();
      if (when === 'before') {
        expect(items).toHaveLength(2);
        for (const item of items) {
          expect(item).toMatchObject({
            id: genuine.id,
            reason: 'InvalidSignature',
            proven: false,
            peer: liarPlace.did,
          });
        }
        // What was forged stays so, however often it is asked.
        const released = await settle(cluster, nodeOf(ann).quarantine.release(items[0]!.key));
        expect(released).toMatchObject({ ok: false, status: 'still_refused' });
        expect(nodeOf(ann).quarantine.list()).toEqual(items);
      } else {
        // An id that is here is not looked at again: nothing to forge.
        expect(items).toEqual([]);
      }
      expect(problemsOf(ann)).toEqual([]);
    });
  }
});

describe('ten thousand forgeries from one peer (F21)', () => {
  it('fill a quarter, push out no evidence, and hold up nobody', async () => {
    const { cluster, liar, first, ann, honest, tooMuch } = await begin('inbox flood', 3);
    const evidence = tooMuch(first);
    liar.tell(honest[1]!, [announce(asJson(evidence))]);
    await run(cluster, 2_000);
    const model = asJson(evidence);
    for (let lot = 0; lot < 40; lot++) {
      const forgeries = Array.from({ length: 250 }, (_, index) => ({
        ...model,
        id: (lot * 250 + index).toString(16).padStart(64, '0'),
      }));
      liar.tell(ann, [announce(...forgeries)]);
      cluster.pay(1, 2, 1n);
      await run(cluster, 200);
    }
    expect(await runUntil(cluster, () => recordsOf(ann).length === 42)).toBeLessThanOrEqual(24_000);
    const items = nodeOf(ann).quarantine.list();
    // The first lot was enough: from then on nobody here listens to whoever brought it.
    expect(nodeOf(ann).counters().get('record_id_mismatch')).toBe(250);
    expect(nodeOf(ann).counters().get('peer_ignored')).toBeGreaterThanOrEqual(39);
    expect(items).toHaveLength(QUARANTINE_ITEMS_MAX / QUARANTINE_SHARES + 1);
    expect(items.map(({ id }) => id)).toContain(evidence.id);
    expect(balancesOf(cluster, ann)[1]).toBe(-40n);
    for (const place of honest) expect(problemsOf(place)).toEqual([]);
    expect(inboxOf(honest[2]!)).toHaveLength(1);
  }, 60_000);
});

describe('an operator', () => {
  it('may drop and purge what it likes, and nothing moves', async () => {
    const { cluster, liar, first, ann, tooMuch, honest } = await begin('operator', 2);
    const refused = tooMuch(first);
    const next = liar.sign({ after: refused, to: ann, amount: 5 });
    liar.tell(ann, [announce(asJson(refused), asJson(next))]);
    await run(cluster, 2_000);
    const before = [exportOf(ann), ...balancesOf(cluster, ann)];
    const [item] = nodeOf(ann).quarantine.list();
    expect(item).toMatchObject({ id: refused.id, reason: 'ExceedsCreditLimit' });
    expect(await settle(cluster, nodeOf(ann).quarantine.release(item!.key))).toMatchObject({
      status: 'still_refused',
      reason: expect.stringMatching(/^ExceedsCreditLimit: balance would be -1000\d00, limit 10000/),
    });
    const drops = [1, 2].map(() => nodeOf(ann).quarantine.drop(item!.key));
    expect(await settle(cluster, Promise.all(drops))).toEqual([true, false]);
    expect(await settle(cluster, nodeOf(ann).quarantine.purge())).toBe(0);
    expect(nodeOf(ann).quarantine.list()).toEqual([]);
    cluster.crash(0);
    await cluster.start(0);
    expect(nodeOf(ann).quarantine.list()).toEqual([]);
    expect([exportOf(ann), ...balancesOf(cluster, ann)]).toEqual(before);
    expect(inboxOf(honest[1]!)).toHaveLength(1);
    // Nobody runs for a week: what was kept has expired when it is looked at again.
    for (const index of [0, 1]) cluster.crash(index);
    cluster.runFor(QUARANTINE_TTL_MS);
    await cluster.start(1);
    expect(nodeOf(honest[1]).quarantine.list()).toEqual([]);
    expect(await settle(cluster, nodeOf(honest[1]).quarantine.purge())).toBe(1);
    expect(await settle(cluster, nodeOf(honest[1]).quarantine.purge())).toBe(0);
    await cluster.start(0);
    expect(exportOf(honest[1]!)).toBe(exportOf(ann));
  }, 60_000);

  /** Puts an item on the disk of the first node, as an earlier version or another rule may have left it. */
  const plant = async (cluster: Cluster, place: Place, record: SignedRecord): Promise<string> => {
    cluster.crash(0);
    const store = place.disk.open();
    const item: QuarantineRecord = {
      key: record.id,
      id: record.id,
      topic: TOPIC,
      author: record.author,
      proven: true,
      peer: null,
      reason: 'ForkConflict',
      status: 'fork',
      detail: 'left by an earlier version',
      observedAt: cluster.scheduler.now(),
      claim: asJson(record),
      expiresAt: cluster.scheduler.now() + QUARANTINE_TTL_MS,
    };
    const value = JSON.stringify(item);
    store.commit([{ key: 'quarantine/000000000005', value }], () => undefined);
    await run(cluster, 100);
    await store.close();
    await cluster.start(0);
    return item.key;
  };

  it('releases what counts by now, and of two at once exactly one does', async () => {
    const { cluster, first, ann } = await begin('twice', 2);
    const key = await plant(cluster, ann, first);
    const both = [1, 2].map(() => nodeOf(ann).quarantine.release(key));
    const answers = await settle(cluster, Promise.all(both));
    expect(answers.map((answer) => (answer.ok ? answer.value : answer.status))).toEqual([
      first.id,
      'quarantine_busy',
    ]);
    expect(nodeOf(ann).quarantine.list()).toEqual([]);
    expect(await nodeOf(ann).quarantine.release(key)).toMatchObject({
      ok: false,
      status: 'quarantine_unknown',
    });
    cluster.crash(0);
    await cluster.start(0);
    expect(nodeOf(ann).quarantine.list()).toEqual([]);
  });

  it('releases a genuine record that never came in through the door, to everybody', async () => {
    const { cluster, first, liar, ann, honest } = await begin('through the door', 3);
    const missed = liar.sign({ after: first, to: ann, amount: 11 });
    const key = await plant(cluster, ann, missed);
    await run(cluster, 2_000);
    expect(nodeOf(ann).verdict(missed.id)).toBeUndefined();
    expect(await settle(cluster, nodeOf(ann).quarantine.release(key))).toEqual({
      ok: true,
      value: missed.id,
    });
    expect(nodeOf(ann).quarantine.list()).toEqual([]);
    await run(cluster, 30_000);
    for (const place of honest) {
      expect(recordsOf(place)).toContainEqual(missed);
      expect(problemsOf(place)).toEqual([]);
    }
  });

  it('finds a genuine record that waits for ancestors where it was', async () => {
    const { cluster, first, liar, ann } = await begin('waits', 2);
    const hidden = liar.sign({ after: first, to: ann, amount: 11 });
    const waiter = liar.sign({ after: hidden, to: ann, amount: 12 });
    const key = await plant(cluster, ann, waiter);
    for (let times = 0; times < 2; times++) {
      expect(await settle(cluster, nodeOf(ann).quarantine.release(key))).toMatchObject({
        ok: false,
        status: 'still_refused',
      });
    }
    expect(nodeOf(ann).quarantine.list()).toHaveLength(1);
  });
});

describe('a crash at any operation of the disk', () => {
  it('leaves each void record with its item and each item with its record', async () => {
    const seed = 'inbox crash';
    const play = async (crashAfter: number | undefined) => {
      const { cluster, liar, first, ann, tooMuch } = await begin(seed, 2);
      const start = ann.disk.operations;
      let crashed = false;
      if (crashAfter !== undefined) {
        ann.disk.atOperation(start + crashAfter, () => {
          crashed = true;
          cluster.crash(0);
        });
      }
      let after = first;
      for (let count = 0; count < 4; count++) {
        after = tooMuch(after, `${count}`);
        const forged = { ...asJson(after), signature: first.signature };
        liar.tell(ann, [announce(forged, asJson(after))]);
        await run(cluster, 60, 5);
      }
      const operations = ann.disk.operations - start;
      if (crashed) await cluster.start(0);
      await turns();
      const voids = recordsOf(ann).filter(
        ({ id }) => nodeOf(ann).verdict(id)?.status === 'over_limit',
      );
      const items = nodeOf(ann).quarantine.list();
      const proven = items.filter((item) => item.proven);
      expect(proven.map(({ id }) => id).sort()).toEqual(voids.map(({ id }) => id).sort());
      expect(items.length - proven.length).toBeLessThanOrEqual(4);
      const report = nodeOf(ann).mergeReport();
      for (const { id } of proven.slice(0, 1)) {
        expect(report?.quarantined.map((each) => each.id)).toContain(id);
      }
      return { operations, voids: voids.length, items: items.length };
    };
    const whole = await play(undefined);
    expect(whole).toMatchObject({ voids: 4, items: 8 });
    const counts = new Set<number>();
    for (let after = 1; after <= whole.operations; after += everyDay(2, 1)) {
      counts.add((await play(after)).voids);
    }
    expect(counts.size).toBeGreaterThan(2);
  }, 60_000);
});

describe('a dispute', () => {
  it('is open on every node until the other party gave everything back, and survives a restart', async () => {
    const cluster = await startCluster('dispute', 3);
    const [ann, ben, cem] = cluster.places as [Place, Place, Place];
    await run(cluster, 2_000);
    cluster.pay(1, 0, 500n);
    await run(cluster, 1_000);
    const [entry] = recordsOf(ben) as [SignedRecord];
    // A stranger may not, and nothing is signed for it.
    expect(await nodeOf(cem).dispute(TOPIC, entry.id, 'I heard of it')).toMatchObject({
      ok: false,
      status: 'unauthorised',
      reason: expect.stringMatching(/is no party of entry/),
    });
    const filed = await settle(
      cluster,
      nodeOf(ben).dispute(TOPIC, entry.id, 'the roof still leaks'),
    );
    expect(filed.ok).toBe(true);
    await run(cluster, 2_000);
    const states = () =>
      cluster.places.map((place) =>
        nodeOf(place)
          .disputes(TOPIC)
          .map(({ dispute: { state, due, returned } }) => `${state} ${due} ${returned}`)
          .join(),
      );
    expect(states()).toEqual(Array(3).fill('open 500 0'));
    const refund = (amount: bigint) =>
      settle(
        cluster,
        nodeOf(ann).pay({ currency: 'hours', to: ben.did, amount, refunds: entry.id }),
      );
    await refund(200n);
    await run(cluster, 2_000);
    expect(states()).toEqual(Array(3).fill('open 500 200'));
    await refund(300n);
    await run(cluster, 2_000);
    expect(states()).toEqual(Array(3).fill('settled 500 500'));
    expect(balancesOf(cluster, cem)).toEqual([0n, 0n, 0n]);
    expect(recordsOf(cem)).toHaveLength(4);
    cluster.crash(2);
    await cluster.start(2);
    expect(states()).toEqual(Array(3).fill('settled 500 500'));
    for (const place of cluster.places) expect(problemsOf(place)).toEqual([]);
  });

  it('by a stranger with a pen of its own is kept, void, and settles nothing', async () => {
    const { cluster, liar, liarPlace, first, honest, ann } = await begin('stranger', 3);
    cluster.pay(1, 2, 50n);
    await run(cluster, 1_000);
    const theirs = recordsOf(ann).find(({ author }) => author === honest[1]!.did)!;
    const records = referenceLayers.records({
      content: referenceLayers.content(),
      network: cluster.cooperative.id,
    });
    const strange = records.sign(
      {
        kind: 'icn/dispute/1',
        network: cluster.cooperative.id,
        topic: TOPIC,
        author: liarPlace.did,
        sequence: 2,
        previous: first.id,
        parents: [theirs.id],
        timestamp: first.timestamp + 1,
        body: { entry: theirs.id, reason: 'none of my business' },
      },
      liarPlace.signer,
    );
    liar.tell(ann, [announce(asJson(strange))]);
    await run(cluster, 3_000);
    for (const place of honest) {
      expect(nodeOf(place).verdict(strange.id)?.status).toBe('unauthorised');
      expect(nodeOf(place).disputes(TOPIC)).toEqual([]);
      expect(nodeOf(place).quarantine.list()).toMatchObject([
        { id: strange.id, reason: 'Unauthorised' },
      ]);
      expect(problemsOf(place)).toEqual([]);
    }
  });
});
