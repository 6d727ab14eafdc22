import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { connect as connectTcp, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { DialResult, Link, Transport } from '#contracts/transport.ts';
import { makeCertificate, readCertificate } from '#reference/transport/certificate.ts';
import { createWebTransport } from '#reference/transport/webtransport.ts';
import type { WebTransportOptions } from '#reference/transport/webtransport.ts';
import type { WebTransportSettings } from '#reference/transport/webtransport-settings.ts';
import { linkSuite, pattern, witness } from '#test/suites/link.ts';
import { until } from './quic-pair.ts';
import { elsewhere, webTransportPair } from './webtransport-pair.ts';

linkSuite('WebTransport', () => webTransportPair());

/** What the tests opened. They run side by side, so all of it is closed at the end. */
const cleanups: (() => unknown)[] = [];
afterAll(async () => {
  await Promise.all(cleanups.map((cleanup) => cleanup()));
});

const LOOPBACK = '127.0.0.1';
const DAY_MS = 86_400_000;
const portOf = (address: string): number => Number(/:(\d+)/.exec(address)?.[1]);

const peer = (
  settings: Partial<WebTransportSettings> = {},
  options: WebTransportOptions = {},
): Transport => {
  const transport = createWebTransport({ ...options, settings });
  cleanups.push(() => transport.close());
  return transport;
};
const dial = (transport: Transport, address: string): Promise<DialResult> =>
  new Promise((resolve) => transport.dial(address, undefined, resolve));
const dialOpen = async (transport: Transport, address: string): Promise<Link> => {
  const result = await dial(transport, address);
  if (result.status !== 'open') throw new Error(`${result.status}: ${result.reason}`);
  return result.link;
};
const listen = async (at: Transport, address = `${LOOPBACK}:0`) => {
  const arrivals: Link[] = [];
  const listener = await at.listen(address, (link) => arrivals.push(link));
  return { arrivals, listener, address: listener.address };
};

interface Child {
  readonly process: ChildProcess;
  readonly line: () => Promise<string>;
  /** Everything it said, on both channels. */
  readonly said: () => string;
}
const child = (mode: string, address = '', env: NodeJS.ProcessEnv = {}): Child => {
  const file = fileURLToPath(new URL('./webtransport-child.ts', import.meta.url));
  const spawned = spawn(process.execPath, ['--import', 'tsx', file, mode, address], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  cleanups.push(() => void spawned.kill('SIGKILL'));
  let said = '';
  for (const output of [spawned.stdout, spawned.stderr])
    output.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const first = once(createInterface({ input: spawned.stdout }), 'line').then(([line]) =>
    String(line),
  );
  return { process: spawned, line: () => first, said: () => said };
};

describe.concurrent('WebTransport: who is there', () => {
  it('a certificate with another hash is wrong_identity, and the listener hears of nothing', async () => {
    const { address, arrivals } = await listen(peer());
    expect(await dial(peer(), elsewhere(address))).toMatchObject({
      status: 'wrong_identity',
      reason: expect.stringContaining(address.split('/')[1] ?? ''),
    });
    await dialOpen(peer(), address);
    expect(arrivals).toHaveLength(1);
  });

  it.each([
    ['is over', { certificateMs: 14 * DAY_MS }, -20 * DAY_MS],
    ['has not begun', { certificateMs: 14 * DAY_MS }, 3 * DAY_MS],
    ['lasts longer than 14 days', { certificateMs: 15 * DAY_MS }, 0],
  ])('a pinned certificate that %s is refused', async (_name, settings, shiftMs) => {
    const listening = peer(settings, { now: () => Date.now() + shiftMs });
    const { address, arrivals } = await listen(listening);
    expect(await dial(peer(), address)).toMatchObject({
      status: 'refused',
      reason: expect.stringContaining('valid from'),
    });
    expect(arrivals).toEqual([]);
  });

  it('a certificate that the system trusts is no way around the pin', async () => {
    const { pem } = makeCertificate(Date.now(), 14 * DAY_MS);
    const authority = join(mkdtempSync(join(tmpdir(), 'murmuration-test-')), 'ca.pem');
    cleanups.push(() => rmSync(join(authority, '..'), { recursive: true }));
    writeFileSync(authority, new X509Certificate(pem).toString());
    const keeper = { read: () => Promise.resolve(pem), write: () => Promise.resolve() };
    const { address } = await listen(peer({}, { keeper }));
    const trusting = { NODE_EXTRA_CA_CERTS: authority };
    const pinned = child('status', address, trusting);
    const mistaken = child('status', elsewhere(address), trusting);
    expect([await pinned.line(), await mistaken.line()]).toEqual(['open', 'wrong_identity']);
  }, 15_000);

  it('a certificate is renewed while links live, and the address with it', async () => {
    // The certificate began to be shown a week ago; the dials below are of today.
    let now = Date.now() - 7.5 * DAY_MS;
    const { listener, arrivals, address } = await listen(
      peer({ renewCheckMs: 20 }, { now: () => now }),
    );
    const old = witness(await dialOpen(peer(), address));
    await until(() => arrivals.length === 1, 'the listener to accept');
    now += 6.5 * DAY_MS;
    await sleep(60);
    expect(listener.address).toBe(address);
    now += DAY_MS;
    await until(() => listener.address !== address, 'a new certificate');
    expect(await dial(peer(), address)).toMatchObject({ status: 'wrong_identity' });
    const fresh = await dialOpen(peer(), listener.address);
    await until(() => arrivals.length === 2, 'the listener to accept again');
    expect(fresh.binding).toBe(arrivals[1]?.binding);
    const far = witness(arrivals[0] as Link);
    old.link.send(pattern(1_000));
    await until(() => far.byteCount() === 1_000, 'bytes over the old link');
  });

  it('a certificate that was kept is shown again, until it is due', async () => {
    let kept: string | undefined;
    const keeper = {
      read: () => Promise.resolve(kept),
      write: (pem: string) => Promise.resolve(void (kept = pem)),
    };
    const hashAt = async (now: number): Promise<string | undefined> => {
      const transport = peer({}, { keeper, now: () => now });
      const { address } = await listen(transport);
      await transport.close();
      return address.split('/')[1];
    };
    const start = Date.now();
    const first = await hashAt(start);
    expect(readCertificate(kept ?? '')?.hash).toBe(first);
    expect(await hashAt(start + 6 * DAY_MS)).toBe(first);
    expect(await hashAt(start + 8 * DAY_MS)).not.toBe(first);
    kept = 'no certificate at all';
    expect(await hashAt(start)).toHaveLength(43);
  });

  it('nobody is proven, and both ends know where the other is', async () => {
    const { address, arrivals } = await listen(peer());
    const link = await dialOpen(peer(), address);
    await until(() => arrivals.length === 1, 'the listener to accept');
    expect([link.proven, arrivals[0]?.proven]).toEqual([undefined, undefined]);
    expect(link.remoteAddress).toBe(address.split('/')[0]);
    expect(arrivals[0]?.remoteAddress).toMatch(/^127\.0\.0\.1:\d+$/);
  });
});

const varint = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  bytes[0] = (bytes[0] ?? 0) | 0x80;
  return bytes;
};
/** Type, length, content (RFC 9297 section 3.2). */
const capsule = (type: number, content: Uint8Array, length = content.length): Buffer =>
  Buffer.concat([varint(type), varint(length), content]);
const STREAM = 0x190b4d3b;

describe('WebTransport: peers that follow no protocol of ours', () => {
  /** A session of somebody who speaks HTTP/2 and says what it likes. */
  const visit = (address: string) => {
    const session: ClientHttp2Session = connectHttp2(`https://${address.split('/')[0]}`, {
      rejectUnauthorized: false,
    });
    session.on('error', () => undefined);
    cleanups.push(() => session.destroy());
    const request = (headers: { readonly [name: string]: string } = {}): ClientHttp2Stream => {
      const stream = session.request({
        ':method': 'CONNECT',
        ':protocol': 'webtransport',
        ':scheme': 'https',
        ':path': '/icn',
        ...headers,
      });
      stream.on('error', () => undefined);
      return stream;
    };
    const ready = new Promise<void>((resolve) => {
      session.once('remoteSettings', () => resolve());
    });
    return { session, request, ready };
  };

  const capsules: readonly (readonly [string, Buffer])[] = [
    ['a stream of the wrong side', capsule(STREAM, Buffer.from([4]))],
    ['a stream for one direction', capsule(STREAM, Buffer.from([3]))],
    [
      'more streams than one',
      Buffer.concat([1, 5, 9].map((id) => capsule(STREAM, Buffer.from([id])))),
    ],
    ['a datagram', capsule(0, Buffer.alloc(1_000))],
    ['a wish to leave', capsule(0x78ae, Buffer.alloc(0))],
    ['a capsule of 900 kB that is none', capsule(0x1234, Buffer.alloc(900_000))],
    ['a capsule without end', capsule(STREAM, Buffer.from([1, 1, 2]), 0x3fff_ffff)],
    ['chance', randomBytes(100_000)],
  ];
  it.each(capsules)(
    '%s costs the sender its link and nobody else anything',
    async (_name, bytes) => {
      const { address, arrivals } = await listen(peer({ dialTimeoutMs: 1_000 }));
      const near = witness(await dialOpen(peer(), address));
      const { session, request, ready } = visit(address);
      await ready;
      const stream = request();
      stream.write(bytes);
      await until(() => session.closed || session.destroyed, 'the visitor to be shown out');
      const far = witness(arrivals[0] as Link);
      near.link.send(pattern(1_000));
      await until(() => far.byteCount() === 1_000, 'bytes over the good link');
      expect(arrivals).toHaveLength(1);
    },
  );

  it('requests that are taken back in the same packet, and other requests, do no harm', async () => {
    const { address } = await listen(peer({ dialTimeoutMs: 500 }));
    for (const headers of [
      {},
      { ':method': 'GET' },
      { ':protocol': 'websocket', 'sec-websocket-protocol': 'webtransport_kDraft1' },
      { ':path': '/elsewhere' },
      { ':path': '/__proto__' },
      { 'wt-available-protocols': '"' },
    ]) {
      const { session, request, ready } = visit(address);
      await ready;
      if (':method' in headers) session.request({ ':path': '/icn' }).on('error', () => undefined);
      else request(headers).close(8);
      await until(() => session.closed || session.destroyed, 'the visitor to be shown out');
    }
    expect(await dial(peer(), address)).toMatchObject({ status: 'open' });
  });

  it('bytes that are no TLS, silence, and HTTP/1 are cut within the dial time', async () => {
    const { address } = await listen(peer({ dialTimeoutMs: 400 }));
    const port = portOf(address);
    const closed = (socket: Socket): Promise<unknown> => {
      socket.on('error', () => undefined);
      cleanups.push(() => socket.destroy());
      return new Promise((resolve) => socket.once('close', resolve));
    };
    const noise = connectTcp(port, LOOPBACK, () => noise.write(randomBytes(5_000)));
    const silent = connectTcp(port, LOOPBACK);
    const quietTls = connectTls({ port, host: LOOPBACK, rejectUnauthorized: false });
    const oldTls = connectTls({ port, host: LOOPBACK, rejectUnauthorized: false }, () =>
      oldTls.write(
        'GET /icn HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
          'Sec-WebSocket-Protocol: webtransport_kDraft1\r\nSec-WebSocket-Key: eA==\r\n\r\n',
      ),
    );
    const start = performance.now();
    for (const socket of [silent, quietTls]) socket.resume();
    await Promise.all([noise, silent, quietTls, oldTls].map(closed));
    expect(performance.now() - start).toBeLessThan(2_000);
    await dialOpen(peer(), address);
  });

  it('a crowd that says nothing is bounded, and gone after the dial time', async () => {
    const { address } = await listen(
      peer({ dialTimeoutMs: 500, handshakesMax: 4, inboundLinksMax: 2 }),
    );
    let closedCount = 0;
    const crowd = Array.from({ length: 30 }, () => {
      const socket = connectTcp(portOf(address), LOOPBACK);
      socket.on('error', () => undefined);
      socket.once('close', () => (closedCount += 1));
      cleanups.push(() => socket.destroy());
      return socket.resume();
    });
    await until(() => closedCount >= 24, 'those above the bound to be cut', 400);
    await until(() => closedCount === crowd.length, 'all to be cut');
    expect(await dial(peer(), address)).toMatchObject({ status: 'open' });
  });

  it('links above the bound are refused, and taken again when there is room', async () => {
    const { address } = await listen(peer({ inboundLinksMax: 2 }));
    const visitor = peer();
    const first = witness(await dialOpen(visitor, address));
    await dialOpen(visitor, address);
    expect(await dial(visitor, address)).toMatchObject({ status: 'refused' });
    first.link.close();
    await until(() => first.closed.length === 1, 'the end of one');
    await until(() => first.link.send(pattern(1)) === 'closed', 'the end of one');
    let status = '';
    for (let tries = 0; tries < 20 && status !== 'open'; tries++) {
      ({ status } = await dial(visitor, address));
      await sleep(20);
    }
    expect(status).toBe('open');
  });

  it('a listener that is silent, leaves, or speaks something else is unreachable in time', async () => {
    const answers: ((socket: Socket) => unknown)[] = [
      () => undefined,
      (socket) => socket.destroy(),
      (socket) => socket.write(randomBytes(2_000)),
    ];
    for (const answer of answers) {
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        answer(socket);
      });
      await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
      cleanups.push(() => server.close());
      const { port } = server.address() as AddressInfo;
      const address = elsewhere(`${LOOPBACK}:${port}/`);
      const start = performance.now();
      expect(await dial(peer({ dialTimeoutMs: 400 }), address)).toMatchObject({
        status: 'unreachable',
      });
      expect(performance.now() - start).toBeLessThan(1_500);
    }
  });

  it('a listener with the right certificate and the wrong protocol is refused in time', async () => {
    const { pem, hash } = makeCertificate(Date.now(), 14 * DAY_MS);
    for (const answer of [randomBytes(2_000), Buffer.alloc(0)]) {
      const server = createTlsServer({ cert: pem, key: pem, ALPNProtocols: ['h2'] }, (socket) => {
        socket.on('error', () => undefined);
        if (answer.length > 0) socket.write(answer);
      });
      await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
      cleanups.push(() => server.close());
      const { port } = server.address() as AddressInfo;
      const result = await dial(peer({ dialTimeoutMs: 400 }), `${LOOPBACK}:${port}/${hash}`);
      expect(['refused', 'unreachable']).toContain(result.status);
    }
  });

  it('a peer that sends more than is kept before open is cut, and told apart', async () => {
    const { address, arrivals } = await listen(peer({ unreadBytesMax: 200_000 }));
    const near = witness(await dialOpen(peer(), address));
    await until(() => arrivals.length === 1, 'the listener to accept');
    for (let index = 0; index < 10; index++) near.link.send(pattern(60_000, index));
    await until(() => near.closed.length === 1, 'the cut');
    const far = witness(arrivals[0] as Link);
    await until(() => far.closed.length === 1, 'its reason');
    expect([far.closed, near.closed]).toEqual([['overflow'], ['lost']]);
    expect(far.byteCount()).toBeLessThan(300_000);
    await dialOpen(peer(), address);
  });
});

