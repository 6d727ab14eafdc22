/**
 * A node of `soak`: the daemon as `node start` runs it, and beside it in the process somebody who pays.
 *
 * Payments are asked of the node itself, many under way at a time, as a program does that embeds one. The
 * control server takes an operator's changes one at a time, each until it is durable: that measures a disk.
 */
import type { Node } from '#contracts/node.ts';
import { readSettings } from '#reference/config.ts';
import { runDaemon } from '#reference/commands/node/daemon/daemon.ts';
import { homeAt } from '#reference/commands/node/home/home.ts';
import { eventLine } from '#reference/operations/events.ts';
import { referenceLayers } from '#reference/layers.ts';
import { CURRENCY } from './cooperative.ts';
import { sink } from './measure.ts';
import { BEGIN } from './soak.ts';

/** Payments that wait for the disk: a second's worth. What is due beyond that is left out. */
const UNDER_WAY_MAX = 500;
const TICK_MS = 5;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Pays whoever is linked so often a second. */
const load = async (node: Node, perSecond: number, seconds: number): Promise<void> => {
  const [peer] = node.peers();
  if (!peer) throw new Error('there is nobody to pay');
  const to = peer.did;
  const beganAt = performance.now();
  let underWay = 0;
  let due = 0;
  const payOne = async (): Promise<void> => {
    underWay += 1;
    const paid = await node.pay({ currency: CURRENCY, to, amount: 1n, memo: 'a minute in the garden' }); // prettier-ignore
    underWay -= 1;
    if (!paid.ok) throw new Error(`${paid.status}: ${paid.reason}`);
  };
  for (let elapsedMs = 0; elapsedMs < seconds * 1_000; elapsedMs = performance.now() - beganAt) {
    for (; due < (elapsedMs * perSecond) / 1_000; due++)
      if (underWay < UNDER_WAY_MAX) void payOne();
    await pause(TICK_MS);
  }
};

const [, , perSecond, seconds, , directory = ''] = process.argv;
await runDaemon(
  {
    home: homeAt(directory),
    layers: referenceLayers,
    settings: readSettings(),
    transport: 'quic',
    listen: '127.0.0.1:0',
    controlPort: 0,
    peers: [],
    multicast: undefined,
    logLevel: 'warn',
  },
  true,
  ({ node }) => {
    // As `node start` tells it, to nobody.
    node.watch((event) => (sink.last = eventLine(node, event)));
    process.once(BEGIN, () => void load(node, Number(perSecond), Number(seconds)));
  },
);
