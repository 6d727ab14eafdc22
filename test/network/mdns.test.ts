import { createSocket, Socket as DgramSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import multicastDns from 'multicast-dns';
import type { MulticastDNS } from 'multicast-dns';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CANDIDATES_MAX } from '#contracts/discovery.ts';
import type { DiscoveryEvent } from '#contracts/discovery.ts';
import type { Did } from '#contracts/identifiers.ts';
import { create } from '#reference/discovery/discovery.ts';
import { startMdns } from '#reference/discovery/mdns.ts';
import type { Mdns, MdnsOptions } from '#reference/discovery/mdns.ts';
import { recordsOf, sightingsIn, speaksFor } from '#reference/discovery/service.ts';
import { publicKeyOf } from '#reference/transport/quic/identity.ts';
import { didOf, until } from './quic-pair.ts';

const LOOPBACK = '127.0.0.1';
const GROUP = '224.0.0.251';

const newDid = (): Did => didOf(publicKeyOf(randomBytes(32)));

const LETTERS = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** The shape of a DID without the work of a key. */
const inventedDid = (): Did => {
  const digits = Array.from(randomBytes(44), (byte) => LETTERS[byte % 58]).join('');
  return `did:key:z6Mk${digits}` as Did;
};

const freePort = async (): Promise<number> => {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, LOOPBACK, resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
};

/** A node as the local network sees it. */
const appear = async (port: number, options: Partial<MdnsOptions> = {}) => {
  const self = newDid();
  const events: DiscoveryEvent[] = [];
  const discovery = create({ self });
  const mdns = await startMdns({
    self,
    version: '1',
    address: `${LOOPBACK}:7001`,
    discovery,
    report: (event) => events.push(event),
    interface: LOOPBACK,
    port,
    ...options,
  });
  return { self, events, discovery, mdns };
};

const probe = await appear(await freePort());
const noMulticast = probe.mdns.unavailable;
await probe.mdns.close();
if (noMulticast !== undefined) process.stdout.write(`mDNS tests skipped: ${noMulticast}\n`);

