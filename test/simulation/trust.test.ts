/** Trust in whole nodes: what members say of each other moves what each may do, on every path. */
import { describe, expect, it } from 'vitest';
import { TRUST_TOPIC, type Did, type RecordId, type Topic } from '#contracts/identifiers.ts';
import type { Node, NodeCount } from '#contracts/node.ts';
import type { TopicAccess } from '#contracts/topics.ts';
import type { Cluster, Place } from '#reference/sim/cluster.ts';
import { nodeOf, run, startCluster } from '#test/support/clusters.ts';
import { signerOf } from '#test/support/village.ts';

const MAIL: Topic = 'mail:partners';
const PARTNERS: TopicAccess = { access: 'TrustGated', minTrust: 'Partner' };
const STRANGER = signerOf('stranger').did;

/** Waits for a promise while virtual time goes on. */
const during = async <Value>(cluster: Cluster, promise: Promise<Value>): Promise<Value> => {
  await run(cluster, 3_000);
  return promise;
};

const attest = (
  cluster: Cluster,
  from: number,
  subject: Did,
  score: number,
  days = 30,
): Promise<unknown> =>
  during(cluster, nodeOf(cluster.places[from]).attest(subject, score, days)).then((outcome) =>
    expect(outcome).toMatchObject({ ok: true }),
  );

const say = async (cluster: Cluster, from: Place, text: string): Promise<RecordId> => {
  const outcome = await during(cluster, nodeOf(from).publish(MAIL, text));
  if (!outcome.ok) throw new Error(`${outcome.status}: ${outcome.reason}`);
  return outcome.value;
};

/** Ids of what a node remembers of the topic. */
const said = (place: Place): RecordId[] => nodeOf(place).said(MAIL).map(({ id }) => id); // prettier-ignore
const counted = (place: Place, event: NodeCount): number => nodeOf(place).counters().get(event) ?? 0; // prettier-ignore

/** A few nodes that all have the topic, each under its own rule. */
const begin = async (seed: string, nodes: number) => {
  const cluster = await startCluster(seed, nodes);
  await run(cluster, 2_000);
  for (const place of cluster.places) {
    nodeOf(place).open({ topic: MAIL, access: PARTNERS, scope: 'network' });
  }
  await run(cluster, 3_000);
  return { cluster, places: cluster.places as readonly [Place, Place, Place] };
};

describe('an attestation', () => {
  it('moves its author at once, and those who trust its author a little', async () => {
    const { cluster, places } = await begin('attested', 3);
    await attest(cluster, 0, STRANGER, 0.5);
    const views = places.map((place) => nodeOf(place).trust(STRANGER));
    expect(views.map(({ score, trustClass }) => [score, trustClass])).toEqual([
      [0.5, 'Partner'],
      [0.3, 'Known'],
      [0.3, 'Known'],
    ]);
    expect(views[1]!.grounds).toMatchObject({
      direct: undefined,
      vouchers: [{ author: places[0].did, score: 0.5, product: 0.3 }],
    });
    await attest(cluster, 0, STRANGER, 0);
    expect(places.map((place) => nodeOf(place).trust(STRANGER).score)).toEqual([0, 0, 0]);
  });

  it('of its own a node knows again when it starts alone; others tell it theirs', async () => {
    const { cluster, places } = await begin('restarted', 2);
    await attest(cluster, 0, places[1].did, 0.9);
    await attest(cluster, 1, STRANGER, 0.4);
    expect(nodeOf(places[0]).trust(STRANGER).score).toBe(0.9 * 0.4);
    cluster.crash(0);
    cluster.crash(1);
    await cluster.start(0);
    await run(cluster, 1_000);
    expect(nodeOf(places[0]).trust(places[1].did).score).toBe(0.9);
    expect(nodeOf(places[0]).trust(STRANGER).score).toBe(0);
    // Its next word follows the ones before.
    await attest(cluster, 0, STRANGER, 0.2);
    const [last] = nodeOf(places[0]).said(TRUST_TOPIC);
    expect(last).toMatchObject({ sequence: 2, body: { score: 0.2 } });
  });

  it.each<[string, (node: Node) => ReturnType<Node['attest']>, string]>([
    ['of itself', (node) => node.attest(node.did, 1, 1), 'person_self'],
    ['above 1', (node) => node.attest(STRANGER, 1.01, 1), 'score_out_of_range'],
    ['below 0', (node) => node.attest(STRANGER, -0.01, 1), 'score_out_of_range'],
    ['of no number', (node) => node.attest(STRANGER, Number.NaN, 1), 'score_out_of_range'],
    ['for no day', (node) => node.attest(STRANGER, 1, 0), 'days_out_of_range'],
    ['for half a day', (node) => node.attest(STRANGER, 1, 0.5), 'days_out_of_range'],
    ['for ever', (node) => node.attest(STRANGER, 1, 3_651), 'days_out_of_range'],
  ])('%s is refused and nothing is signed', async (_, attempt, status) => {
    const cluster = await startCluster('refused', 1);
    const node = nodeOf(cluster.places[0]);
    expect(await attempt(node)).toMatchObject({ ok: false, status });
    expect(node.said(TRUST_TOPIC)).toEqual([]);
  });
});

