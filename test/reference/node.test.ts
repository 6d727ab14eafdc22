import { describe, expect, it } from 'vitest';
import type { Write } from '#contracts/host.ts';
import type { RecordId } from '#contracts/identifiers.ts';
import type { NodeEvent } from '#contracts/node.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { CURRENCY, TOPIC, type Cluster, type Place } from '#reference/sim/cluster.ts';
import { createRandom } from '#reference/sim/random.ts';
import {
  allAgree,
  balancesOf,
  claimsOf,
  createNumbering,
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

const [ALICE, BOB, CHARLIE] = [0, 1, 2] as const;

/** The seed's scenario: who received a service acknowledges it, so Bob pays Alice. */
const scenario = async (cluster: Cluster): Promise<void> => {
  for (const [from, to, amount] of [
    [BOB, ALICE, 1_000n],
    [CHARLIE, BOB, 500n],
    [ALICE, CHARLIE, 300n],
  ] as const) {
    cluster.pay(from, to, amount);
    await run(cluster, 500);
  }
};

describe('three nodes', () => {
  it('reproduce the scenario of the seed everywhere: +7, -5, -2, and the sum is zero', async () => {
    const cluster = await startCluster('scenario', 3);
    await run(cluster, 2_000);
    await scenario(cluster);
    for (const place of cluster.places) {
      expect(balancesOf(cluster, place)).toEqual([700n, -500n, -200n]);
      expect(recordsOf(place)).toHaveLength(3);
      expect(problemsOf(place)).toEqual([]);
    }
    expect(cluster.acknowledged.size).toBe(3);
  });

  it('trade on both sides of a partition and agree within two digest rounds after it', async () => {
    for (const seconds of [2, 30, 300]) {
      const cluster = await startCluster(`partition ${seconds}`, 3);
      await run(cluster, 2_000);
      const addresses = cluster.places.map(({ address }) => address);
      const heal = cluster.network.partition([addresses[ALICE]!], addresses.slice(1));
      cluster.pay(BOB, ALICE, 1_000n);
      cluster.pay(ALICE, CHARLIE, 300n);
      await run(cluster, seconds * 1_000);
      cluster.pay(CHARLIE, BOB, 500n);
      await run(cluster, 200);
      expect(allAgree(cluster)).toBe(false);
      heal();
      expect(await runUntil(cluster, () => allAgree(cluster))).toBeLessThanOrEqual(2 * 12_000);
      for (const place of cluster.places) {
        expect(balancesOf(cluster, place)).toEqual([700n, -500n, -200n]);
      }
    }
  });

  it('export the same bytes, whoever exports', async () => {
    const cluster = await startCluster('export', 3);
    await run(cluster, 2_000);
    for (let round = 0; round < 30; round++) {
      cluster.pay(round % 3, (round + 1) % 3, 10n);
      await run(cluster, 50);
    }
    await run(cluster, 2_000);
    expect(recordsOf(cluster.places[ALICE]!)).toHaveLength(30);
    expect(new Set(cluster.places.map(exportOf)).size).toBe(1);
  });

  it('hear again of a node that crashed and came back before anybody noticed', async () => {
    const cluster = await startCluster('quick', 3);
    await run(cluster, 2_000);
    cluster.crash(BOB);
    await cluster.start(BOB);
    await run(cluster, 15_000);
    const before = cluster.scheduler.now();
    cluster.pay(ALICE, BOB, 100n);
    cluster.pay(BOB, CHARLIE, 100n);
    expect(
      await runUntil(
        cluster,
        () => allAgree(cluster) && recordsOf(cluster.places[ALICE]!).length === 2,
      ),
    )
      // A push, not a digest.
      .toBeLessThanOrEqual(300);
    expect(cluster.scheduler.now()).toBeGreaterThan(before);
  });

  it('do the same from the same seed, and something else from another', async () => {
    const trace = async (seed: string): Promise<string> => {
      const cluster = await startCluster(seed, 3, { conditions: { dropRate: 0.2, reorder: true } });
      await run(cluster, 2_000);
      await scenario(cluster);
      await run(cluster, 30_000);
      return cluster.traceHash();
    };
    const [first, second, other] = [await trace('one'), await trace('one'), await trace('two')];
    expect(second).toBe(first);
    expect(other).not.toBe(first);
  });
});

describe('an import', () => {
  it('of an export gives the same bytes in any order, and again nothing', async () => {
    const cluster = await startCluster('import', 3);
    await run(cluster, 2_000);
    for (let round = 0; round < 40; round++) {
      cluster.pay(round % 3, (round + 1) % 3, 10n);
      await run(cluster, 50);
    }
    await run(cluster, 2_000);
    const wanted = exportOf(cluster.places[ALICE]!);
    const claims = claimsOf(cluster.places[ALICE]!);
    const orders = [claims, claims.toReversed(), createRandom('order').shuffle(claims)];
    for (const order of orders) {
      // The same cooperative with empty disks.
      const empty = await startCluster('import', 3);
      const taking = nodeOf(empty.places[BOB]).imported(TOPIC, order);
      await run(empty, 3_000);
      expect(await taking).toEqual({ taken: claims.length, refused: 0 });
      expect(empty.places.map(exportOf)).toEqual([wanted, wanted, wanted]);
      expect(balancesOf(empty, empty.places[CHARLIE]!)).toEqual(
        balancesOf(cluster, cluster.places[ALICE]!),
      );
      const again = nodeOf(empty.places[BOB]).imported(TOPIC, order);
      await run(empty, 1_000);
      expect(await again).toEqual({ taken: 0, refused: 0 });
    }
  });
});

describe('a crash', () => {
  const PAYMENTS = [
    [BOB, ALICE, 1_000n],
    [ALICE, BOB, 50n],
    [CHARLIE, BOB, 500n],
    [ALICE, CHARLIE, 300n],
    [ALICE, BOB, 20n],
    [BOB, CHARLIE, 30n],
    [ALICE, CHARLIE, 40n],
  ] as const;

  /** A short life of three nodes, in which Alice loses power at this operation of her disk. */
  const live = async (operation: number | undefined) => {
    const cluster = await startCluster('crash', 3);
    const [alice] = cluster.places as [Place];
    const numbering = createNumbering();
    for (const { node } of cluster.places) numbering.watch(node);
    let crashed = false;
    if (operation !== undefined) {
      alice.disk.atOperation(operation, () => {
        crashed = true;
        cluster.crash(ALICE);
      });
    }
    const restart = async (): Promise<void> => {
      if (alice.node) return;
      await cluster.start(ALICE);
      numbering.watch(alice.node);
      for (const record of recordsOf(alice)) numbering.note(record);
    };
    await run(cluster, 1_500);
    for (const [from, to, amount] of PAYMENTS) {
      cluster.pay(from, to, amount);
      // Short enough that several commits are under way at once.
      await run(cluster, 4, 4);
    }
    await run(cluster, 500);
    await restart();
    cluster.pay(ALICE, BOB, 7n);
    cluster.pay(ALICE, CHARLIE, 8n);
    await run(cluster, 300);
    await restart();
    await runUntil(cluster, () => allAgree(cluster));
    return { cluster, alice, numbering, crashed };
  };

  it('at any operation of the disk loses nothing acknowledged and signs no number twice', async () => {
    const calm = await live(undefined);
    const operations = calm.alice.disk.operations;
    expect(operations).toBeGreaterThan(15);
    for (let operation = 1; operation <= operations; operation++) {
      const { cluster, alice, numbering, crashed } = await live(operation);
      const seen = cluster.places.map((place) => {
        const held = new Set(recordsOf(place).map(({ id }) => id));
        const lost = [...cluster.acknowledged].filter((id) => !held.has(id));
        return { lost, problems: problemsOf(place) };
      });
      const nothing = { lost: [], problems: [] };
      expect({
        operation,
        crashed,
        seen,
        doubled: numbering.doubled(),
        exports: new Set(cluster.places.map(exportOf)).size,
        forked: nodeOf(alice).topics()[0]?.forked,
      }).toEqual({
        operation,
        crashed: true,
        seen: [nothing, nothing, nothing],
        doubled: [],
        exports: 1,
        forked: [],
      });
    }
  });
});

describe('a failing disk', () => {
  it('takes the word from the node: nothing is sent, the payer is told, and others go on', async () => {
    const cluster = await startCluster('failing', 3);
    await run(cluster, 2_000);
    cluster.pay(ALICE, BOB, 100n);
    await run(cluster, 1_000);
    const [alice] = cluster.places as [Place];
    const events: NodeEvent[] = [];
    nodeOf(alice).watch((event) => events.push(event));
    alice.disk.failNext(new Error('no space left'));
    const sent = cluster.network.traffic(alice.address).sent.frames;
    const outcomes = [1, 2, 3].map(() =>
      nodeOf(alice)
        .pay({ currency: CURRENCY, to: cluster.places[BOB]!.did, amount: 5n })
        .then(
          () => 'paid',
          (error: unknown) => (error as { readonly code: string }).code,
        ),
    );
    await run(cluster, 5_000);
    expect(await Promise.all(outcomes)).toEqual(['store_failed', 'store_failed', 'store_failed']);
    expect(cluster.network.traffic(alice.address).sent.frames).toBe(sent);
    expect(events.filter(({ event }) => event === 'failed')).toHaveLength(1);
    expect(events.filter(({ event }) => event === 'delivered')).toEqual([]);
    // Whoever asks later is answered too.
    const later = nodeOf(alice).pay({
      currency: CURRENCY,
      to: cluster.places[BOB]!.did,
      amount: 5n,
    });
    await expect(later).rejects.toMatchObject({ code: 'node_not_running' });
    cluster.pay(BOB, CHARLIE, 10n);
    await run(cluster, 1_000);
    for (const place of cluster.places.slice(1)) expect(recordsOf(place)).toHaveLength(2);
    // From what the disk had promised, everything is well.
    cluster.crash(ALICE);
    await cluster.start(ALICE);
    expect(await runUntil(cluster, () => allAgree(cluster))).toBeDefined();
    expect(nodeOf(alice).topics()[0]?.forked).toEqual([]);
  });

  it('leaves no timer of the node behind, and neither does a stop', async () => {
    for (const how of ['fail', 'stop']) {
      const cluster = await startCluster('timers', 2);
      await run(cluster, 2_000);
      if (how === 'fail') cluster.places[ALICE]!.disk.failNext(new Error('gone'));
      for (const place of cluster.places) {
        const node = nodeOf(place);
        if (how === 'fail') {
          place.disk.failNext(new Error('gone'));
          void node
            .pay({ currency: CURRENCY, to: cluster.places[1 - place.index]!.did, amount: 1n })
            .catch(() => {});
        } else void node.stop();
      }
      await run(cluster, 4_000);
      expect({ how, pending: cluster.scheduler.pending }).toEqual({ how, pending: 0 });
    }
  });
});

describe('a damaged store', () => {
  /** Lets Alice live a little, and gives what her disk holds. */
  const lived = async () => {
    const cluster = await startCluster('damage', 2);
    await run(cluster, 2_000);
    for (let round = 0; round < 6; round++) {
      cluster.pay(round % 2, (round + 1) % 2, 100n + BigInt(round));
      await run(cluster, 100);
    }
    await run(cluster, 1_000);
    cluster.crash(ALICE);
    const { disk } = cluster.places[ALICE]!;
    const store = disk.open();
    const entries: [string, string][] = [];
    for await (const [key, value] of store.load('')) entries.push([key, value]);
    return { cluster, store, entries, disk };
  };

  const spoil = (text: string): readonly (string | undefined)[] => [
    undefined,
    '',
    'x',
    text.slice(0, -3),
    'null',
    '{}',
  ];

  /** Every way to spoil one entry, with the key in front. */
  const damages = (entries: readonly (readonly [string, string])[]): Write[] => {
    const first = (prefix: string) => entries.find(([key]) => key.startsWith(prefix));
    const chosen = [
      ...entries.filter(([key]) => key.startsWith('record/')),
      ...[first('balance/'), first('heads/'), first('arrival/')].filter(
        (entry) => entry !== undefined,
      ),
    ];
    const writes = chosen.flatMap(([key, text]) => spoil(text).map((value) => ({ key, value })));
    const [balance, amount] = first('balance/')!;
    const [, record] = first('record/')!;
    const changed = JSON.parse(record) as SignedRecord;
    return [
      ...writes,
      { key: balance, value: String(BigInt(amount) + 1n) },
      { key: `balance/${TOPIC}/did:key:z6MkNobody`, value: '5' },
      {
        key: first('record/')![0],
        value: JSON.stringify({ ...changed, sequence: changed.sequence + 1 }),
      },
      { key: first('record/')![0], value: record.replace(/"debit":"(\d+)"/, '"debit":"1$1"') },
    ];
  };

  it('is refused as store_inconsistent, never read in part and never a crash', async () => {
    const { entries } = await lived();
    // The ways to spoil an entry are six: steps of five meet all of them, at other entries.
    const step = everyDay(5, 1);
    for (const write of damages(entries).filter((_, index) => index % step === 0)) {
      const { cluster, store, disk } = await lived();
      store.commit([write], () => {});
      await run(cluster, 100);
      disk.crash();
      const refusal = await cluster.start(ALICE).then(
        () => 'started',
        (error: unknown) => (error as { readonly code?: string }).code ?? String(error),
      );
      expect({ ...write, refusal }).toEqual({ ...write, refusal: 'store_inconsistent' });
    }
  });

  it('whose format is damaged, newer or of another network is refused by name', async () => {
    const { entries } = await lived();
    const format = JSON.parse(entries.find(([key]) => key === 'format')![1]) as object;
    for (const [value, code] of [
      ['{', 'store_inconsistent'],
      ['null', 'store_inconsistent'],
      [JSON.stringify({ ...format, version: 99 }), 'store_newer'],
      [JSON.stringify({ ...format, network: 'f'.repeat(64) }), 'network_other'],
      [JSON.stringify({ ...format, owner: 'did:key:z6MkNobody' }), 'network_other'],
    ] as const) {
      const { cluster, store, disk } = await lived();
      store.commit([{ key: 'format', value }], () => {});
      await run(cluster, 100);
      disk.crash();
      await expect(cluster.start(ALICE)).rejects.toMatchObject({ code });
    }
  });

  it('of an earlier version, with marks of what was not pushed yet, starts as it was', async () => {
    const { cluster, store, entries, disk } = await lived();
    const ids = entries.flatMap(([key]) => (key.startsWith('record/') ? [key.slice(7)] : []));
    store.commit(
      ids.map((id) => ({ key: `outbox/${id}`, value: '' })),
      () => {},
    );
    await run(cluster, 100);
    disk.crash();
    await cluster.start(ALICE);
    await runUntil(cluster, () => allAgree(cluster));
    expect(nodeOf(cluster.places[ALICE]).topics()[0]).toMatchObject({ records: 6, forked: [] });
    expect(problemsOf(cluster.places[ALICE]!)).toEqual([]);
  });

  it('that holds a record twice taken and once given up starts as it was', async () => {
    const { cluster, store, entries, disk } = await lived();
    const [, id] = entries.find(([key]) => key.startsWith('arrival/'))! as [string, RecordId];
    store.commit([{ key: 'arrival/000000000999', value: id }], () => {});
    await run(cluster, 100);
    disk.crash();
    await cluster.start(ALICE);
    await runUntil(cluster, () => allAgree(cluster));
    expect(nodeOf(cluster.places[ALICE]).topics()[0]).toMatchObject({ records: 6, forked: [] });
    expect(problemsOf(cluster.places[ALICE]!)).toEqual([]);
    await turns();
  });
});
