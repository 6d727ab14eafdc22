/**
 * Three whole nodes in one process: real QUIC over loopback, real stores on disk. They trade, are cut,
 * heal and agree; beside them somebody sends whatever comes to mind; and what they wrote is fed to the
 * simulator, where it must come out as the same bytes in any order.
 */
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Did, Json } from '#contracts/identifiers.ts';
import { PROTOCOL, type Hello, type HelloProof } from '#contracts/messages.ts';
import type { Node } from '#contracts/node.ts';
import type { HelloFacts, Signer } from '#contracts/records.ts';
import type { Link, Transport } from '#contracts/transport.ts';
import { readSettings } from '#reference/config.ts';
import { createHost } from '#reference/host/host.ts';
import { openStore } from '#reference/host/level-store.ts';
import { referenceLayers } from '#reference/layers.ts';
import { createNode } from '#reference/node.ts';
import { encodeDid } from '#reference/records/did.ts';
import { createSigner } from '#reference/records/signer.ts';
import { createCluster, TOPIC, type Cluster } from '#reference/sim/cluster.ts';
import { createRandom } from '#reference/sim/random.ts';
import { createQuicTransport } from '#reference/transport/quic.ts';
import { run, startCluster } from '#test/support/clusters.ts';
import { cleanUp, temporary, until } from '#test/support/command.ts';
import { everyDay } from '#test/support/depth.ts';

const LOCAL = '127.0.0.1:0';
const SIMULATED = 5;
const SEED = 'real and simulated';

/** The keys of the simulated cluster, so that both worlds are one network: the DIDs are compared below. */
const seedOf = (index: number): Uint8Array =>
  createHash('sha256').update(`murmuration key ${SEED} ${index}`).digest();

interface Real {
  readonly node: Node;
  readonly did: Did;
  readonly address: string;
  /** Peers that left it. */
  readonly left: Did[];
}

const directory = temporary();
const closers: (() => Promise<unknown>)[] = [];
let model: Cluster;
let [alice, bob, charlie] = [] as unknown as [Real, Real, Real];
let all: readonly Real[];

const start = async (index: number): Promise<Real> => {
  const seed = seedOf(index);
  const signer = createSigner(seed);
  if (signer.did !== model.places[index]?.did)
    throw new Error('the simulator makes other keys now');
  const host = createHost({
    store: await openStore(join(directory, String(index))),
    transport: createQuicTransport({ seed, didOf: encodeDid }),
    log: { write: () => {}, close: () => Promise.resolve() },
  });
  const node = await createNode({
    host,
    network: model.cooperative,
    signer,
    layers: referenceLayers,
    settings: readSettings({ helloTimeoutMs: 800, redialMsMin: 50, redialMsMax: 200 }),
  });
  closers.push(() => node.stop());
  const left: Did[] = [];
  node.watch((event) => {
    if (event.event === 'disconnected') left.push(event.peer);
  });
  return { node, did: signer.did, address: await node.start(LOCAL, []), left };
};

beforeAll(async () => {
  model = createCluster({
    seed: SEED,
    nodes: SIMULATED,
    settings: readSettings(),
    layersOf: () => referenceLayers,
  });
  [alice, bob, charlie] = [await start(0), await start(1), await start(2)];
  all = [alice, bob, charlie];
  // Addresses are handed over: bob knows alice, charlie knows both.
  bob.node.meet({ address: alice.address, did: undefined });
  for (const { address } of [alice, bob]) charlie.node.meet({ address, did: undefined });
  await linked();
});
afterAll(cleanUp);
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

const linked = (): Promise<unknown> =>
  until(
    'all three to be linked',
    () => {
      return all.every(({ node }) => node.peers().length === 2) || undefined;
    },
    8_000,
  );

const pay = async (from: Real, to: Real, amount: bigint): Promise<void> => {
  const paid = await from.node.pay({ currency: 'hours', to: to.did, amount });
  expect(paid).toMatchObject({ ok: true });
};

const exported = ({ node }: Real): string => [...node.exported(TOPIC)].join('\n');
const balances = ({ node }: Real): readonly bigint[] =>
  all.map(({ did }) => node.balances(TOPIC).get(did) ?? 0n);

/** Waits until everybody holds the same bytes and shows these balances. */
const agree = (...expected: readonly bigint[]): Promise<unknown> =>
  until(
    `balances of ${expected.join(', ')} everywhere`,
    () => {
      const same = all.every((each) => exported(each) === exported(alice));
      return (same && all.every((each) => balances(each).join() === expected.join())) || undefined;
    },
    8_000,
  );

const count = (
  { node }: Real,
  event: 'hello_refused' | 'frame_refused' | 'hello_timed_out',
): number => node.counters().get(event) ?? 0;