describe.concurrent('WebTransport: peers that die', () => {
  it('a peer killed inside a frame: the bytes so far, then lost; the listener lives on', async () => {
    const { address, arrivals } = await listen(peer());
    const { line, process: dying } = child('cut', address);
    await line();
    await until(() => arrivals.length === 1, 'the child to arrive');
    const far = witness(arrivals[0] as Link);
    await until(() => far.byteCount() === 700, 'its bytes');
    dying.kill('SIGKILL');
    await until(() => far.closed.length > 0, 'the loss to be noticed', 2_000);
    expect([far.closed, far.byteCount()]).toEqual([['lost'], 700]);
    await dialOpen(peer(), address);
  }, 15_000);

  it('a dialled peer that is killed is noticed', async () => {
    const { line, process: dying } = child('listen');
    const near = witness(await dialOpen(peer(), await line()));
    dying.kill('SIGKILL');
    await until(() => near.closed.length > 0, 'the loss to be noticed', 2_000);
    expect(near.closed).toEqual(['lost']);
  }, 15_000);

  it('a process that closed its transports ends by itself, and the library has said nothing', async () => {
    const finishing = child('finish');
    const exited = once(finishing.process, 'exit');
    expect(await finishing.line()).toBe('closed');
    expect(await Promise.race([exited, sleep(3_000, 'still running')])).toEqual([0, null]);
    expect(finishing.said()).toBe('closed\n');
  }, 15_000);
});

