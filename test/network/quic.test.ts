import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { Did } from '#contracts/identifiers.ts';
import type { DialResult, Link, Transport } from '#contracts/transport.ts';
import { privateKeyProto } from '#reference/transport/quic/identity.ts';
import { loadNative } from '#reference/transport/quic/native.ts';
import type { NativeConfig } from '#reference/transport/quic/native.ts';
import type { QuicSettings } from '#reference/transport/quic/settings.ts';
import { wordsToRun } from '#start/built.mjs';
import { linkSuite, pattern, witness } from '#test/suites/link.ts';
import { countBeats } from '#test/support/beats.ts';
import { createPeer, quicPair, until } from './quic-pair.ts';
import type { Peer } from './quic-pair.ts';

linkSuite('QUIC', () => quicPair());

/** What the tests opened. They run side by side, so all of it is closed at the end. */
const cleanups: (() => unknown)[] = [];
afterAll(async () => {
  await Promise.all(cleanups.map((cleanup) => cleanup()));
});

const LOOPBACK = '127.0.0.1';
const portOf = (address: string): number => Number(address.split(':')[1]);

const peer = (settings: Partial<QuicSettings> = {}): Peer => {
  const made = createPeer(settings);
  cleanups.push(() => made.transport.close());
  return made;
};

const dial = (transport: Transport, address: string, expected?: Did): Promise<DialResult> =>
  new Promise((resolve) => transport.dial(address, expected, resolve));

const dialOpen = async (transport: Transport, address: string): Promise<Link> => {
  const result = await dial(transport, address);
  if (result.status !== 'open') throw new Error(`${result.status}: ${result.reason}`);
  return result.link;
};

const listen = async (at: Peer, address = `${LOOPBACK}:0`) => {
  const arrivals: Link[] = [];
  const listener = await at.transport.listen(address, (link) => arrivals.push(link));
  return { arrivals, listener, address: listener.address };
};

const udp = async (): Promise<Socket> => {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, LOOPBACK, resolve));
  cleanups.push(() => void socket.close());
  return socket;
};

/** First datagrams of dials that are never answered: each is a handshake left half open. */
const halfOpenInitials = async (count: number): Promise<readonly Buffer[]> => {
  const socket = await udp();
  const initials = new Map<string, Buffer>();
  // Bytes 6 to 13 are the connection id that the dialler drew (RFC 9000 section 17.2).
  socket.on('message', (bytes) => initials.set(bytes.toString('hex', 6, 14), bytes));
  const dialler = peer({ dialTimeoutMs: 300 });
  for (let index = 0; index < count; index++)
    dialler.transport.dial(`${LOOPBACK}:${socket.address().port}`, undefined, () => undefined);
  await until(() => initials.size >= count, 'the first datagrams of the dials');
  return [...initials.values()].slice(0, count);
};

/** A connection of the native layer, which does what it likes. */
const nativeConfig = () => {
  const native = loadNative();
  const config: NativeConfig = {
    privateKeyProto: privateKeyProto(randomBytes(32)),
    handshakeTimeout: 5_000,
    shutdownTimeout: 100,
    maxIdleTimeout: 10_000,
    keepAliveInterval: 500,
    maxConcurrentStreamLimit: 8,
    maxStreamData: 65_536,
    maxConnectionData: 65_536,
    receiveBufferSize: 65_536,
    sendBufferSize: 65_536,
  };
  return { native, config: new native.QuinnConfig(config) };
};
const nativeClient = () => {
  const { native, config } = nativeConfig();
  const client = new native.Client(config, 0);
  cleanups.push(() => client.abort());
  return client;
};

const CHILD = await wordsToRun('test/network/quic-child.ts');

interface Child {
  readonly process: ChildProcess;
  readonly line: () => Promise<string>;
}