describe('access', () => {
  it('on publish: a node that is not let into its own topic signs nothing there', async () => {
    const cluster = await startCluster('publish', 1);
    const node = nodeOf(cluster.places[0]);
    const access: TopicAccess = { access: 'Private', allowed: [STRANGER] };
    node.open({ topic: MAIL, access, scope: 'network' });
    expect(await node.publish(MAIL, 'x')).toMatchObject({ ok: false, status: 'not_permitted' });
    expect(node.said(MAIL)).toEqual([]);
  });

  it('on receive: what an author wrote that may not is not taken, from whoever brings it', async () => {
    const { cluster, places } = await begin('receive', 3);
    const [ann, ben, cem] = places;
    await attest(cluster, 0, cem.did, 0.2);
    const id = await say(cluster, cem, 'hello');
    await run(cluster, 20_000);
    expect(said(ben)).toEqual([id]);
    // Ben, whom Ann trusts, has it and tells her of it.
    expect(said(ann)).toEqual([]);
    expect(counted(ann, 'record_not_permitted')).toBeGreaterThan(0);
    // It is nobody's misconduct: others trust whom they like.
    expect(nodeOf(ann).trust(ben.did).conduct).toEqual({ value: 1, level: 'good' });
  });

  it('on subscribe: who may not read is not let in, and is as soon as it may', async () => {
    const { cluster, places } = await begin('subscribe', 2);
    const [ann, ben] = places;
    const subscribers = () => nodeOf(ann).coordination().subscriptions[MAIL];
    expect(subscribers()).toEqual([ann.did, ben.did].sort());
    await attest(cluster, 0, ben.did, 0.3);
    await run(cluster, 6_000);
    expect(subscribers()).toEqual([ann.did]);
    const id = await say(cluster, ann, 'between partners');
    await run(cluster, 60_000);
    expect(said(ben)).toEqual([]);
    await attest(cluster, 0, ben.did, 0.5);
    await run(cluster, 30_000);
    expect(subscribers()).toEqual([ann.did, ben.did].sort());
    expect(said(ben)).toEqual([id]);
  });

  it('on every word: who lost it is told nothing more from that moment on', async () => {
    const { cluster, places } = await begin('word', 2);
    const [ann, ben] = places;
    const before = await say(cluster, ann, 'to ben');
    expect(said(ben)).toEqual([before]);
    const demoted = nodeOf(ann).attest(ben.did, 0, 1);
    const next = nodeOf(ann).publish(MAIL, 'not to ben');
    // Well before it is looked at who has subscribed.
    await run(cluster, 500, 10);
    expect(await demoted).toMatchObject({ ok: true });
    expect(await next).toMatchObject({ ok: true });
    expect(nodeOf(ann).coordination().subscriptions[MAIL]).toContain(ben.did);
    expect([said(ann).length, said(ben).length]).toEqual([2, 1]);
    await run(cluster, 30_000);
    expect(said(ben)).toHaveLength(1);
  });
});
