/**
 * A running node: the components of `components.ts` under the supervisor, from the first file to the last
 * socket. Closed once, whatever ended it, from whatever phase, and within `END_MS_MAX`.
 */
import type { LogLevel } from '#contracts/host.ts';
import type { NodeLayers } from '#contracts/layers.ts';
import type { Transport } from '#contracts/transport.ts';
import type { Node } from '#contracts/node.ts';
import type { NodeSettings } from '#contracts/settings.ts';
import { createHost, openLog } from '#reference/host/host.ts';
import { openStore } from '#reference/host/level-store.ts';
import { after } from '#reference/host/timer.ts';
import { createNode } from '#reference/node.ts';
import type { ControlServer } from '#reference/operations/control.ts';
import type { SupervisionEvent } from '#reference/supervision/supervision.ts';
import { createSupervisor, type Ending } from '#reference/supervision/supervisor.ts';
import { componentsOf, type DaemonOptions } from './components.ts';
import { readHomeNetwork, readIdentity, type Home } from '../home/home.ts';
import { glance } from '../home/remembered.ts';

export type { DaemonOptions } from './components.ts';

/** A shutdown that takes longer is given up: the store is consistent at every moment anyway. */
export const END_MS_MAX = 5_000;

export interface Daemon {
  readonly node: Node;
  readonly address: string;
  /** undefined while it rests between two tries, or when it was given up. */
  readonly control: ControlServer | undefined;
  /** Why peers are not found by mDNS, if they are not. */
  readonly multicastUnavailable: string | undefined;
  /** Closes everything. Safe to call twice. */
  stop(): Promise<Ending>;
  /** Resolves when everything is closed, whatever ended it. */
  readonly ended: Promise<Ending>;
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

/**
 * What an operator has to know is a warning; the rest is for whoever looks closely. What fails at the start
 * is said by the start itself.
 */
const levelOf = ({ event }: SupervisionEvent, hasRun: boolean): LogLevel => {
  if (event === 'failed' || event === 'lost') return hasRun ? 'warn' : 'debug';
  return event === 'resting' ? 'info' : 'debug';
};

/** A daemon that is not started yet; `start` resolves as Supervisor.start does. */
const createDaemon = (options: DaemonOptions) => {
  const { host, node, network, discovery, operations, all } = componentsOf(options);
  let hasRun = false;
  const supervisor = createSupervisor({
    components: all,
    after,
    now: () => performance.now(),
    endMsMax: END_MS_MAX,
    tell(event, reason) {
      hasRun ||= event.event === 'running';
      const { event: what, ...fields } = event;
      const subject = 'name' in event ? 'component' : 'daemon';
      host.current?.log(levelOf(event, hasRun), `${subject}_${what}`, {
        ...fields,
        ...(reason && { reason }),
      });
    },
  });
  return {
    start: () => supervisor.start(),
    stop: () => supervisor.stop(),
    ended: supervisor.ended,
    get node() {
      return node.value;
    },
    get address() {
      return network.value;
    },
    get control() {
      return operations.current;
    },
    get multicastUnavailable() {
      return discovery.current?.unavailable;
    },
  };
};

/** Starts everything; on a failure closes what was open and rejects with the Fault. */
export const startDaemon = async (options: DaemonOptions): Promise<Daemon> => {
  const daemon = createDaemon(options);
  if ((await daemon.start()) === 'running') return daemon;
  const { cause } = await daemon.ended;
  throw cause ?? new Error('the daemon ended before it ran');
};

/** Calls `leave` when a signal asks for it, or when the parent is gone. Gives what ends the listening. */
const onLeave = (parentWatched: boolean, leave: () => void): (() => void) => {
  // Never taken back: a second signal must not cut the closing short, which has its own bound.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, leave);
  if (parentWatched) {
    process.once('disconnect', leave);
    // A parent that went while this program was still being read: that is not told again.
    if (!process.connected) leave();
  }
  // A channel to the parent that somebody listens to would keep the process.
  return () => void process.off('disconnect', leave);
};

/** When all is closed the process has nothing left to wait for; what hangs is not waited for. */
const finish = ({ cause, overdue }: Ending): void => {
  if (overdue.length > 0) {
    process.stderr.write(`given up after ${END_MS_MAX} ms: ${overdue.join(', ')}\n`);
    process.exit(1);
  }
  if (cause) throw cause;
};

/**
 * Runs until a signal asks it to stop, or its parent is gone; resolves when all is closed. Rejects with
 * Fault `store_failed` where the store was what ended it.
 */
export const untilStopped = async (daemon: Daemon, parentWatched: boolean): Promise<void> => {
  const forget = onLeave(parentWatched, () => void daemon.stop());
  const ending = await daemon.ended;
  forget();
  finish(ending);
};

/**
 * The same from the first moment, so that a signal during the start closes what is open by then. `running`
 * is called once everything is up. Resolves to whether that ever was; rejects with what ended it.
 */
export const runDaemon = async (
  options: DaemonOptions,
  parentWatched: boolean,
  running: (daemon: Daemon) => void,
): Promise<boolean> => {
  const daemon = createDaemon(options);
  const forget = onLeave(parentWatched, () => void daemon.stop());
  const how = await daemon.start();
  if (how === 'running') running(daemon);
  const ending = await daemon.ended;
  forget();
  finish(ending);
  return how === 'running';
};
