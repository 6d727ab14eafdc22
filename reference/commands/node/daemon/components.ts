/**
 * What a running node is made of, in the order in which it opens: one entry a component. To add one, write
 * it beside those it needs and put it into the list.
 *
 * The node's papers come before its store, so that a directory without them is left as it was found. Trust,
 * the ledger and gossip are cores inside `node`: they hold nothing open, and begin with what the store gives
 * them. What others on the machine or the network see comes last, and goes first.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { Fault, messageOf } from '#contracts/faults.ts';
import type { Candidate, LogLevel } from '#contracts/host.ts';
import type { NodeLayers } from '#contracts/layers.ts';
import { PROTOCOL } from '#contracts/messages.ts';
import type { NodeSettings } from '#contracts/settings.ts';
import { startMdns } from '#reference/discovery/mdns.ts';
import { writeFileDurably } from '#reference/host/durable-file.ts';
import { createHost, openLog } from '#reference/host/host.ts';
import { openStore } from '#reference/host/level-store.ts';
import { createNode } from '#reference/node.ts';
import { leaversMaxOf } from '#reference/node/peers/peering.ts';
import { startControl, type ControlServer } from '#reference/operations/control.ts';
import { createComponent } from '#reference/supervision/component.ts';
import type { RestartPolicy } from '#reference/supervision/supervision.ts';
import { createBook } from '#reference/telemetry/book.ts';
import { observeProcess } from '#reference/telemetry/process.ts';
import { parseAddress } from '#reference/transport/address.ts';
import { readHomeNetwork, readIdentity, type Home } from '../home/home.ts';
import { recall } from '../home/remembered.ts';
import { openTransport, type TransportKind } from './transports.ts';

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

/** For what the node can do without: five deaths in ten minutes, then it goes on without it. */
const RESTARTS: RestartPolicy = {
  restMsMin: 250,
  restMsMax: 30_000,
  restartsMax: 5,
  windowMs: 600_000,
};

const writeControl = async (home: Home, control: ControlServer, token: string): Promise<void> => {
  const text = JSON.stringify({ address: control.address, token, pid: process.pid });
  await writeFileDurably(home.tokenPath, token, 0o600);
  // Whole or not at all: somebody may be waiting to read it.
  await writeFileDurably(home.controlPath, `${text}\n`, 0o600);
};

/** Declares everything and opens nothing. */
export const componentsOf = (options: DaemonOptions) => {
  const { home, layers, settings, listen, multicast } = options;

  const identity = createComponent({
    name: 'identity',
    open: async () => ({ network: await readHomeNetwork(home), ...(await readIdentity(home)) }),
  });

  const storage = createComponent({
    name: 'storage',
    open: () => openStore(home.storePath),
    close: (store) => store.close(),
  });

  const transport = createComponent({
    name: 'transport',
    needs: [identity],
    open: () =>
      openTransport({
        kind: options.transport ?? 'quic',
        home,
        seed: identity.value.seed,
        inboundLinksMax: settings.peering.linksMax + leaversMaxOf(settings.peering.linksMax),
        warned: (error) =>
          host.current?.log('warn', 'certificate_not_kept', { reason: messageOf(error) }),
      }),
    close: (opened) => opened.close(),
  });

  const host = createComponent({
    name: 'host',
    needs: [storage, transport],
    open() {
      const telemetry = createBook({ now: () => performance.timeOrigin + performance.now() });
      observeProcess(telemetry);
      return createHost({
        store: storage.value,
        transport: transport.value,
        telemetry,
        log: openLog(),
        logLevelMin: options.logLevel,
      });
    },
    close: (real) => real.halt(),
  });

  const node = createComponent({
    name: 'node',
    needs: [identity, host],
    async open(died) {
      const { network, signer } = identity.value;
      const remembered = await recall(home, layers, signer.did, host.value.log);
      const created = await createNode({
        host: host.value,
        network,
        signer,
        layers,
        settings,
        ...remembered,
      });
      created.watch((event) => {
        if (event.event === 'failed') died(new Fault('store_failed', event.reason));
      });
      return created;
    },
    close: (created) => created.stop(),
  });

  /** Its value is the address that was bound. */
  const network = createComponent({
    name: 'network',
    needs: [node],
    open: () => node.value.start(listen, options.peers),
    close: () => node.value.stop(),
  });

  const discovery = createComponent({
    name: 'discovery',
    needs: [node, network],
    restart: RESTARTS,
    whenLost: 'go_on',
    open: (died) =>
      startMdns({
        self: node.value.did,
        version: PROTOCOL,
        address: network.value,
        certificate: () => parseAddress(node.value.address ?? network.value)?.certificate,
        discovery: layers.discovery({ self: node.value.did }),
        report: (event) => {
          if (event.event === 'found') node.value.meet({ address: event.address, did: event.did });
          else node.value.lose(event.did);
        },
        died: (reason) => died(new Error(reason)),
        ...multicast,
      }),
    close: (mdns) => mdns.close(),
  });

  const operations = createComponent({
    name: 'operations',
    needs: [node],
    restart: RESTARTS,
    whenLost: 'go_on',
    async open(died) {
      const token = randomBytes(32).toString('base64url');
      const control = await startControl(node.value, token, {
        died,
        mailbox: layers.mailbox,
        ...(options.controlPort !== undefined && { port: options.controlPort }),
      });
      try {
        await writeControl(home, control, token);
      } catch (error) {
        await control.close();
        throw new Fault(
          'store_failed',
          `${home.controlPath} cannot be written (${messageOf(error)}): look at the disk and at who may write there`,
          { cause: error },
        );
      }
      return control;
    },
    async close(control) {
      // Where a folder has become read-only they stay: nobody asks a process that is gone.
      const files = [home.controlPath, home.tokenPath];
      await Promise.allSettled(files.map((path) => rm(path, { force: true })));
      await control.close();
    },
  });

  return {
    host,
    node,
    network,
    discovery,
    operations,
    all: [
      identity,
      storage,
      transport,
      host,
      node,
      network,
      ...(multicast ? [discovery] : []),
      operations,
    ],
  };
};
