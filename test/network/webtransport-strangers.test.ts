/**
 * Strangers at a WebTransport port, and in place of one: whatever they send, it costs them their connection
 * at once and nobody else anything. The dial time is long here where it would end them anyway, so that
 * each guard of webtransport/ is missed when it is gone; peers that have become links, and listeners that
 * were dialled, are in webtransport-guests.test.ts.
 */
import { randomBytes } from 'node:crypto';
import { connect as connectTcp, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import type { Link } from '#contracts/transport.ts';
import { makeCertificate } from '#reference/transport/webtransport/certificate.ts';
import { pattern, witness } from '#test/suites/link.ts';
import { countBeats } from '#test/support/beats.ts';
import { until } from './quic-pair.ts';
import { capsule, STREAM, visit } from './webtransport-visitor.ts';
import {
  cleanUp,
  cleanups,
  dial,
  dialOpen,
  elsewhere,
  listen,
  LOOPBACK,
  peer,
  portOf,
} from './webtransport-pair.ts';

afterAll(cleanUp);

const DAY_MS = 86_400_000;
/** Who is not shown out before it is not shown out by a guard. */
const LONG_MS = 20_000;

/** Length, type, flags, stream, payload (RFC 9113 section 4.1). */
const frame = (type: number, flags: number, stream: number, payload = Buffer.alloc(0)): Buffer =>
  Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, stream, ...payload]);
/** Headers spelled out, none of them indexed (RFC 7541 section 6.2.2). */
const CONNECT = Buffer.concat(
  [
    [':method', 'CONNECT'],
    [':protocol', 'webtransport'],
    [':scheme', 'https'],
    [':path', '/icn'],
    [':authority', 'x'],
  ].map(([name = '', value = '']) =>
    Buffer.concat([
      Buffer.from([0, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]),
  ),
);

describe('WebTransport: peers that follow no protocol of ours', () => {
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
    ['the end of a session', capsule(0x2843, Buffer.alloc(4))],
    ['chance', randomBytes(100_000)],
  ];
  it.each(capsules)(
    '%s costs the sender its link and nobody else anything',
    async (_name, bytes) => {
      const { address, arrivals } = await listen(peer({ dialTimeoutMs: LONG_MS }));
      const near = witness(await dialOpen(peer(), address));
      const { request, ready, isOut } = visit(address);
      await ready;
      request().write(bytes);
      await until(isOut, 'the visitor to be shown out', LONG_MS / 2);
      const far = witness(arrivals[0] as Link);
      near.link.send(pattern(1_000));
      await until(() => far.byteCount() === 1_000, 'bytes over the good link');
      expect(arrivals).toHaveLength(1);
    },
  );

  it('other requests, and more than one, cost their connection at once', async () => {
    const { address } = await listen(peer({ dialTimeoutMs: LONG_MS }));
    for (const headers of [
      {},
      { ':method': 'GET' },
      { ':protocol': 'websocket', 'sec-websocket-protocol': 'webtransport_kDraft1' },
      { ':path': '/elsewhere' },
      { ':path': '/__proto__' },
      { 'wt-available-protocols': '"' },
    ]) {
      const { session, request, ready, isOut } = visit(address);
      await ready;
      if (':method' in headers) session.request({ ':path': '/icn' }).on('error', () => undefined);
      else request(headers);
      // The second is one too many on any connection.
      request();
      await until(isOut, 'the visitor to be shown out', LONG_MS / 2);
    }
    expect(await dial(peer(), address)).toMatchObject({ status: 'open' });
  });

  it('requests that are taken back in the same packet do no harm', async () => {
    const { address } = await listen(peer({ dialTimeoutMs: 500 }));
    for (let times = 0; times < 5; times++) {
      const socket = connectTls({
        port: portOf(address),
        host: LOOPBACK,
        rejectUnauthorized: false,
        ALPNProtocols: ['h2'],
      });
      socket.on('error', () => undefined);
      cleanups.push(() => socket.destroy());
      socket.write(
        Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0)]),
      );
      // Its settings, without which this request is none.
      await new Promise((resolve) => socket.once('data', resolve));
      const taken = [frame(4, 1, 0), frame(1, 4, 1, CONNECT), frame(3, 0, 1, Buffer.alloc(4, 8))];
      socket.write(Buffer.concat(taken));
      await until(() => socket.destroyed, 'the visitor to be shown out');
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
    let heard = '';
    oldTls.on('data', (bytes: Buffer) => (heard += bytes.toString('latin1')));
    const beats = countBeats();
    for (const socket of [silent, quietTls]) socket.resume();
    await Promise.all([noise, silent, quietTls, oldTls].map(closed));
    expect(beats()).toBeLessThan(2_000);
    expect(heard, 'a WebSocket is not what we offer').not.toContain('101');
    await dialOpen(peer(), address);
  });

  it('a crowd that says nothing is bounded, and gone after the dial time', async () => {
    const { address } = await listen(
      peer({ dialTimeoutMs: 2_000, handshakesMax: 4, inboundLinksMax: 2 }),
    );
    let closedCount = 0;
    const beats = countBeats();
    const crowd = Array.from({ length: 30 }, () => {
      const socket = connectTcp(portOf(address), LOOPBACK);
      socket.on('error', () => undefined);
      socket.once('close', () => (closedCount += 1));
      cleanups.push(() => socket.destroy());
      return socket.resume();
    });
    await until(() => closedCount >= 24, 'those above the bound to be cut');
    expect(beats(), 'the dial time had to cut them').toBeLessThan(2_000);
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
      const beats = countBeats();
      expect(await dial(peer({ dialTimeoutMs: 400 }), address)).toMatchObject({
        status: 'unreachable',
      });
      expect(beats()).toBeLessThan(1_500);
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