describe.skipIf(noMulticast !== undefined)('mDNS on the loopback interface', () => {
  let port: number;
  let open: Mdns[];
  let sockets: Socket[];
  let voices: MulticastDNS[];

  beforeEach(async () => {
    port = await freePort();
    open = [];
    sockets = [];
    voices = [];
  });
  afterEach(async () => {
    await Promise.all(open.map((mdns) => mdns.close()));
    for (const socket of sockets) socket.close();
    for (const voice of voices) voice.destroy();
  });

  const arrive = async (options: Partial<MdnsOptions> = {}) => {
    const node = await appear(port, options);
    open.push(node.mdns);
    expect(node.mdns.unavailable).toBeUndefined();
    return node;
  };
  /** Somebody who speaks DNS and says what it likes. */
  const stranger = (): MulticastDNS => {
    const voice = multicastDns({ bind: '0.0.0.0', interface: LOOPBACK, port });
    voices.push(voice);
    return voice;
  };
  const claim = (voice: MulticastDNS, did: Did, host: string, ttl: number): void =>
    voice.respond(recordsOf({ did, version: '1', host, port: 9 }, ttl));
  /** Somebody who sends bytes. */
  const vandal = async (): Promise<(bytes: Uint8Array) => Promise<void>> => {
    const socket = createSocket('udp4');
    sockets.push(socket);
    await new Promise<void>((resolve) => socket.bind(0, LOOPBACK, resolve));
    socket.setMulticastInterface(LOOPBACK);
    return (bytes) =>
      new Promise((resolve) => socket.send(bytes, port, GROUP, () => resolve(undefined)));
  };

  it('two nodes find each other, and not themselves', async () => {
    const first = await arrive({ address: `${LOOPBACK}:7001` });
    const second = await arrive({ address: `${LOOPBACK}:7002` });
    await until(() => first.events.length > 0 && second.events.length > 0, 'both found');
    expect(first.events).toEqual([
      { event: 'found', did: second.self, address: `${LOOPBACK}:7002` },
    ]);
    expect(second.events).toEqual([
      { event: 'found', did: first.self, address: `${LOOPBACK}:7001` },
    ]);
  });

  it('a node that closes is lost at once', async () => {
    const stays = await arrive();
    const leaves = await arrive({ address: `${LOOPBACK}:7002` });
    await until(() => stays.events.length === 1, 'found');
    await leaves.mdns.close();
    await until(() => stays.events.length === 2, 'the goodbye');
    expect(stays.events[1]).toEqual({ event: 'lost', did: leaves.self });
    await leaves.mdns.close();
  });

  it('a node that falls silent is lost after the TTL of its records', async () => {
    const node = await arrive();
    const did = newDid();
    // Before it is told: a loaded machine hears of it late.
    const start = performance.now();
    claim(stranger(), did, LOOPBACK, 1);
    await until(() => node.events.length === 1, 'found');
    await until(() => node.events.length === 2, 'lost');
    expect(node.events[1]).toEqual({ event: 'lost', did });
    expect(performance.now() - start).toBeGreaterThan(900);
  });

  it('a node is announced again before its TTL is over', async () => {
    const node = await arrive();
    await arrive({ address: `${LOOPBACK}:7002`, ttlSeconds: 2 });
    await until(() => node.events.length === 1, 'found');
    await sleep(2_500);
    expect(node.events).toHaveLength(1);
    expect(node.discovery.candidates()).toHaveLength(1);
  });

  it('garbage does no harm', async () => {
    const node = await arrive();
    const send = await vandal();
    for (let round = 0; round < 2_000; round++) await send(randomBytes(1 + (round % 300)));
    await send(Buffer.from('000084000000000100000000c00c', 'hex'));
    await until(() => node.mdns.warningCount > 0, 'a warning');
    const did = newDid();
    const voice = stranger();
    const isFound = (): boolean => {
      // Again and again, since the kernel drops what comes while the garbage fills the socket.
      claim(voice, did, LOOPBACK, 60);
      return node.events.length > 0;
    };
    await until(isFound, 'a good announcement after the garbage', 4_000);
    expect(node.events).toEqual([{ event: 'found', did, address: `${LOOPBACK}:9` }]);
  });

  it('an address that its sender does not have is ignored', async () => {
    const node = await arrive();
    const voice = stranger();
    claim(voice, newDid(), '10.9.9.9', 60);
    const did = newDid();
    claim(voice, did, LOOPBACK, 60);
    await until(() => node.events.length > 0, 'the honest one');
    expect(node.events).toEqual([{ event: 'found', did, address: `${LOOPBACK}:9` }]);
  });

  it('a thousand peers that are not there take 256 places, and an honest one keeps its own', async () => {
    const node = await arrive();
    const voice = stranger();
    const honest = newDid();
    claim(voice, honest, LOOPBACK, 120);
    await until(() => node.events.length === 1, 'the honest one');
    for (let round = 0; round < 20; round++) {
      const crowd = Array.from({ length: 50 }, inventedDid);
      const answers = crowd.flatMap((did) =>
        recordsOf({ did, version: '1', host: LOOPBACK, port: 9 }, 120),
      );
      // A datagram holds a few; what the kernel drops is no loss.
      for (let at = 0; at < answers.length; at += 20)
        await new Promise<void>((sent) => voice.respond(answers.slice(at, at + 20), () => sent()));
      await sleep(1);
    }
    await until(() => node.discovery.candidates().length === CANDIDATES_MAX, 'all places taken');
    expect(node.events.length).toBe(CANDIDATES_MAX);
    expect(node.discovery.candidates().map(({ did }) => did)).toContain(honest);
  });

  it('one name told twice, from two places, is one peer at the last of them', async () => {
    const node = await arrive();
    const did = newDid();
    const voice = stranger();
    const twice = [7_101, 7_102].map((port) =>
      recordsOf({ did, version: '1', host: LOOPBACK, port }, 60),
    );
    for (const [index, answers] of twice.entries()) {
      voice.respond(answers);
      await until(() => node.events.length === index + 1, `announcement ${index + 1}`);
    }
    expect(node.discovery.candidates()).toEqual([{ did, address: `${LOOPBACK}:7102` }]);
  });

  it('its own announcement, echoed and changed, is nobody', async () => {
    const node = await arrive();
    const voice = stranger();
    claim(voice, node.self, LOOPBACK, 60);
    claim(voice, node.self, LOOPBACK, 0);
    const did = newDid();
    claim(voice, did, LOOPBACK, 60);
    await until(() => node.events.length > 0, 'somebody else');
    expect(node.events).toEqual([{ event: 'found', did, address: `${LOOPBACK}:9` }]);
  });

  it('who speaks another transport is nobody to dial', async () => {
    const hash = 'h'.repeat(43);
    const [quic, web] = [await arrive(), await arrive({ certificate: () => hash })];
    const voice = stranger();
    const tell = (did: Did, certificate?: string): void =>
      voice.respond(recordsOf({ did, version: '1', host: LOOPBACK, port: 9, certificate }, 60));
    const [plain, pinned] = [newDid(), newDid()];
    tell(plain);
    tell(pinned, hash);
    await until(() => quic.events.length > 0 && web.events.length > 0, 'one each');
    await sleep(50);
    expect(quic.events).toEqual([{ event: 'found', did: plain, address: `${LOOPBACK}:9` }]);
    expect(web.events).toEqual([{ event: 'found', did: pinned, address: `${LOOPBACK}:9/${hash}` }]);
  });

  it('a flood of questions makes no flood of answers', async () => {
    const node = await arrive();
    let questions = 0;
    let answers = 0;
    const voice = stranger();
    voice.on('query', () => (questions += 1));
    voice.on('response', () => (answers += 1));
    for (let round = 0; round < 500; round++) {
      await new Promise<void>((sent) => voice.query('_ICN._tcp.local', 'PTR', () => sent()));
      // The kernel drops what a receiver does not take in time.
      if (round % 50 === 0) await sleep(5);
    }
    await until(() => answers > 0, 'an answer');
    await sleep(300);
    expect(questions).toBeGreaterThan(100);
    expect(answers).toBeLessThan(10);
    expect(node.mdns.unavailable).toBeUndefined();
  });

  it('says that it died when its socket is gone, sends nothing more, and closes', async () => {
    const deaths: string[] = [];
    const handles = (): readonly unknown[] =>
      (process as unknown as { _getActiveHandles(): readonly unknown[] })._getActiveHandles();
    const before = new Set(handles());
    const one = await appear(port, { died: (reason) => deaths.push(reason) });
    const socket = handles().find(
      (each): each is Socket => each instanceof DgramSocket && !before.has(each),
    );
    socket!.close();
    await until(() => deaths.length > 0, 'its death');
    // Long enough for the next announcement, which would throw.
    await sleep(1_200);
    expect(deaths).toEqual(['the mDNS socket was closed']);
    await one.mdns.close();
    const two = await appear(port, { died: (reason) => deaths.push(reason) });
    await two.mdns.close();
    expect(deaths).toHaveLength(1);
  });
});

