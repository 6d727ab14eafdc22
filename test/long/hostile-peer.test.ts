/**
 * Somebody who sends what it likes, as fast as it can, to a real node over real QUIC; beside it an honest peer.
 * Whatever comes, the node lives, says nothing on standard error, stays within its memory, and its payments
 * reach the honest peer, whose link is never lost. `HOSTILE_MS` for more than a second of each.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Did, Json } from '#contracts/identifiers.ts';
import { PROTOCOL, type Message } from '#contracts/messages.ts';
import type { HelloFacts, Records } from '#contracts/records.ts';
import type { DialResult, Link } from '#contracts/transport.ts';
import { homeAt, readHomeNetwork } from '#reference/commands/node/home/home.ts';
import { referenceLayers } from '#reference/layers.ts';
import { callNode, readControl } from '#reference/operations/client.ts';
import { encodeDid } from '#reference/records/did.ts';
import { createSigner } from '#reference/records/signer.ts';
import { createQuicTransport } from '#reference/transport/quic.ts';
import {
  cleanUp,
  inProcess,
  resultOf,
  start,
  temporary,
  until,
  type Started,
} from '#test/support/command.ts';

const FLOOD_MS = Number(process.env['HOSTILE_MS'] ?? 1_000);
/** Above what the node had before: buffers of links, frames being read, and a heap that is not cleaned at once. */
const GROWTH_MIB_MAX = 200;
const TOPIC = 'ledger:hours';

const content = referenceLayers.content();
const frames = referenceLayers.frames({ content });
const nonce = (): string => randomBytes(16).toString('base64url');

interface Running {
  readonly started: Started;
  readonly address: string;
  readonly did: Did;
  ask(method: string, params?: object): Promise<Json>;
}

const closers: (() => Promise<unknown>)[] = [];
let records: Records;
let network = '';
let [victim, friend] = [] as unknown as [Running, Running];

const daemon = async (directory: string, ...words: readonly string[]): Promise<Running> => {
  const started = start(['node', 'start', 'alone', 'host', '127.0.0.1', 'data', directory, ...words]); // prettier-ignore
  closers.push(async () => {
    started.child.kill('SIGTERM');
    const { code, err } = await started.ended;
    // What it refused it may say; anything else is trouble, and so is a stop that takes too long.
    const trouble = err
      .split('\n')
      .filter((line) => !/^$|"event":"(?:stranger|link)_refused"/.test(line));
    expect({ code, trouble }).toEqual({ code: 0, trouble: [] });
  });
  const [, address = ''] = await started.said(/listening at (\S+)[^]*Ctrl-C/);
  const control = (await readControl(homeAt(directory).controlPath))!;
  const ask = async (method: string, params: object = {}): Promise<Json> => {
    const answer = await callNode(control, method, params as Json);
    if (!answer.ok) throw new Error(`${method}: ${answer.status}, ${answer.reason}`);
    return answer.value;
  };
  const { did } = (await ask('network.status')) as { readonly did: Did };
  return { started, address, did, ask };
};

beforeAll(async () => {
  const root = temporary();
  const [hers, his] = [join(root, 'alice'), join(root, 'bob')];
  resultOf(await inProcess('init', 'network', 'coop', 'data', hers, 'json'));
  resultOf(await inProcess('init', 'data', his, 'json'));
  resultOf(await inProcess('join', join(hers, 'network.json'), 'data', his, 'json'));
  const { id } = await readHomeNetwork(homeAt(hers));
  network = id;
  records = referenceLayers.records({ content, network: id });
  victim = await daemon(hers);
  friend = await daemon(his, 'peers', victim.address);
  await victim.ask('trust.attest', { who: friend.did, score: 0.5 });
  await until('the two to be linked', async () => (await isLinked()) || undefined);
});
afterAll(async () => {
  for (const close of closers) await close();
  cleanUp();
});

const isLinked = async (): Promise<boolean> =>
  JSON.stringify(await victim.ask('network.peers')).includes(friend.did);
