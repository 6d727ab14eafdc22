/**
 * A running node: the real host around it, from the first file to the last socket.
 *
 * Opened in the order store, identity, snapshot, node, network, discovery, control; closed in reverse, once,
 * whatever ended it, and within `STOP_TIMEOUT_MS`.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { Fault, messageOf } from '#contracts/faults.ts';
import type { Candidate, LogLevel } from '#contracts/host.ts';
import type { NodeLayers } from '#contracts/layers.ts';
import type { Transport } from '#contracts/transport.ts';
import type { Node } from '#contracts/node.ts';
import type { NodeSettings } from '#contracts/settings.ts';
import { startMdns, type Mdns } from '#reference/discovery/mdns.ts';
import { writeFileDurably } from '#reference/host/durable-file.ts';
import { createHost, openLog } from '#reference/host/host.ts';
import { openStore } from '#reference/host/level-store.ts';
import { createNode } from '#reference/node.ts';
import { startControl, type ControlServer } from '#reference/operations/control.ts';
import { createBook } from '#reference/telemetry/book.ts';
import { observeProcess } from '#reference/telemetry/process.ts';
import { parseAddress } from '#reference/transport/address.ts';
import { PROTOCOL } from '#contracts/messages.ts';
import { readHomeNetwork, readIdentity, type Home } from './home.ts';
import { glance, recall } from './remembered.ts';
import { openTransport, type TransportKind } from './transports.ts';

/** A shutdown that takes longer is given up: the store is consistent at every moment anyway. */
const STOP_TIMEOUT_MS = 5_000;

export interface DaemonOptions {
  readonly home: Home;
  readonly layers: NodeLayers;
  readonly settings: NodeSettings;
  /** `quic` unless told. */
  readonly transport?: TransportKind;
  /** `host:port`; port 0 lets the kernel choose. */
  readonly listen: string;
  /** Addresses to dial, whoever is there. */
  readonly peers: readonly Candidate[];
  /** Interface address for mDNS; undefined leaves mDNS out. */
  readonly multicast: { readonly interface?: string } | undefined;
  readonly logLevel: LogLevel;
  /** TCP port of the control server; 0 lets the kernel choose. */
  readonly controlPort?: number;
}

export interface Daemon {
  readonly node: Node;
  readonly address: string;
  readonly control: ControlServer;
  /** Why peers are not found by mDNS, if they are not. */
  readonly multicastUnavailable: string | undefined;
  stop(): Promise<void>;
}

/** A transport for a node that only answers questions about its own store. */
const noTransport: Transport = {
  listen: () => Promise.reject(new Error('this node was opened without a network')),
  dial: (_address, _expected, done) => done({ status: 'unreachable', reason: 'no network' }),
  close: () => Promise.resolve(),
};

/** Opens the node of a home without a network: for questions while it is not running. */
export const openOffline = async (
  home: Home,
  layers: NodeLayers,
  settings: NodeSettings,
): Promise<Node> => {
  const network = await readHomeNetwork(home);
  const { signer } = await readIdentity(home);
  const store = await openStore(home.storePath);
  try {
    const host = createHost({
      store,
      transport: noTransport,
      log: openLog(),
      logLevelMin: 'error',
    });
    const remembered = await glance(home, layers, signer.did);
    return await createNode({ host, network, signer, layers, settings, ...remembered });
  } catch (error) {
    await store.close();
    throw error;
  }
};

const writeControl = async (home: Home, control: ControlServer, token: string): Promise<void> => {
  const text = JSON.stringify({ address: control.address, token, pid: process.pid });
  await writeFileDurably(home.tokenPath, token, 0o600);
  // Whole or not at all: somebody may be waiting to read it.
  await writeFileDurably(home.controlPath, `${text}\n`, 0o600);
};

/** Starts everything; on a failure closes what was open and rejects with the Fault. */
export const startDaemon = async (options: DaemonOptions): Promise<Daemon> => {
  const { home, layers, settings } = options;
  const closers: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const network = await readHomeNetwork(home);
    const { seed, signer } = await readIdentity(home);
    const store = await openStore(home.storePath);
    closers.push(() => store.close());
    const log = openLog();
    const transport = openTransport({
      kind: options.transport ?? 'quic',
      home,
      seed,
      inboundLinksMax: settings.peering.linksMax,
      warned: (error) => host.log('warn', 'certificate_not_kept', { reason: messageOf(error) }),
    });
    closers.push(() => transport.close());
    const telemetry = createBook({ now: () => performance.timeOrigin + performance.now() });
    observeProcess(telemetry);
    const host = createHost({ store, transport, telemetry, log, logLevelMin: options.logLevel });
    const remembered = await recall(home, layers, signer.did, host.log);
    const node = await createNode({ host, network, signer, layers, settings, ...remembered });
    closers.push(() => node.stop());
    const address = await node.start(options.listen, options.peers);

    let mdns: Mdns | undefined;
    if (options.multicast) {
      mdns = await startMdns({
        self: signer.did,
        version: PROTOCOL,
        address,
        certificate: () => parseAddress(node.address ?? address)?.certificate,
        discovery: layers.discovery({ self: signer.did }),
        report: (event) => {
          if (event.event === 'found') node.meet({ address: event.address, did: event.did });
          else node.lose(event.did);
        },
        ...options.multicast,
      });
      closers.push(() => mdns?.close() ?? Promise.resolve());
    }

    const token = randomBytes(32).toString('base64url');
    const control = await startControl(node, token, options.controlPort);
    closers.push(() => control.close());
    await writeControl(home, control, token);
    closers.push(() => rm(home.controlPath, { force: true }));
    closers.push(() => rm(home.tokenPath, { force: true }));
    return { node, address, control, multicastUnavailable: mdns?.unavailable, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

/**
 * Runs until a signal asks it to stop, or its parent is gone; resolves when all is closed. Rejects with
 * Fault `store_failed` where the store was what ended it.
 */
export const untilStopped = async (daemon: Daemon, parentWatched: boolean): Promise<void> => {
  const failure = await new Promise<string | undefined>((resolve) => {
    const stop = (): void => resolve(undefined);
    // Never taken back: a second signal must not cut the closing short.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
    daemon.node.watch((event) => {
      if (event.event === 'failed') resolve(event.reason);
    });
    if (parentWatched) process.once('disconnect', stop);
  });
  const giveUp = setTimeout(() => process.exit(1), STOP_TIMEOUT_MS);
  await daemon.stop();
  clearTimeout(giveUp);
  // An open channel to the parent would keep the process.
  if (process.connected) process.disconnect();
  if (failure !== undefined) throw new Fault('store_failed', failure);
};