describe('mDNS where it cannot work', () => {
  it('says why when the address is none that it can announce, and opens nothing', async () => {
    const { mdns } = await appear(await freePort(), { address: '[::1]:7001' });
    expect(mdns.unavailable).toContain('[::1]:7001');
    await mdns.close();
  });

  it('says why when the interface does not exist', async () => {
    const { mdns } = await appear(await freePort(), { interface: '203.0.113.7' });
    expect(mdns.unavailable).toContain('203.0.113.7');
    await mdns.close();
  });
});

describe('DNS-SD records', () => {
  const did = newDid();
  const announcement = { did, version: '1', host: LOOPBACK, port: 7001 };

  it('say what was announced', () => {
    expect(sightingsIn(recordsOf(announcement, 120), LOOPBACK)).toEqual([
      { did, version: '1', address: `${LOOPBACK}:7001`, ttlSeconds: 120 },
    ]);
  });

  it('have names that fit into a DNS label', () => {
    for (const { name } of recordsOf(announcement, 120))
      for (const label of name.split('.')) expect(label.length).toBeLessThanOrEqual(63);
  });

  it('tell the hash of a certificate where there is one', () => {
    const certificate = 'h'.repeat(43);
    expect(sightingsIn(recordsOf({ ...announcement, certificate }, 120), LOOPBACK)).toEqual([
      { did, version: '1', address: `${LOOPBACK}:7001/${certificate}`, ttlSeconds: 120 },
    ]);
  });

  it.each(['0.0.0.0', '255.255.255.255', '224.0.0.251', '203.0.113.9', '10.0.0.1'])(
    'that send us to %s are no sighting, unless they come from there and somebody can be there',
    (host) => {
      const discovery = create({ self: newDid() });
      const told = (source: string) =>
        sightingsIn(recordsOf({ ...announcement, host }, 120), source).flatMap((sighting) =>
          discovery.sighted(0, sighting),
        );
      expect(told('10.0.0.2')).toEqual([]);
      expect(told(host)).toHaveLength(/^(?:203|10)\./.test(host) ? 1 : 0);
    },
  );

  it('in text of 255 bytes a piece, of bytes that are no text, or of none, tell what they can', () => {
    const [pointer, service, text, place] = recordsOf(announcement, 120);
    const pieces = ['x'.repeat(255), Buffer.from([0xff, 0xfe, 0]), '', `did=${did}`, 'v=1'];
    const told = [pointer, service, { ...text, data: pieces }, place] as Parameters<
      typeof sightingsIn
    >[0];
    expect(sightingsIn(told, LOOPBACK)).toMatchObject([{ did, version: '1' }]);
    const liar = [pointer, service, { ...text, data: [`did=${'z'.repeat(250)}`] }, place];
    const discovery = create({ self: newDid() });
    const [sighting] = sightingsIn(liar as typeof told, LOOPBACK);
    expect(sighting && discovery.sighted(0, sighting)).toEqual([]);
  });

  it('are a sighting only when complete', () => {
    const records = recordsOf(announcement, 120);
    for (const missing of ['SRV', 'A'])
      expect(
        sightingsIn(
          records.filter(({ type }) => type !== missing),
          LOOPBACK,
        ),
      ).toEqual([]);
  });

  it('are a goodbye even when only the instance is named', () => {
    const [pointer] = recordsOf(announcement, 0);
    expect(pointer && sightingsIn([pointer], LOOPBACK)).toMatchObject([{ did, ttlSeconds: 0 }]);
  });

  it('are believed from the host they name, or for loopback from this machine', () => {
    expect(speaksFor('10.0.0.1', '10.0.0.1')).toBe(true);
    expect(speaksFor('10.0.0.1', '10.0.0.2')).toBe(false);
    expect(speaksFor('127.0.0.1', '127.0.0.9')).toBe(true);
    expect(speaksFor('203.0.113.7', '127.0.0.1')).toBe(false);
  });
});
