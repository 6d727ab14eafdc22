/** Two QUIC transports on the loopback interface, and waiting for them in real time. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Did } from '#contracts/identifiers.ts';
import type { Transport } from '#contracts/transport.ts';
import { publicKeyOf } from '#reference/transport/quic/identity.ts';
import { createQuicTransport } from '#reference/transport/quic.ts';
import type { QuicSettings } from '#reference/transport/quic/settings.ts';
import type { LinkPair } from '#test/suites/link.ts';

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** did:key of an Ed25519 key, on its own so that these tests stand on the transport alone. */
export const didOf = (publicKey: Uint8Array): Did => {
  let value = BigInt(`0xed01${Buffer.from(publicKey).toString('hex')}`);
  let digits = '';
  for (; value > 0n; value /= 58n) digits = `${BASE58[Number(value % 58n)]}${digits}`;
  return `did:key:z${digits}` as Did;
};

/** Polls until the predicate holds; rejects with the name of what it waited for. */
export const until = async (
  predicate: () => boolean,
  what: string,
  deadlineMs = 30_000,
): Promise<void> => {
  const start = performance.now();
  while (!predicate()) {
    if (performance.now() - start > deadlineMs)
      throw new Error(`waited ${deadlineMs} ms in vain for ${what}`);
    await sleep(2);
  }
};

export interface Peer {
  readonly transport: Transport;
  readonly did: Did;
}

/** A transport of somebody new. */
export const createPeer = (settings: Partial<QuicSettings> = {}): Peer => {
  const seed = randomBytes(32);
  return {
    transport: createQuicTransport({ seed, didOf, settings }),
    did: didOf(publicKeyOf(seed)),
  };
};

export const quicPair = (settings: Partial<QuicSettings> = {}): LinkPair => {
  // A dial to nobody is answered sooner than by default, for the sake of the suite's duration.
  const left = createPeer({ dialTimeoutMs: 1_500, ...settings });
  const right = createPeer(settings);
  return {
    left: left.transport,
    right: right.transport,
    listenAddress: '127.0.0.1:0',
    rightDid: right.did,
    wrongDid: didOf(publicKeyOf(randomBytes(32))),
    until,
    close: async () => {
      await Promise.all([left.transport.close(), right.transport.close()]);
    },
  };
};