const child = (mode: string, address = ''): Child => {
  const spawned = spawn(process.execPath, [...CHILD, mode, address], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  cleanups.push(() => void spawned.kill('SIGKILL'));
  const lines = createInterface({ input: spawned.stdout });
  const first = once(lines, 'line').then(([line]) => String(line));
  return { process: spawned, line: () => first };
};

describe.concurrent('QUIC: who is there', () => {
  it('a node that took another address is not taken for the one that was there', async () => {
    const old = peer();
    const { address, listener } = await listen(old);
    await listener.close();
    const squatter = peer();
    const { arrivals } = await listen(squatter, address);
    const result = await dial(peer().transport, address, old.did);
    expect(result).toMatchObject({
      status: 'wrong_identity',
      reason: expect.stringContaining(squatter.did),
    });
    expect(arrivals).toEqual([]);
  });

  it('each end is told the DID that the other proved', async () => {
    const [left, right] = [peer(), peer()];
    const { address, arrivals } = await listen(right);
    const link = await dialOpen(left.transport, address);
    await until(() => arrivals.length === 1, 'the listener to accept');
    expect([link.proven, arrivals[0]?.proven]).toEqual([right.did, left.did]);
    expect(link.remoteAddress).toBe(address);
  });
});

describe.concurrent('QUIC: peers that stall', () => {
  it('half-open handshakes do not delay a good dial', async () => {
    const { address } = await listen(peer());
    const socket = await udp();
    for (const initial of await halfOpenInitials(20)) socket.send(initial, portOf(address));
    await sleep(50);
    const beats = countBeats();
    await dialOpen(peer().transport, address);
    expect(beats()).toBeLessThan(1_000);
  });

  it('more half-open handshakes than there are places delay it no longer than the idle time-out', async () => {
    const { address } = await listen(peer({ acceptsMax: 2 }));
    const socket = await udp();
    for (const initial of await halfOpenInitials(2)) socket.send(initial, portOf(address));
    await sleep(50);
    const start = performance.now();
    await dialOpen(peer().transport, address);
    expect(performance.now() - start).toBeGreaterThan(1_000);
  });

  it('a connection that opens no stream is cut, and nobody hears of it', async () => {
    const { address, arrivals } = await listen(peer({ dialTimeoutMs: 300 }));
    const connection = await nativeClient().outboundConnection(LOOPBACK, portOf(address));
    let isClosed = false;
    void connection.closed().then(() => (isClosed = true));
    await until(() => isClosed, 'the silent connection to be cut');
    expect(arrivals).toEqual([]);
  });

  it('a listener that never answers is unreachable within the dial time-out', async () => {
    const { native, config } = nativeConfig();
    const server = new native.Server(config, LOOPBACK, 0);
    cleanups.push(() => server.abort());
    const silent = server.inboundConnection();
    const beats = countBeats();
    const dialler = peer({ dialTimeoutMs: 400 });
    const result = await dial(dialler.transport, `${LOOPBACK}:${server.port()}`);
    expect(result).toMatchObject({ status: 'unreachable' });
    expect(beats()).toBeLessThan(1_500);
    await silent;
  });

  it('a dial goes on through a silence longer than the native layer bears', async () => {
    const { address } = await listen(peer());
    const [front, back] = [await udp(), await udp()];
    let diallerPort = 0;
    let isSilent = true;
    front.on('message', (bytes, { port }) => {
      diallerPort = port;
      if (!isSilent) back.send(bytes, portOf(address));
    });
    back.on('message', (bytes) => front.send(bytes, diallerPort));
    setTimeout(() => (isSilent = false), 3_100);
    const result = await dial(peer().transport, `${LOOPBACK}:${front.address().port}`);
    expect(result).toMatchObject({ status: 'open' });
  }, 8_000);

  it('a second stream is never granted, were ten thousand asked for', async () => {
    const { address, arrivals } = await listen(peer());
    const connection = await nativeClient().outboundConnection(LOOPBACK, portOf(address));
    const stream = await connection.outboundStream();
    await stream.write(new Uint8Array(16));
    await until(() => arrivals.length === 1, 'the first stream to be a link');
    const more = Array.from({ length: 10_000 }, () =>
      connection.outboundStream().then(
        () => 'granted',
        () => 'refused at the end',
      ),
    );
    expect(await Promise.race([...more, sleep(300, 'waiting')])).toBe('waiting');
    await dialOpen(peer().transport, address);
    connection.abort();
    expect(new Set(await Promise.all(more))).toEqual(new Set(['refused at the end']));
  });

  it('links above the bound are refused, and taken again when there is room', async () => {
    const { address } = await listen(peer({ inboundLinksMax: 2 }));
    const dialler = peer();
    const first = await dialOpen(dialler.transport, address);
    await dialOpen(dialler.transport, address);
    expect(await dial(dialler.transport, address)).toMatchObject({ status: 'refused' });
    first.close();
    await until(() => first.send(new Uint8Array(1)) === 'closed', 'the first link to end');
    let isOpen = false;
    for (let round = 0; round < 50 && !isOpen; round++)
      isOpen =
        (await dial(dialler.transport, address)).status === 'open' || (await sleep(20, false));
    expect(isOpen).toBe(true);
  });
});

describe.concurrent('QUIC: bytes that nobody reads', () => {
  it('an unread peer takes what its window and our queue hold, and no more', async () => {
    const { address, arrivals } = await listen(peer());
    const near = witness(await dialOpen(peer().transport, address));
    let acceptedBytes = 0;
    const frame = pattern(10_000);
    const end = performance.now() + 700;
    while (performance.now() < end) {
      while (acceptedBytes < 10_000_000 && near.link.send(frame) === 'accepted')
        acceptedBytes += frame.length;
      await sleep(5);
    }
    expect(near.link.unsentBytes).toBeLessThanOrEqual(1_048_576);
    expect(acceptedBytes).toBeLessThanOrEqual(2_200_000);
    const far = witness(arrivals[0] as Link);
    await until(() => far.byteCount() === acceptedBytes, 'all that was accepted to arrive');
    expect(near.drainedCount()).toBeGreaterThan(0);
  });

  it('close cuts an unread peer after a second, and the process keeps nothing', async () => {
    const { address } = await listen(peer());
    const near = witness(await dialOpen(peer().transport, address));
    for (let index = 0; index < 100; index++) {
      near.link.send(pattern(50_000));
      await sleep(2);
    }
    expect(near.link.unsentBytes).toBeGreaterThan(0);
    const start = performance.now();
    const beats = countBeats();
    near.link.close();
    await until(() => near.closed.length > 0, 'the end of the flush');
    expect(performance.now() - start).toBeGreaterThan(900);
    expect(beats()).toBeLessThan(2_500);
    expect([near.closed, near.link.unsentBytes]).toEqual([['local'], 0]);
  });

  it('a frame longer than the queue is taken when nothing waits', async () => {
    const { address, arrivals } = await listen(peer());
    const near = witness(await dialOpen(peer({ unsentBytesMax: 1_000 }).transport, address));
    expect(near.link.send(pattern(5_000))).toBe('accepted');
    expect(near.link.send(pattern(1))).toBe('full');
    await until(() => near.drainedCount() === 1, 'room again');
    await until(() => arrivals.length === 1, 'the listener to accept');
    const far = witness(arrivals[0] as Link);
    await until(() => far.byteCount() === 5_000, 'the long frame');
  });
});

describe.concurrent('QUIC: peers that die', () => {
  it('a peer killed inside a frame: the bytes so far, then lost, within 5 s; the listener lives on', async () => {
    const { address, arrivals } = await listen(peer());
    const { line, process: dying } = child('cut', address);
    await line();
    await until(() => arrivals.length === 1, 'the child to arrive');
    const far = witness(arrivals[0] as Link);
    await until(() => far.byteCount() === 700, 'its bytes');
    const beats = countBeats();
    dying.kill('SIGKILL');
    await until(() => far.closed.length > 0, 'the loss to be noticed');
    expect(beats()).toBeLessThan(5_000);
    expect([far.closed, far.byteCount()]).toEqual([['lost'], 700]);
    expect(far.link.send(pattern(1))).toBe('closed');
    await dialOpen(peer().transport, address);
  });

  it('a link opened after its peer was killed still hands over what had arrived', async () => {
    const { address, arrivals } = await listen(peer());
    const { line, process: dying } = child('cut', address);
    await line();
    await until(() => arrivals.length === 1, 'the child to arrive');
    dying.kill('SIGKILL');
    const link = arrivals[0] as Link;
    await until(() => link.send(new Uint8Array(0)) === 'closed', 'the loss to be noticed');
    const far = witness(link);
    await until(() => far.closed.length > 0, 'the end to be told');
    expect([far.byteCount(), far.closed]).toEqual([700, ['lost']]);
  });

  it('a dialled peer that is killed is noticed within 5 s', async () => {
    const { line, process: dying } = child('listen');
    const [address = '', did = ''] = (await line()).split(' ');
    const result = await dial(peer().transport, address, did as Did);
    if (result.status !== 'open') throw new Error(result.reason);
    const near = witness(result.link);
    const beats = countBeats();
    dying.kill('SIGKILL');
    await until(() => near.closed.length > 0, 'the loss to be noticed');
    expect(beats()).toBeLessThan(5_000);
    expect(near.closed).toEqual(['lost']);
  });

  it('a process that leaves without closing ends its links', async () => {
    const { address, arrivals } = await listen(peer());
    child('leave', address);
    await until(() => arrivals.length === 1, 'the child to arrive');
    const far = witness(arrivals[0] as Link);
    await until(() => far.closed.length > 0, 'the end to be noticed');
    expect(far.byteCount()).toBe(700);
    expect(['lost', 'remote']).toContain(far.closed[0]);
  });

  it('a peer whose event loop stands still for 4 s is not lost', async () => {
    const { address, arrivals } = await listen(peer());
    const { line } = child('busy', address);
    await line();
    const far = witness(arrivals[0] as Link);
    await until(() => far.byteCount() === 1_000, 'its bytes after the stall');
    expect(far.closed).toEqual([]);
  });
});

describe('QUIC: the machine', () => {
  it('a port in use is the Fault port_in_use, and says what to do', async () => {
    const { address } = await listen(peer());
    await expect(listen(peer(), address)).rejects.toMatchObject({
      code: 'port_in_use',
      message: expect.stringMatching(/^127\.0\.0\.1:\d+ is in use.*choose another port/),
    });
  });

  it.each(['', 'nonsense', '127.0.0.1', '127.0.0.1:70000', '203.0.113.7:0', ':7001'])(
    'listening at %j is the Fault settings_invalid',
    async (address) => {
      await expect(listen(peer(), address)).rejects.toMatchObject({ code: 'settings_invalid' });
    },
  );

  it.each(['', 'nonsense', '127.0.0.1:0', '127.0.0.1:70000', 'nobody.invalid:7001'])(
    'a dial to %j is answered unreachable',
    async (address) => {
      expect(await dial(peer().transport, address)).toMatchObject({ status: 'unreachable' });
    },
  );

  it('a host may be a name', async () => {
    const { address } = await listen(peer());
    const link = await dialOpen(peer().transport, `localhost:${portOf(address)}`);
    expect(link.remoteAddress).toBe(address);
  });

  it('30 000 random datagrams hurt neither a link nor the next dial', async () => {
    const { address, arrivals } = await listen(peer());
    const near = witness(await dialOpen(peer().transport, address));
    const socket = await udp();
    for (let index = 0; index < 30_000; index++) {
      const bytes = randomBytes(index % 10 === 0 ? 1_200 : 1 + (index % 200));
      // Every tenth has the shape of a first datagram: long header, version 1, 8-byte connection ids.
      if (index % 10 === 0) bytes.set([0xc0, 0, 0, 0, 1, 8]);
      const sent = new Promise((resolve) => socket.send(bytes, portOf(address), LOOPBACK, resolve));
      if (index % 64 === 0) await sent;
    }
    await until(() => arrivals.length === 1, 'the listener to accept');
    const far = witness(arrivals[0] as Link);
    near.link.send(pattern(100_000));
    await until(() => far.byteCount() === 100_000, 'bytes over the old link');
    expect(await dial(peer().transport, address)).toMatchObject({ status: 'open' });
  });

  it('a dial under way is answered before its transport is closed, once', async () => {
    const socket = await udp();
    const results: DialResult[] = [];
    const { transport } = peer();
    const address = `${LOOPBACK}:${socket.address().port}`;
    transport.dial(address, undefined, (result) => results.push(result));
    await sleep(50);
    await transport.close();
    expect(results).toMatchObject([{ status: 'refused' }]);
    await sleep(50);
    expect(results).toHaveLength(1);
  });

  it('50 rounds of connecting and leaving leave no handle open', async () => {
    const [left, right] = [peer(), peer()];
    const { address, arrivals } = await listen(right);
    const files = (): number =>
      process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
    const handles = (): number => process.getActiveResourcesInfo().length;
    const round = async (): Promise<void> => {
      const near = witness(await dialOpen(left.transport, address));
      await until(() => arrivals.length > 0, 'the listener to accept');
      const far = witness(arrivals.pop() as Link);
      near.link.close();
      await until(() => far.closed.length + near.closed.length === 2, 'both ends closed');
    };
    await round();
    const filesBefore = files();
    const handlesBefore = handles();
    for (let index = 0; index < 50; index++) await round();
    // The last link may still be on its way out.
    const isAsBefore = (): boolean => files() <= filesBefore + 2 && handles() <= handlesBefore + 5;
    await until(isAsBefore, `${filesBefore} files and ${handlesBefore} handles again`);
    expect(isAsBefore()).toBe(true);
  });

  it('a process that closed its transports ends by itself', async () => {
    const { line, process: finishing } = child('finish');
    const exited = once(finishing, 'exit');
    expect(await line()).toBe('closed');
    expect(await Promise.race([exited, sleep(3_000, 'still running')])).toEqual([0, null]);
  });
});