describe('WebTransport: the machine', () => {
  it('a port in use is the Fault port_in_use, and says what to do', async () => {
    const { address } = await listen(peer());
    await expect(listen(peer(), address.split('/')[0])).rejects.toMatchObject({
      code: 'port_in_use',
      message: expect.stringMatching(/^127\.0\.0\.1:\d+ is in use.*choose another port/),
    });
  });

  it.each(['', 'nonsense', '127.0.0.1', '127.0.0.1:70000', '203.0.113.7:0'])(
    'listening at %j is the Fault settings_invalid',
    async (address) => {
      await expect(listen(peer(), address)).rejects.toMatchObject({ code: 'settings_invalid' });
    },
  );

  it.each(['', '127.0.0.1:7001', '127.0.0.1:7001/short', `127.0.0.1:0/${'a'.repeat(43)}`])(
    'a dial to %j is answered unreachable',
    async (address) => {
      expect(await dial(peer(), address)).toMatchObject({ status: 'unreachable' });
    },
  );

  it('50 rounds of connecting and leaving leave no handle open', async () => {
    const left = peer();
    const { address, arrivals } = await listen(peer());
    const files = (): number =>
      process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
    const handles = (): number => process.getActiveResourcesInfo().length;
    const round = async (): Promise<void> => {
      const near = witness(await dialOpen(left, address));
      await until(() => arrivals.length > 0, 'the listener to accept');
      const far = witness(arrivals.pop() as Link);
      near.link.close();
      await until(() => far.closed.length + near.closed.length === 2, 'both ends closed');
    };
    await round();
    await sleep(50);
    const filesBefore = files();
    const handlesBefore = handles();
    for (let index = 0; index < 50; index++) await round();
    await sleep(50);
    expect(files()).toBeLessThanOrEqual(filesBefore + 4);
    expect(handles()).toBeLessThanOrEqual(handlesBefore + 5);
  }, 15_000);
});
