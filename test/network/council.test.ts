/**
 * Certificates over real QUIC and real stores: four stewards settle what they hold, and somebody who
 * joins later fetches by the heads and recomputes.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Candidate } from '#contracts/host.ts';
import type { Node } from '#contracts/node.ts';
import { readSettings } from '#reference/config.ts';
import { createHost } from '#reference/host/host.ts';
import { openStore } from '#reference/host/level-store.ts';
import { referenceLayers } from '#reference/layers.ts';
import { createNode } from '#reference/node.ts';
import { encodeDid } from '#reference/records/did.ts';
import { createSigner } from '#reference/records/signer.ts';
import { createCluster, CURRENCY, TOPIC } from '#reference/sim/cluster.ts';
import { createQuicTransport } from '#reference/transport/quic.ts';
import { cleanUp, temporary, until } from '#test/support/command.ts';

vi.setConfig({ testTimeout: 60_000 });

const SEED = 'council over quic';
const directory = temporary();
const closers: (() => Promise<unknown>)[] = [];
/** Its keys and its genesis: nothing runs in it. */
const { cooperative } = createCluster({
  seed: SEED,
  nodes: 5,
  stewards: 4,
  settings: readSettings(),
  layersOf: () => referenceLayers,
});

const start = async (index: number, known: readonly Candidate[]): Promise<Node> => {
  const seed = createHash('sha256').update(`murmuration key ${SEED} ${index}`).digest();
  const host = createHost({
    store: await openStore(join(directory, String(index))),
    transport: createQuicTransport({ seed, didOf: encodeDid }),
    log: { write: () => {}, close: () => Promise.resolve() },
  });
  const node = await createNode({
    host,
    network: cooperative,
    signer: createSigner(seed),
    layers: referenceLayers,
    settings: readSettings({ redialMsMin: 50, redialMsMax: 200, councilTurnMs: 500 }),
  });
  closers.push(() => node.stop());
  await node.start('127.0.0.1:0', known);
  return node;
};

const holds = (probe: () => boolean) =>
  until('the nodes to come so far', () => (probe() ? true : undefined));

afterAll(async () => {
  await Promise.all(closers.map((close) => close()));
  cleanUp();
});

describe('a checkpoint over QUIC', () => {
  it('is certified by four nodes, and recomputed by a fifth that comes later', async () => {
    const stewards: Node[] = [];
    const known: Candidate[] = [];
    for (let index = 0; index < 4; index++) {
      const node = await start(index, known);
      stewards.push(node);
      known.push({ address: node.address!, did: node.did });
    }
    await holds(() => stewards.every((node) => node.peers().length === 3));
    for (const [index, node] of stewards.entries()) {
      const to = stewards[(index + 1) % 4]!.did;
      expect((await node.pay({ currency: CURRENCY, to, amount: 5n })).ok).toBe(true);
    }
    await holds(() => stewards.every((node) => node.knowledge(TOPIC).count === 4));
    const checkpoint = stewards[2]!.council.checkpoint([]);
    if (!checkpoint.ok) throw new Error(checkpoint.reason);
    const proposed = await stewards[2]!.council.propose(checkpoint.value);
    expect(proposed.ok).toBe(true);
    await holds(() => stewards.every(({ council }) => council.view().accepted === 1));
    const late = await start(4, known);
    await holds(() => late.council.view().accepted === 1);
    const rows = late.history(TOPIC, stewards[0]!.did);
    expect(rows.map(({ settled }) => settled)).toEqual([true, true]);
    expect(late.council.certificates()[0]?.proposal.id).toBe(proposed.ok && proposed.value);
  });
});
