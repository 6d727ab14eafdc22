/** Topics beside the ledgers, in whole simulated nodes: opened, said in, forgotten, refilled. */
import { describe, expect, it } from 'vitest';
import { TRUST_TOPIC, type Topic } from '#contracts/identifiers.ts';
import type { NoteBody } from '#contracts/records.ts';
import {
  RETENTION_DEFAULT,
  TOPICS_OPENED_PER_HOUR_MAX,
  type TopicAccess,
  type TopicPolicy,
} from '#contracts/topics.ts';
import { TOPIC, type Cluster, type Place } from '#reference/sim/cluster.ts';
import { nodeOf, problemsOf, run, runUntil, startCluster } from '#test/support/clusters.ts';

const GARDEN: Topic = 'garden:plans';

const policy = (access: TopicAccess = { access: 'Public' }, recordsMax = 10_000): TopicPolicy => ({
  topic: GARDEN,
  access,
  scope: 'network',
  retention: { ...RETENTION_DEFAULT, recordsMax },
});

/** A linked cluster in which these places have the topic open. */
const gardeners = async (
  seed: string,
  nodes: number,
  opened: (place: Place) => TopicPolicy | undefined,
): Promise<Cluster> => {
  const cluster = await startCluster(seed, nodes);
  await run(cluster, 2_000);
  for (const place of cluster.places) {
    const wanted = opened(place);
    if (wanted) expect(nodeOf(place).open(wanted).ok).toBe(true);
  }
  await run(cluster, 1_000);
  return cluster;
};

const textsOf = (place: Place | undefined): readonly string[] =>
  nodeOf(place)
    .said(GARDEN)
    .map(({ body }) => (body as NoteBody).text);

/** Says something and waits until its number is taken. */
const say = async (
  cluster: Cluster,
  place: Place | undefined,
  text: string,
  topic = GARDEN,
): Promise<string> => {
  let status: string | undefined;
  void nodeOf(place)
    .publish(topic, text)
    .then((outcome) => (status = outcome.ok ? 'said' : outcome.status));
  await runUntil(cluster, () => status !== undefined);
  return status ?? 'silence';
};

describe('an open topic', () => {
  it('carries what is said to everybody who opened it, before or after', async () => {
    const cluster = await gardeners('open topic', 4, ({ index }) =>
      index < 3 ? policy() : undefined,
    );
    const [ann, ben, , late] = cluster.places;
    expect(await say(cluster, ann, 'beans')).toBe('said');
    expect(await say(cluster, ben, 'peas')).toBe('said');
    const told = await runUntil(cluster, () => textsOf(cluster.places[2]).length === 2, 2_000);
    expect(told).toBeDefined();
    nodeOf(late).open(policy());
    const caughtUp = await runUntil(cluster, () => textsOf(late).length === 2, 5_000);
    expect(caughtUp).toBeDefined();
    expect(await say(cluster, late, 'leeks')).toBe('said');
    const heard = await runUntil(cluster, () => textsOf(ann).length === 3, 5_000);
    expect(heard).toBeDefined();
    expect(textsOf(ann)).toEqual(['beans', 'peas', 'leeks']);
  });

  it('is not heard of by those who may not read it, and takes nothing from them', async () => {
    const cluster = await startCluster('private topic', 3);
    await run(cluster, 2_000);
    const [ann, ben, eve] = cluster.places as [Place, Place, Place];
    const allowed = [ann.did, ben.did];
    for (const place of [ann, ben]) nodeOf(place).open(policy({ access: 'Private', allowed }));
    // Eve believes that it is open to everybody.
    nodeOf(eve).open(policy());
    await run(cluster, 1_000);
    expect(await say(cluster, ann, 'secret')).toBe('said');
    expect(await say(cluster, eve, 'noise')).toBe('said');
    await run(cluster, 60_000);
    expect([ann, ben, eve].map(textsOf)).toEqual([['secret'], ['secret'], ['noise']]);
    expect(await say(cluster, eve, 'more')).toBe('said');
    nodeOf(ann).close(GARDEN);
    expect(await say(cluster, ann, 'gone')).toBe('topic_unknown');
  });

  it('is one that people opened: a note in a topic with rules of its own is not signed', async () => {
    const cluster = await startCluster('a note in a ledger', 2);
    await run(cluster, 2_000);
    const [ann, ben] = cluster.places;
    for (const topic of [TOPIC, TRUST_TOPIC, 'ledger:other'] as const) {
      expect(await say(cluster, ann, 'hello', topic)).toBe('topic_reserved');
    }
    cluster.pay(0, 1, 100n);
    await run(cluster, 2_000);
    for (const place of [ann, ben]) {
      expect(nodeOf(place).topics()[0]).toMatchObject({ records: 1, forked: [] });
      expect(problemsOf(place!)).toEqual([]);
    }
  });

  it('that is local stays where it is', async () => {
    const cluster = await gardeners('local topic', 2, ({ index }) =>
      index === 0 ? { ...policy(), scope: 'local' } : policy(),
    );
    expect(await say(cluster, cluster.places[0], 'mine')).toBe('said');
    await run(cluster, 30_000);
    expect(cluster.places.map(textsOf)).toEqual([['mine'], []]);
  });

  it('remembers no more than it may, says so by its floor, and does not fetch again what it gave up', async () => {
    const cluster = await gardeners('full topic', 2, () => policy(undefined, 5));
    const [ann, ben] = cluster.places as [Place, Place];
    for (let index = 1; index <= 12; index++) await say(cluster, ann, `plan ${index}`);
    await run(cluster, 200_000);
    const last = ['plan 8', 'plan 9', 'plan 10', 'plan 11', 'plan 12'];
    expect([textsOf(ann), textsOf(ben)]).toEqual([last, last]);
    expect(nodeOf(ann).said(GARDEN).at(-1)).toMatchObject({ sequence: 12, floor: 7 });
    expect(nodeOf(ben).counters().get('record_behind') ?? 0).toBe(0);
  });

  it('opens under a name of its own, once, so many an hour', async () => {
    const cluster = await startCluster('names', 1);
    const node = nodeOf(cluster.places[0]);
    const statusOf = (topic: Topic): string => {
      const outcome = node.open({ ...policy(), topic });
      return outcome.ok ? 'open' : outcome.status;
    };
    expect(['Garden', 'garden:', 'a b:c', '__proto__', ''].map(statusOf)).toEqual(
      Array(5).fill('topic_malformed'),
    );
    expect(['ledger:beans', 'trust:attestations'].map(statusOf)).toEqual(
      Array(2).fill('topic_reserved'),
    );
    expect([GARDEN, GARDEN].map(statusOf)).toEqual(['open', 'topic_exists']);
    expect(
      ['ledger:hours', 'trust:attestations', 'no:such'].map((topic) => node.close(topic)),
    ).toEqual([false, false, false]);
    for (let index = 1; index < TOPICS_OPENED_PER_HOUR_MAX; index++) {
      expect(statusOf(`garden:${index}`)).toBe('open');
    }
    expect(statusOf('garden:more')).toBe('topics_too_often');
    await run(cluster, 3_600_000, 600_000);
    expect(statusOf('garden:more')).toBe('open');
  });
});