describe('three nodes over QUIC', () => {
  it('trade, and agree on +7 -5 -2', async () => {
    await pay(bob, alice, 1_000n);
    await pay(charlie, bob, 500n);
    await pay(alice, charlie, 300n);
    await agree(700n, -500n, -200n);
    expect(exported(alice).split('\n')).toHaveLength(3);
  });

  it('go on behind a cut, differ meanwhile, and agree when it heals', async () => {
    charlie.node.cut([alice.did, bob.did]);
    await until('the cut', () => alice.node.peers().length === 1 || undefined);
    await Promise.all([pay(alice, bob, 200n), pay(charlie, alice, 100n), pay(bob, alice, 50n)]);
    await until(
      'both sides to differ',
      () => balances(alice).join() !== balances(charlie).join() || undefined,
    );
    expect(balances(charlie)).toEqual([800n, -500n, -300n]);
    charlie.node.heal();
    await agree(650n, -350n, -300n);
    await linked();
  });

  it('write all at once, and agree', async () => {
    const rounds = Array.from({ length: 20 }, () => [
      pay(alice, bob, 3n),
      pay(bob, charlie, 2n),
      pay(charlie, alice, 1n),
    ]);
    await Promise.all(rounds.flat());
    await agree(650n - 60n + 20n, -350n + 60n - 40n, -300n + 40n - 20n);
    for (const { node } of all)
      expect(exported(alice).split('\n')).toHaveLength(node.topics()[0]!.records);
  });
});

/** Somebody with a key and no manners. */
interface Stranger {
  readonly signer: Signer;
  readonly transport: Transport;
}

const stranger = (): Stranger => {
  const seed = randomBytes(32);
  const transport = createQuicTransport({ seed, didOf: encodeDid });
  closers.push(() => transport.close());
  return { signer: createSigner(seed), transport };
};

interface Call {
  readonly link: Link;
  readonly heard: () => Uint8Array;
  readonly closed: Promise<string>;
}

const call = ({ transport }: Stranger, to: Real): Promise<Call> =>
  new Promise((resolve, reject) => {
    transport.dial(to.address, to.did, (result) => {
      if (result.status !== 'open') return reject(new Error(result.reason));
      const { link } = result;
      let heard = Buffer.alloc(0);
      const closed = new Promise<string>((done) => {
        link.open({
          received: (bytes) => (heard = Buffer.concat([heard, bytes])),
          drained: () => {},
          closed: done,
        });
      });
      resolve({ link, heard: () => heard, closed });
    });
  });

const content = referenceLayers.content();
const frames = referenceLayers.frames({ content });
const nonce = (): string => randomBytes(16).toString('base64url');
const hello = (facts: HelloFacts): Uint8Array => frames.encode({ type: 'hello', ...facts });

/** The Hello of whoever was called. */
const helloOf = (made: Call): Promise<Hello> =>
  until('a Hello', () => {
    const [first] = frames.decoder().push(made.heard());
    return first?.ok && first.value.type === 'hello' ? first.value : undefined;
  });

const facts = ({ did, network, protocol, nonce }: Hello): HelloFacts => ({
  did,
  network,
  protocol,
  nonce,
});

