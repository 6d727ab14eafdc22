/**
 * The proof layers: what a node coordinates with others outlives it. Each asserts the name of the topic,
 * the DID of a subscriber, and an own clock component of exactly 1 after one publish. Beyond them: the
 * records, which no snapshot holds, come back from peers, and no number is ever signed twice.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RecordId, Topic } from '#contracts/identifiers.ts';
import type { Node } from '#contracts/node.ts';
import { readSettings } from '#reference/config.ts';
import { createSnapshotFile } from '#reference/host/snapshot-file.ts';
import { referenceLayers } from '#reference/layers.ts';
import { createCluster, type Cluster } from '#reference/sim/cluster.ts';
import { createFiles, type DiskImage } from '#reference/sim/files.ts';
import { wordsToRun } from '#start/built.mjs';
import { nodeOf, run, runUntil, startCluster, turns } from '#test/support/clusters.ts';
import { cleanUp, launch, temporary } from '#test/support/command.ts';
import { objections, opened, policyOf, proofCluster, snapshotsIn } from '#test/support/proof.ts';
import { snapshot } from '#test/support/snapshots.ts';

afterAll(cleanUp);

const HELPER = await wordsToRun('test/support/restart-helper.ts');

const expectedOf = (cluster: Cluster, topic: Topic) => ({
  topic,
  own: cluster.places[0]!.did,
  subscriber: cluster.places[1]!.did,
});

const folder = (): string => {
  const directory = temporary();
  mkdirSync(join(directory, 'other'));
  return directory;
};

/** Lets time pass, virtual and real, until a promise is kept that waits for both. */
const settled = async (cluster: Cluster, promise: Promise<unknown>): Promise<void> => {
  const waiting = { isOver: false };
  void promise.finally(() => (waiting.isOver = true));
  while (!waiting.isOver) {
    await run(cluster, 100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await promise;
};

describe('gossip persistence', () => {
  it('layer 1: gossip state survives export, snapshot, restore (direct object)', async () => {
    const topic: Topic = 'proof:layer-1-direct-object';
    const cluster = await opened(folder(), topic);
    const exported = nodeOf(cluster.places[0]).coordination();
    expect(objections(exported, expectedOf(cluster, topic))).toEqual([]);

    const store = snapshotsIn(temporary());
    await store.save(exported);
    const loaded = await store.load();
    expect(loaded).toEqual({ ok: true, value: { state: exported, generation: 'current' } });
  });

  it('layer 2: gossip handle state survives snapshot, restore (the node and its public interface)', async () => {
    const topic: Topic = 'proof:layer-2-through-the-node';
    const directory = folder();
    const cluster = await opened(directory, topic);
    await nodeOf(cluster.places[0]).keep();

    // Another node of the same key, while the first one lives: only the folder is shared.
    const other = proofCluster(directory);
    await other.start(0);
    const restored = nodeOf(other.places[0]);
    expect(objections(restored.coordination(), expectedOf(cluster, topic))).toEqual([]);
    expect(restored.topics().map((each) => each.topic)).toContain(topic);
    expect(restored.said(topic), 'records are not persisted, by design').toEqual([]);
  });

  it('layer 3: gossip handle survives same-runtime drop and recreate', async () => {
    const topic: Topic = 'proof:layer-3-drop-and-recreate';
    const directory = folder();
    const cluster = await opened(directory, topic);
    const expected = expectedOf(cluster, topic);
    // A clean end: it saves by itself. Then its disk, its links and its memory are gone.
    await settled(cluster, nodeOf(cluster.places[0]).stop());

    const again = proofCluster(directory);
    await again.start(0);
    expect(objections(nodeOf(again.places[0]).coordination(), expected)).toEqual([]);
  });

  it('layer 4: gossip state survives a cross-process restart', async () => {
    const directory = folder();
    const helper = (...words: readonly string[]) =>
      launch(process.execPath, [...HELPER, ...words]).ended;
    const written = await helper('write', directory);
    expect(written).toMatchObject({ code: 0, err: '' });
    const [own = '', subscriber = ''] = written.out.trim().split(',');
    expect([own, subscriber]).toEqual([
      expect.stringMatching(/^did:key:z6Mk/),
      expect.stringMatching(/^did:key:z6Mk/),
    ]);
    const [right, wrong] = await Promise.all([
      helper('read', directory, own, subscriber),
      helper('read', directory, subscriber, own),
    ]);
    expect(right).toEqual({ code: 0, out: '', err: '' });
    expect(wrong.code, 'the helper can say no').toBe(1);
    expect(wrong.err).toContain('own clock component: expected exactly 1, came undefined');
  });

  it('layer 5: after a restart anti-entropy brings every record of an evicting topic back', async () => {
    const topic: Topic = 'proof:layer-5-refill';
    const disks = [0, 1, 2].map(() => createFiles());
    const cluster = await startCluster('layer 5', 3, {
      snapshotsOf: (index) =>
        createSnapshotFile({ path: '/home/snapshot', snapshot, files: disks[index]! }),
    });
    for (const place of cluster.places) nodeOf(place).open(policyOf(topic));
    await run(cluster, 3_000);
    const ids: RecordId[] = [];
    for (let count = 0; count < 30; count++) {
      const said = nodeOf(cluster.places[count % 3]).publish(topic, `what ${count}`);
      await run(cluster, 500);
      const outcome = await said;
      if (outcome.ok) ids.push(outcome.value);
    }
    const idsAt = (index: number): RecordId[] =>
      nodeOf(cluster.places[index])
        .said(topic)
        .map(({ id }) => id)
        .sort();
    await runUntil(cluster, () => [0, 1, 2].every((index) => idsAt(index).length === 30));
    expect(idsAt(0)).toEqual(ids.toSorted());

    cluster.crash(0);
    await run(cluster, 5_000);
    await cluster.start(0);
    expect(idsAt(0), 'nothing of it was on the disk').toEqual([]);
    const tookMs = await runUntil(cluster, () => idsAt(0).length === 30, 60_000);
    expect(idsAt(0)).toEqual(ids.toSorted());
    expect(tookMs).toBeLessThan(60_000);
    // And the node goes on where it was: its next record is its eleventh.
    const next = nodeOf(cluster.places[0]).publish(topic, 'and on');
    await run(cluster, 5_000);
    expect((await next).ok).toBe(true);
    const own = nodeOf(cluster.places[1])
      .said(topic)
      .filter(({ author }) => author === cluster.places[0]!.did);
    expect(own.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 11 }, (_, index) => index + 1),
    );
  });
});

