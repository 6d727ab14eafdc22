/** Two WebTransport transports on the loopback interface. */
import { randomBytes } from 'node:crypto';
import type { Transport } from '#contracts/transport.ts';
import { createWebTransport } from '#reference/transport/webtransport.ts';
import type { WebTransportSettings } from '#reference/transport/webtransport-settings.ts';
import type { LinkPair } from '#test/suites/link.ts';
import { until } from './quic-pair.ts';

export const createPeer = (settings: Partial<WebTransportSettings> = {}): Transport =>
  createWebTransport({ settings });

/** The same place, behind a certificate that is not there. */
export const elsewhere = (address: string): string =>
  address.replace(/\/.*$/, `/${randomBytes(32).toString('base64url')}`);

export const webTransportPair = (settings: Partial<WebTransportSettings> = {}): LinkPair => {
  const left = createPeer(settings);
  const right = createPeer(settings);
  return {
    left,
    right,
    listenAddress: '127.0.0.1:0',
    wrongAddress: elsewhere,
    until,
    close: async () => {
      await Promise.all([left.close(), right.close()]);
    },
  };
};