describe('somebody who sends what comes to mind', () => {
  const length = (bytes: number): Buffer => {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(bytes);
    return header;
  };

  const garbage: readonly (readonly [
    string,
    () => Uint8Array,
    'frame_refused' | 'hello_refused',
  ])[] = [
    [
      'a kilobyte of chance',
      () => Buffer.concat([Buffer.from([0xff]), randomBytes(1_023)]),
      'frame_refused',
    ],
    ['a length of 4 GiB', () => length(0xffff_ffff), 'frame_refused'],
    ['a length of nothing', () => length(0), 'frame_refused'],
    ['a byte more than a frame may have', () => length(1_048_577), 'frame_refused'],
    [
      'a frame that is no JSON',
      () => Buffer.concat([length(4), Buffer.from('{"a"')]),
      'frame_refused',
    ],
    [
      'a frame that is no UTF-8',
      () => Buffer.concat([length(2), Buffer.from([0xff, 0xfe])]),
      'frame_refused',
    ],
    [
      'another version',
      () => Buffer.concat([length(13), Buffer.from('{"version":9}')]),
      'frame_refused',
    ],
    [
      'a Hello of another network',
      () =>
        hello({
          did: mallory.signer.did,
          network: 'ab'.repeat(32),
          protocol: PROTOCOL,
          nonce: nonce(),
        }),
      'hello_refused',
    ],
    [
      'a Hello of another protocol',
      () =>
        hello({
          did: mallory.signer.did,
          network: model.cooperative.id,
          protocol: 'icn/gossip/9',
          nonce: nonce(),
        }),
      'hello_refused',
    ],
    [
      'a Hello in the name of bob',
      () =>
        hello({ did: bob.did, network: model.cooperative.id, protocol: PROTOCOL, nonce: nonce() }),
      'hello_refused',
    ],
    [
      'a Hello in the name of whom it calls',
      () =>
        hello({
          did: alice.did,
          network: model.cooperative.id,
          protocol: PROTOCOL,
          nonce: nonce(),
        }),
      'hello_refused',
    ],
  ];
  const mallory = stranger();

  it.each(garbage)('is shown out for %s, and nobody else notices', async (_name, bytes, event) => {
    const before = count(alice, event);
    const left = all.map((each) => each.left.length);
    const made = await call(mallory, alice);
    made.link.send(bytes());
    await until(`alice to count ${event}`, () => count(alice, event) > before || undefined, 3_000);
    await until('the end of the link', () => made.closed, 3_000);
    expect(alice.node.peers().map(({ did }) => did)).not.toContain(mallory.signer.did);
    expect(all.map((each) => each.left.length)).toEqual(left);
  });

  it('is shown out for half a frame, cut off or kept waiting', async () => {
    const half = Buffer.concat([length(1_000), randomBytes(500)]);
    const before = [count(alice, 'frame_refused'), count(alice, 'hello_timed_out')];
    const [cut, kept] = await Promise.all([call(mallory, alice), call(stranger(), alice)]);
    cut.link.send(half);
    cut.link.close();
    kept.link.send(half);
    await until('the end of the one that waits', () => kept.closed, 3_000);
    await until(
      'both to be counted',
      () => {
        return (
          (count(alice, 'frame_refused') >= before[0]! + 2 &&
            count(alice, 'hello_timed_out') > before[1]!) ||
          undefined
        );
      },
      3_000,
    );
    expect(alice.node.peers()).toHaveLength(2);
  });

  it('may come in with a proof of its own, but not with a recorded one', async () => {
    const records = referenceLayers.records({ content, network: model.cooperative.id });
    const first = await call(mallory, alice);
    const theirs = facts(await helloOf(first));
    const mine: HelloFacts = { ...theirs, did: mallory.signer.did, nonce: nonce() };
    const binding = first.link.binding;
    const signature = records.proveHello({ mine, theirs, binding }, mallory.signer);
    const proof: HelloProof = { type: 'hello-proof', nonce: theirs.nonce, signature };
    const recorded = [hello(mine), frames.encode(proof)];
    for (const frame of recorded) first.link.send(frame);
    const isPeer = (): boolean => alice.node.peers().some(({ did }) => did === mallory.signer.did);
    // Isolated is not refused: it may listen.
    await until('alice to take the stranger as a peer', () => isPeer() || undefined, 3_000);
    first.link.close();
    await until('alice to see it go', () => !isPeer() || undefined, 3_000);

    const before = count(alice, 'hello_refused');
    const second = await call(mallory, alice);
    for (const frame of recorded) second.link.send(frame);
    await until('the replay to be shown out', () => second.closed, 3_000);
    expect(count(alice, 'hello_refused')).toBe(before + 1);
    expect(isPeer()).toBe(false);
  });

  it('in a crowd of forty keeps nobody from trading', async () => {
    const left = all.map((each) => each.left.length);
    const before = all.map((each) => balances(each));
    const crowd = Array.from({ length: 40 }, async (_, index) => {
      const made = await call(mallory, all[index % 3]!);
      made.link.send(index % 2 === 0 ? randomBytes(60_000) : length(900_000));
      return made.closed;
    });
    await Promise.all(Array.from({ length: 10 }, () => pay(bob, alice, 1n)));
    const [a = 0n, b = 0n, c = 0n] = before[0]!;
    await agree(a + 10n, b - 10n, c);
    await until('the crowd to be gone', () => Promise.all(crowd), 8_000);
    expect(all.map((each) => each.left.length)).toEqual(left);
  });
});

describe('what they wrote', () => {
  it('verifies again on each of them: every id, signature, verdict and balance', () => {
    for (const { node } of all) {
      const run = node.verify();
      let step = run.next();
      while (step.done !== true) step = run.next();
      expect(step.value).toEqual([]);
    }
  });

  it.each(everyDay(['1'], ['1', '2', '3']))(
    'comes out of the simulator as the same bytes, in other orders, doubled and with loss (order %s)',
    async (order) => {
      const text = exported(alice);
      const records = text.split('\n').map((line) => JSON.parse(line) as Json);
      const random = createRandom(`order ${order}`);
      const cluster = await startCluster(SEED, SIMULATED, {
        conditions: { dropRate: 0.3, duplicateRate: 0.2, reorder: true, delayMsMax: 200 },
      });
      expect(cluster.cooperative.id).toBe(alice.node.network.id);
      for (const record of random.shuffle([...records, ...records.slice(0, 10)])) {
        const place = random.pick(cluster.places);
        void place.node?.imported(TOPIC, [record]);
        await run(cluster, 20, 20);
      }
      const simulated = (): readonly string[] =>
        cluster.places.map((place) => [...place.exported(TOPIC)].join('\n'));
      for (let minute = 0; minute < 10 && simulated().some((each) => each !== text); minute++) {
        await run(cluster, 60_000, 1_000);
      }
      for (const each of simulated()) expect(each).toBe(text);
      for (const place of cluster.places) {
        expect([...place.balances(TOPIC)]).toEqual([...alice.node.balances(TOPIC)]);
      }
    },
  );

  it('is there after a restart, on a store that opens without complaint', async () => {
    const text = exported(charlie);
    await charlie.node.stop();
    const again = await start(2);
    expect(exported(again)).toBe(text);
  });
});
