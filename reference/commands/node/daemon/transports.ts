/** What a node may be told to speak, and how each of them is made of a home. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '#contracts/faults.ts';
import type { Transport } from '#contracts/transport.ts';
import { writeFileDurably } from '#reference/host/durable-file.ts';
import { encodeDid } from '#reference/records/did.ts';
import { parseAddress } from '#reference/transport/address.ts';
import { createQuicTransport } from '#reference/transport/quic.ts';
import type { CertificateKeeper } from '#reference/transport/webtransport.ts';
import type { Home } from '../home/home.ts';

export const TRANSPORTS = ['quic', 'webtransport'] as const;
export type TransportKind = (typeof TRANSPORTS)[number];

/** Keeps the certificate beside the key: its hash is part of the address that others have noted. */
const keeperIn = (home: Home): CertificateKeeper => {
  const path = join(home.directory, 'certificate.pem');
  return {
    // Unreadable or not there: a new one is made, and written where it can be.
    read: () => readFile(path, 'utf8').catch(() => undefined),
    write: (pem) => writeFileDurably(path, pem, 0o600),
  };
};

export interface TransportChoice {
  readonly kind: TransportKind;
  readonly home: Home;
  readonly seed: Uint8Array;
  /** Links that others may open. */
  readonly inboundLinksMax: number;
  /** Told of trouble that ends nothing. */
  readonly warned: (error: unknown) => void;
}

export const openTransport = async (choice: TransportChoice): Promise<Transport> => {
  const settings = { inboundLinksMax: choice.inboundLinksMax };
  if (choice.kind === 'quic') {
    return createQuicTransport({ seed: choice.seed, didOf: encodeDid, settings });
  }
  // Loaded when asked for: most nodes never need it.
  const { createWebTransport } = await import('#reference/transport/webtransport.ts');
  return createWebTransport({ settings, keeper: keeperIn(choice.home), warned: choice.warned });
};

/** Throws Fault `usage` where a peer is not named as its transport needs it. */
export const checkPeers = (kind: TransportKind, peers: readonly string[]): void => {
  const expected = kind === 'quic' ? 'host:port' : 'host:port/hash';
  for (const peer of peers) {
    const parsed = parseAddress(peer);
    const isNamed = parsed !== undefined && parsed.port > 0;
    if (!isNamed || (parsed.certificate === undefined) !== (kind === 'quic')) {
      throw new Fault('usage', `peers: expected ${expected}, separated by commas, got ${peer}`);
    }
  }
};
