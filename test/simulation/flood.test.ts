/** A flood: who says more than its class may is cut down to its rate, and others notice nothing. */
import { describe, expect, it } from 'vitest';
import { TRUST_TOPIC, type Json } from '#contracts/identifiers.ts';
import type { TopicMessage } from '#contracts/messages.ts';
import type { NodeCount } from '#contracts/node.ts';
import { BUDGETS, type TrustClass } from '#contracts/trust.ts';
import { TOPIC, type Cluster, type Place } from '#reference/sim/cluster.ts';
import { claimsOf, nodeOf, run, runUntil, startCluster } from '#test/support/clusters.ts';
import { createLiar } from '#test/support/liar.ts';
import { inventedId, nonceOf } from '#test/support/village.ts';

const FLOODER = 2;
/** Messages in each 100 ms: a thousand a second. */
const EACH_TIME = 100;
const SECONDS = 2;

const counted = (place: Place, event: NodeCount): number => nodeOf(place).counters().get(event) ?? 0; // prettier-ignore

/** Two honest nodes, and a third whose key is in other hands, which the first trusts so far. */
const begin = async (seed: string, score: number) => {
  const cluster = await startCluster(seed, 3);
  await run(cluster, 1_000);
  cluster.pay(FLOODER, 0, 100n);
  await run(cluster, 1_000);
  const [ann, ben, flooder] = cluster.places as readonly [Place, Place, Place];
  // Ben as well: what he says of it would make it Known to Ann.
  const attested = [ann, ben].map((place) => nodeOf(place).attest(flooder.did, score, 1));
  await run(cluster, 3_000);
  await Promise.all(attested);
  cluster.crash(FLOODER);
  const liar = createLiar(cluster, flooder);
  const talking = new Promise<(message: TopicMessage) => void>((resolve) =>
    liar.talk(ann, resolve),
  );
  await run(cluster, 500);
  return { cluster, ann, ben, flooder, say: await talking };
};

/** Says so much for so long; gives how much was said. */
const flood = async (
  cluster: Cluster,
  say: (message: TopicMessage) => void,
  seconds: number,
  messageAt: (index: number) => TopicMessage,
): Promise<number> => {
  let count = 0;
  for (let time = 0; time < seconds * 10; time++) {
    for (let each = 0; each < EACH_TIME; each++) say(messageAt(count++));
    await run(cluster, 100);
  }
  return count;
};

/** Payments from Ben to Ann; how long each was under way. */
const delays = async (cluster: Cluster, ann: Place, payments: number): Promise<number[]> => {
  const taken: number[] = [];
  for (let payment = 0; payment < payments; payment++) {
    const before = nodeOf(ann).knowledge(TOPIC).count;
    cluster.pay(1, 0, 10n);
    taken.push((await runUntil(cluster, () => nodeOf(ann).knowledge(TOPIC).count > before))!);
  }
  return taken;
};

describe('a flood of a thousand messages a second', () => {
  it.each<[TrustClass, number]>([
    ['Isolated', 0],
    ['Partner', 0.6],
  ])('by one who is %s comes through at its rate', async (name, score) => {
    const { cluster, ann, flooder, say } = await begin(`flood ${name}`, score);
    expect(nodeOf(ann).trust(flooder.did).trustClass).toBe(name);
    const copies = claimsOf(ann).slice(0, 1);
    const announce: TopicMessage = { type: 'announce', topic: TOPIC, records: copies, ids: [] };
    const spoken = await flood(cluster, say, SECONDS, () => announce);
    const heard = spoken - counted(ann, 'rate_exceeded');
    const { messagesPerSecondMax, messagesBurstMax } = BUDGETS[name];
    expect(heard).toBeLessThanOrEqual(SECONDS * messagesPerSecondMax + messagesBurstMax);
    expect(heard).toBeGreaterThanOrEqual(SECONDS * messagesPerSecondMax - messagesBurstMax);
    expect(counted(ann, 'record_duplicate')).toBeGreaterThanOrEqual(heard - 1);
    // A copy is nobody's fault, and to be too fast is answered by not listening.
    expect(nodeOf(ann).trust(flooder.did).conduct.level).toBe('good');
  });

  it('is not noticed by others: their payments arrive as soon as before, and nothing of theirs is dropped', async () => {
    const { cluster, ann, ben, say } = await begin('unnoticed', 0.6);
    const quiet = await delays(cluster, ann, 10);
    const flooding = flood(cluster, say, SECONDS, (index) => ({
      type: 'announce',
      topic: TOPIC,
      records: [],
      ids: [inventedId(`${index}`)],
    }));
    const flooded: number[] = [];
    for (let payment = 0; payment < 10; payment++) {
      const before = nodeOf(ann).knowledge(TOPIC).count;
      const paidAt = cluster.scheduler.now();
      cluster.pay(1, 0, 10n);
      while (nodeOf(ann).knowledge(TOPIC).count === before) {
        await Promise.resolve();
        expect(cluster.scheduler.now() - paidAt).toBeLessThan(10_000);
      }
      flooded.push(cluster.scheduler.now() - paidAt);
    }
    await flooding;
    expect(counted(ann, 'rate_exceeded')).toBeGreaterThan(1_500);
    expect(Math.max(...flooded)).toBeLessThanOrEqual(Math.max(...quiet));
    expect(nodeOf(ann).trust(ben.did).conduct.level).toBe('good');
  });

  it.each<[string, (index: number, copy: Json) => TopicMessage, NodeCount]>([
    [
      'digests',
      (index) => ({
        type: 'digest',
        topic: TOPIC,
        clock: {},
        count: 0,
        fingerprint: 'f'.repeat(64),
        nonce: nonceOf(`${index}`),
      }),
      'digest_too_often',
    ],
    [
      'answers that nobody asked for',
      (index) => ({
        type: 'pull-response',
        topic: TOPIC,
        records: [],
        done: true,
        truncated: false,
        nonce: nonceOf(`${index}`),
      }),
      'response_unsolicited',
    ],
    [
      'forged records',
      (index, copy) => ({
        type: 'announce',
        topic: TOPIC,
        records: [{ ...(copy as object), id: inventedId(`${index}`) }],
        ids: [],
      }),
      'record_id_mismatch',
    ],
  ])('of %s ends with not being listened to', async (_, messageAt, event) => {
    const { cluster, ann, flooder, say } = await begin(`ignored ${event}`, 0.9);
    const [copy] = claimsOf(ann) as [Json];
    await flood(cluster, say, 1, (index) => messageAt(index, copy));
    expect(nodeOf(ann).trust(flooder.did)).toMatchObject({
      trustClass: 'Federated',
      conduct: { level: 'ignored' },
    });
    expect(counted(ann, event)).toBeGreaterThan(5);
    expect(counted(ann, event)).toBeLessThan(200);
    expect(counted(ann, 'peer_ignored')).toBeGreaterThan(500);
    // Not of its attestations either, until that has worn off.
    say({ type: 'announce', topic: TRUST_TOPIC, records: [], ids: [inventedId('x')] });
    const before = counted(ann, 'peer_ignored');
    await run(cluster, 200);
    expect(counted(ann, 'peer_ignored')).toBeGreaterThan(before);
  });
});