const memoryMiB = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${victim.started.child.pid}/status`, 'utf8'))?.[1]) / 1_024; // prettier-ignore

const someone = () => {
  const seed = randomBytes(32);
  const transport = createQuicTransport({ seed, didOf: encodeDid });
  closers.push(() => transport.close());
  return { signer: createSigner(seed), transport };
};

/** A link to the node, and with a Hello a session: the peer that anybody may become. */
const enter = async ({ hello }: { readonly hello: boolean }) => {
  const { signer, transport } = someone();
  const result = await new Promise<DialResult>((done) =>
    transport.dial(victim.address, undefined, done),
  );
  if (result.status !== 'open') throw new Error(result.reason);
  const { link } = result;
  const mine: HelloFacts = { did: signer.did, network, protocol: PROTOCOL, nonce: nonce() };
  const decoder = frames.decoder();
  const state = { closed: false, established: !hello };
  const hear = (message: Message): void => {
    if (message.type === 'ping') link.send(frames.encode({ type: 'pong', nonce: message.nonce }));
    if (message.type !== 'hello' || state.established) return;
    state.established = true;
    const { did, nonce: theirs, protocol } = message;
    const facts = { did, network: message.network, protocol, nonce: theirs };
    const signature = records.proveHello({ mine, theirs: facts, binding: link.binding }, signer);
    link.send(frames.encode({ type: 'hello', ...mine }));
    link.send(frames.encode({ type: 'hello-proof', nonce: theirs, signature }));
  };
  link.open({
    received: (bytes) => {
      for (const outcome of decoder.push(bytes)) if (outcome.ok) hear(outcome.value);
    },
    drained: () => {},
    closed: () => (state.closed = true),
  });
  await until('its Hello', () => state.established || state.closed || undefined);
  return { link, signer, state };
};

/** Sends as fast as the link takes it, for so long. */
const flood = async (link: Link, state: { closed: boolean }, next: () => Uint8Array) => {
  const endsAt = performance.now() + FLOOD_MS;
  let sent = 0;
  while (performance.now() < endsAt && !state.closed) {
    if (link.send(next()) === 'accepted') sent += 1;
    else await sleep(1);
    if (sent % 100 === 0) await sleep(0);
  }
  return sent;
};

const always = (bytes: Uint8Array) => () => () => bytes;
const framed = (body: string): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(Buffer.byteLength(body));
  return Buffer.concat([head, Buffer.from(body)]);
};
const say = (message: object): Uint8Array => frames.encode(message as Message);
const hashes = (count: number) => Array.from({ length: count }, () => randomBytes(32).toString('hex')); // prettier-ignore

/** A batch of records whose ids are right and whose signatures are not. */
const forged = (): (() => Uint8Array) => {
  const { signer } = someone();
  const draft = {
    kind: 'icn/entry/1' as const,
    network: network as never,
    topic: TOPIC,
    author: signer.did,
    sequence: 1,
    previous: null,
    parents: [],
    body: { accounts: [] },
  };
  const signed = Array.from({ length: 200 }, (_, timestamp) =>
    records.sign({ ...draft, timestamp }, signer),
  );
  const batch = signed.map((record, index) => ({
    ...record,
    signature: signed[(index + 1) % signed.length]!.signature,
  }));
  const frame = say({ type: 'announce', topic: TOPIC, records: batch, ids: [] });
  return () => frame;
};

const floods: { readonly [what: string]: readonly [hello: boolean, make: () => () => Uint8Array] } =
  {
    'gossip before a Hello': [false, () => always(say({ type: 'announce', topic: TOPIC, records: [], ids: hashes(256) }))()], // prettier-ignore
    'a mebibyte that is no JSON': [true, always(framed('['.repeat(1_048_576)))],
    'a mebibyte of JSON that is no message': [true, always(framed(`[${'1,'.repeat(500_000)}1]`))],
    'ten thousand small ones that are no message': [true, always(Buffer.concat(Array<Buffer>(10_000).fill(framed('{}'))))], // prettier-ignore
    pings: [true, always(say({ type: 'ping', nonce: nonce() }))],
    digests: [true, () => () => say({ type: 'digest', topic: TOPIC, clock: {}, count: 5, fingerprint: 'f'.repeat(64), nonce: nonce() })], // prettier-ignore
    pulls: [true, () => () => say({ type: 'pull-request', topic: TOPIC, ranges: [], maxBytes: 1e6, nonce: nonce() })], // prettier-ignore
    'requests for what nobody has': [true, () => always(say({ type: 'request', topic: TOPIC, ids: hashes(256) }))()], // prettier-ignore
    subscriptions: [true, always(say({ type: 'subscribe', topics: Array.from({ length: 256 }, (_, index) => `ledger:x${index}`) }))], // prettier-ignore
    'records with the signatures of others': [true, forged],
  };

/** Runs while an honest payment is on its way; then all must be as it was. Gives by how many MiB it grew. */
const under = async (attack: () => Promise<unknown>): Promise<number> => {
  const before = memoryMiB();
  const left = victim.started.out().split('left').length;
  const attacking = attack();
  const { id } = (await victim.ask('ledger.transfer', { to: friend.did, amount: '0.01' })) as {
    readonly id: string;
  };
  await until('the payment at the honest peer', async () => {
    const seen = JSON.stringify(await friend.ask('ledger.history'));
    return seen.includes(id) || undefined;
  });
  await attacking;
  expect(await isLinked()).toBe(true);
  expect(victim.started.out().split('left').length).toBe(left);
  expect(victim.started.child.exitCode).toBeNull();
  return memoryMiB() - before;
};

describe.skipIf(process.platform !== 'linux')('a node and an honest peer under a flood of', () => {
  it.each(Object.entries(floods))('%s', async (_, [hello, make]) => {
    const growth = await under(async () => {
      const { link, state } = await enter({ hello });
      expect(await flood(link, state, make())).toBeGreaterThan(0);
      link.close();
    });
    expect(growth).toBeLessThan(GROWTH_MIB_MAX);
  });

  it('links that come and go', async () => {
    const growth = await under(async () => {
      const endsAt = performance.now() + 2 * FLOOD_MS;
      let visits = 0;
      const visitor = async (): Promise<void> => {
        for (; performance.now() < endsAt; visits++) (await enter({ hello: false })).link.close();
      };
      await Promise.all(Array.from({ length: 8 }, visitor));
      expect(visits).toBeGreaterThan(8);
    });
    expect(growth).toBeLessThan(GROWTH_MIB_MAX);
  });

  it('strangers who take every place they may, and an honest peer comes back', async () => {
    const growth = await under(async () => {
      const crowd = await Promise.all(Array.from({ length: 140 }, () => enter({ hello: true }).catch(() => undefined))); // prettier-ignore
      expect(crowd.some((guest) => guest !== undefined)).toBe(true);
      await friend.ask('network.fault', { cut: [victim.did] });
      await until('the cut', async () => !(await isLinked()) || undefined);
      await friend.ask('network.fault', { heal: true });
      await until('the honest peer to be back', async () => (await isLinked()) || undefined);
      for (const guest of crowd) guest?.link.close();
    });
    expect(growth).toBeLessThan(GROWTH_MIB_MAX);
  });
});