describe('a node that comes back', () => {
  it('has forgotten what was said, is told again by peers, and goes on with its own next number', async () => {
    const cluster = await gardeners('restart', 3, () => policy());
    const [ann, ben] = cluster.places as [Place, Place, Place];
    await say(cluster, ann, 'beans');
    await say(cluster, ben, 'peas');
    await run(cluster, 1_000);
    const kept = nodeOf(ann).coordination();
    cluster.crash(0);
    await cluster.start(0, kept);
    expect(textsOf(ann)).toEqual([]);
    await runUntil(cluster, () => nodeOf(ann).peers().length > 0);
    expect(await say(cluster, ann, 'leeks')).toBe('said');
    const refilled = await runUntil(cluster, () => textsOf(ann).length === 3, 40_000);
    expect(refilled).toBeDefined();
    const own = nodeOf(ben)
      .said(GARDEN)
      .filter(({ author }) => author === ann.did);
    expect(own.map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(
      nodeOf(ben)
        .topics()
        .flatMap(({ forked }) => forked),
    ).toEqual([]);
  });

  it('from a backup that misses its last records signs no number twice', async () => {
    const cluster = await startCluster('backup', 3);
    await run(cluster, 2_000);
    cluster.pay(0, 1, 100n);
    await run(cluster, 1_000);
    const backup = cluster.places[0]!.disk.copy();
    cluster.pay(0, 1, 200n);
    cluster.pay(0, 2, 300n);
    await run(cluster, 1_000);
    cluster.crash(0);
    cluster.places[0]!.disk.restore(backup);
    await cluster.start(0);
    // As soon as it is linked, and before it has heard anything, it is asked to pay.
    const cancel = nodeOf(cluster.places[0]).watch(({ event }) => {
      if (event !== 'connected') return;
      cancel();
      cluster.pay(0, 2, 400n);
    });
    await run(cluster, 30_000);
    const topics = cluster.places.map((place) => nodeOf(place).topics()[0]!);
    expect(topics.map(({ forked }) => forked)).toEqual([[], [], []]);
    expect(topics.map(({ records }) => records)).toEqual([4, 4, 4]);
  });
});
