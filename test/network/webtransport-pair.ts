/** Two WebTransport transports on the loopback interface. */
import { randomBytes } from 'node:crypto';
import type { DialResult, Link, Transport } from '#contracts/transport.ts';
import { createWebTransport } from '#reference/transport/webtransport.ts';
import type { WebTransportOptions } from '#reference/transport/webtransport.ts';
import type { WebTransportSettings } from '#reference/transport/webtransport/settings.ts';
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

/** What the tests opened. They run side by side, so all of it is closed at the end. */
export const cleanups: (() => unknown)[] = [];
/** For `afterAll`. */
export const cleanUp = async (): Promise<void> => {
  await Promise.all(cleanups.map((cleanup) => cleanup()));
};

export const LOOPBACK = '127.0.0.1';
export const portOf = (address: string): number => Number(/:(\d+)/.exec(address)?.[1]);

/** Somebody who is closed when the tests are over. */
export const peer = (
  settings: Partial<WebTransportSettings> = {},
  options: WebTransportOptions = {},
): Transport => {
  const transport = createWebTransport({ ...options, settings });
  cleanups.push(() => transport.close());
  return transport;
};
export const dial = (transport: Transport, address: string): Promise<DialResult> =>
  new Promise((resolve) => transport.dial(address, undefined, resolve));
export const dialOpen = async (transport: Transport, address: string): Promise<Link> => {
  const result = await dial(transport, address);
  if (result.status !== 'open') throw new Error(`${result.status}: ${result.reason}`);
  return result.link;
};
export const listen = async (at: Transport, address = `${LOOPBACK}:0`) => {
  const arrivals: Link[] = [];
  const listener = await at.listen(address, (link) => arrivals.push(link));
  return { arrivals, listener, address: listener.address };
};
