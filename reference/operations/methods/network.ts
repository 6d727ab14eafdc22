/** What may be asked of the node as such, and of its links. */
import * as z from 'zod';
import type { Did } from '#contracts/identifiers.ts';
import type { Candidate } from '#contracts/host.ts';
import type { Node } from '#contracts/node.ts';
import { nameOf } from '#reference/operations/people.ts';
import { parseAddress } from '#reference/transport/address.ts';
import { conductView, hundredths } from './trust.ts';
import {
  change,
  method,
  none,
  notRunning,
  ok,
  person,
  who,
  type Answer,
  type Methods,
} from './method.ts';

const status = (node: Node): Answer =>
  ok({
    did: node.did,
    name: nameOf(node.did, node.network.genesis),
    network: { name: node.network.genesis.name, id: node.network.id },
    address: node.address ?? null,
    running: node.address !== undefined,
    peers: node.peers().length,
    cut: node.cutPeers.map((did) => nameOf(did, node.network.genesis)),
    records: node.topics().reduce((sum, { records }) => sum + records, 0),
    counters: Object.fromEntries(node.counters()),
  });

const peers = (node: Node): Answer =>
  ok(
    node.peers().map(({ did, address, side, roundTripMs }) => {
      const { trustClass, conduct } = node.trust(did);
      return {
        name: nameOf(did, node.network.genesis),
        did,
        address,
        side,
        roundTripMs: roundTripMs === undefined ? null : hundredths(roundTripMs),
        class: trustClass,
        conduct: conductView(conduct),
      };
    }),
  );

const fault = (
  node: Node,
  asked: { readonly cut?: readonly string[] | undefined; readonly heal?: boolean | undefined },
): Answer => {
  const refusal = notRunning(node);
  if (refusal) return refusal;
  const dids: Did[] = [];
  for (const text of asked.cut ?? []) {
    const found = who(node, text);
    if (!found.ok) return found;
    dids.push(found.value);
  }
  if (asked.heal) node.heal();
  node.cut(dids);
  return ok({ cut: node.cutPeers.map((did) => nameOf(did, node.network.genesis)) });
};

const dial = (node: Node, { address }: { readonly address: string }): Answer => {
  const refusal = notRunning(node);
  if (refusal) return refusal;
  node.meet({ address, did: undefined } satisfies Candidate);
  return ok({ dialling: address });
};

/** Whether somebody can be dialled there: an address with a port, which is not 0. Over WebTransport it ends with a hash. */
export const isDialable = (address: string): boolean => (parseAddress(address)?.port ?? 0) > 0;

export const networkMethods: Methods = {
  'network.status': method('who, where, how many', none, status),
  'network.peers': method('open links', none, peers),
  'network.dial': change(
    'dials an address until it answers',
    z.strictObject({
      address: z.string().refine(isDialable, 'expected host:port, such as 127.0.0.1:7001'),
    }),
    dial,
  ),
  'network.fault': change(
    'cuts the links with some peers, or heals all cuts: for demonstrations',
    z.strictObject({ cut: z.array(person).max(128).optional(), heal: z.boolean().optional() }),
    fault,
  ),
};