describe('one number, one record', () => {
  const topic: Topic = 'proof:numbers';

  /** A cluster of two whose first node publishes; its snapshots lie on a disk that may be exchanged. */
  const publishing = () => {
    const disks = [createFiles(), createFiles()];
    const cluster = createCluster({
      seed: 'one number',
      nodes: 2,
      settings: readSettings(),
      layersOf: () => referenceLayers,
      snapshotsOf: (index) =>
        createSnapshotFile({ path: '/home/snapshot', snapshot, files: disks[index]! }),
    });
    const ids = new Map<string, Set<RecordId>>();
    const watch = (node: Node): void =>
      void node.watch((event) => {
        if (event.event !== 'heard') return;
        const key = `${event.record.author} ${event.record.sequence}`;
        ids.set(key, (ids.get(key) ?? new Set()).add(event.record.id));
      });
    const start = async (index: number): Promise<void> => {
      await cluster.start(index);
      watch(nodeOf(cluster.places[index]));
    };
    const say = async (text: string): Promise<void> => {
      const said = cluster.places[0]?.node?.publish(topic, text).catch(() => undefined);
      await run(cluster, 300, 10);
      void said;
    };
    return {
      cluster,
      disks,
      start,
      say,
      numbers: () => [...ids.keys()].filter((key) => key.startsWith(cluster.places[0]!.did)),
      doubled: () => [...ids].filter(([, given]) => given.size > 1).map(([key]) => key),
    };
  };
  type Publishing = ReturnType<typeof publishing>;

  /** Both nodes, the topic, and three records with a snapshot between. */
  const begin = async ({ cluster, start, say }: Publishing): Promise<void> => {
    for (const index of [0, 1]) await start(index);
    for (const place of cluster.places) nodeOf(place).open(policyOf(topic));
    await run(cluster, 3_000);
    await say('one');
    await cluster.places[0]?.node?.keep().catch(() => undefined);
    await say('two');
    await say('three');
  };

  /** The first node starts again, says two more things, and everything has time to spread. */
  const goOn = async ({ cluster, start, say }: Publishing): Promise<void> => {
    await start(0);
    if (
      !nodeOf(cluster.places[0])
        .topics()
        .some((each) => each.topic === topic)
    ) {
      nodeOf(cluster.places[0]).open(policyOf(topic));
    }
    await say('four');
    await say('five');
    await run(cluster, 10_000);
  };

  it('crashed at every operation of the disk, with every snapshot that may be left, a node reuses no number', async () => {
    const quiet = publishing();
    await begin(quiet);
    const operations = quiet.cluster.places[0]!.disk.operations;
    expect(quiet.numbers()).toHaveLength(3);
    expect(operations).toBeGreaterThan(5);

    let runs = 0;
    for (let at = 1; at <= operations; at++) {
      // The oldest and the newest of what the disk may hold.
      for (const choose of [0, -1]) {
        const each = publishing();
        let images: readonly DiskImage[] = [];
        each.cluster.places[0]!.disk.atOperation(at, () => {
          images = each.disks[0]!.imagesAfter(each.disks[0]!.operations.length);
          each.cluster.crash(0);
        });
        await begin(each);
        await turns();
        each.disks[0] = createFiles({ image: images.at(choose)! });
        await goOn(each);
        expect(each.doubled(), `crashed at ${at}, snapshot ${choose}`).toEqual([]);
        expect(each.numbers().length).toBeGreaterThan(1);
        runs += 1;
      }
    }
    expect(runs).toBe(2 * operations);
  });
});
