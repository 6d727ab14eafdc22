/**
 * Peers over WebTransport that were let in, or let us in, and then say what the protocol does not have. No dial
 * time ends them any more: only a guard does. Each case here is missed when its guard in
 * webtransport/library.ts is taken out.
 */
import { randomBytes } from 'node:crypto';
import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import type { Link } from '#contracts/transport.ts';
import { makeCertificate } from '#reference/transport/webtransport/certificate.ts';
import { pattern, witness } from '#test/suites/link.ts';
import { until } from './quic-pair.ts';
import { cleanUp, cleanups, dial, dialOpen, listen, LOOPBACK, peer } from './webtransport-pair.ts';
import { capsule, STREAM, visit } from './webtransport-visitor.ts';

afterAll(cleanUp);

const DAY_MS = 86_400_000;

/** The 16 bytes with which both ends begin, on the dialler's first stream. */
const token = (): Buffer => capsule(STREAM, Buffer.concat([Buffer.from([1]), randomBytes(16)]));
const streamOf = (number: number): Buffer => capsule(STREAM, Buffer.from([number, 0]));

/** What either side may not say. The numbers of streams are those that the sender would open. */
const sayings = (own: {
  readonly bidirectional: number;
  readonly other: number;
}): readonly (readonly [string, Buffer])[] => [
  ['one more stream', streamOf(own.bidirectional)],
  ['a stream of the other side', streamOf(own.other)],
  ['a stream for one direction', streamOf(own.bidirectional + 2)],
  ['a datagram', capsule(0, Buffer.alloc(100))],
  [
    'ten thousand datagrams',
    Buffer.concat(Array<Buffer>(10_000).fill(capsule(0, Buffer.alloc(100)))),
  ],
  ['that it would like to leave', capsule(0x78ae, Buffer.alloc(0))],
  ['that the session is over', capsule(0x2843, Buffer.alloc(4))],
  ['half of a capsule that is none', capsule(0x1234, Buffer.alloc(100_000), 200_000)],
];

describe.concurrent('WebTransport: a guest', () => {
  it.each(sayings({ bidirectional: 5, other: 2 }))(
    'that says %s is shown out',
    async (_name, bytes) => {
      const { address, arrivals } = await listen(peer());
      const good = witness(await dialOpen(peer(), address));
      const { request, ready, isOut } = visit(address);
      await ready;
      const stream = request();
      stream.write(token());
      await until(() => arrivals.length === 2, 'the visitor to be let in');
      const [far, guest] = arrivals.map(witness) as [
        ReturnType<typeof witness>,
        ReturnType<typeof witness>,
      ];
      stream.write(capsule(STREAM, Buffer.from([1, 7, 7, 7])));
      await until(() => guest.byteCount() === 3, 'what it says first');
      stream.write(bytes);
      await until(() => guest.closed.length === 1, 'the end of its link', 10_000);
      expect(guest.closed).toEqual(['lost']);
      await until(isOut, 'the end of its connection', 10_000);
      good.link.send(pattern(1_000));
      await until(() => far.byteCount() === 1_000, 'bytes over the good link');
    },
  );
});

describe.concurrent('WebTransport: a host', () => {
  /** A listener with a certificate, of somebody who says what it likes once it was dialled. */
  const host = async (says: Buffer): Promise<{ readonly address: string }> => {
    const { pem, hash } = makeCertificate(Date.now(), 14 * DAY_MS);
    const settings = { enableConnectProtocol: true };
    const server = createSecureServer({ cert: pem, key: pem, settings });
    server.on('sessionError', () => undefined);
    server.on('stream', (stream: ServerHttp2Stream) => {
      stream.on('error', () => undefined);
      stream.respond({ ':status': 200 });
      stream.once('data', () => {
        stream.write(token());
        stream.write(capsule(STREAM, Buffer.from([1, 7, 7, 7])));
        setTimeout(() => stream.write(says), 50);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
    cleanups.push(() => server.close());
    return { address: `${LOOPBACK}:${(server.address() as AddressInfo).port}/${hash}` };
  };

  it.each(sayings({ bidirectional: 2, other: 5 }))('that says %s is left', async (_name, bytes) => {
    const { address } = await host(bytes);
    const result = await dial(peer(), address);
    const near = witness((result as { readonly link: Link }).link);
    await until(() => near.closed.length === 1, 'the end of the link', 10_000);
    expect([near.closed, near.byteCount()]).toEqual([['lost'], 3]);
  });
});
