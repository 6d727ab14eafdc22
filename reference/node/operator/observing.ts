/**
 * How a node stands, told whenever somebody looks: nothing here is kept up to date meanwhile.
 *
 * Peers are the one thing here that strangers can make more of. Of them those with the largest deficit
 * are named, by the end of their DID, and the rest is one sum; who leaves is gone from the next look.
 */
import { LEDGER_TOPIC_PATTERN, type Did, type Topic } from '#contracts/identifiers.ts';
import type { Ledger } from '#contracts/ledger.ts';
import type { PeerView } from '#contracts/node.ts';
import type { Telemetry } from '#contracts/telemetry.ts';
import type { Gossip } from '#contracts/gossip.ts';
import type { Gossips } from '../topics/topics.ts';

/** How many certificates there are, and how many proofs against stewards. */
export interface CouncilCounts {
  readonly certified: number;
  readonly accepted: number;
  readonly equivocations: number;
}

export interface Observable {
  readonly telemetry: Telemetry;
  readonly gossips: Gossips;
  readonly ledger: Ledger;
  readonly peers: () => readonly PeerView[];
  /** Items in quarantine. */
  readonly quarantined?: () => number;
  readonly council?: () => CouncilCounts;
  /** What connected peers may still be sent: negative where they took more than their share. */
  readonly deficits?: () => ReadonlyMap<Did, number>;
}

/** Peers named in a metric. */
export const PEERS_NAMED_MAX = 16;
/** As many characters as nobody makes alike by chance. */
const DID_END = 12;

/** The lowest ones by name, the rest as the lowest of them: an alert on `other` means somebody. */
export const lowestOf = (deficits: ReadonlyMap<Did, number>): ReadonlyMap<string, number> => {
  const sorted = [...deficits].sort(([, left], [, right]) => left - right);
  const named = sorted
    .slice(0, PEERS_NAMED_MAX)
    .map(([did, bytes]) => [did.slice(-DID_END), bytes] as const);
  const [rest] = sorted.slice(PEERS_NAMED_MAX);
  return new Map(rest ? [...named, ['other', rest[1]]] : named);
};

export const observeNode = (observable: Observable): void => {
  const { telemetry, gossips, ledger, peers, quarantined, council, deficits } = observable;
  const ledgers = (): Topic[] =>
    [...gossips.keys()].filter((topic) => LEDGER_TOPIC_PATTERN.test(topic));

  const byTopic = (read: (gossip: Gossip) => number): ReadonlyMap<string, number> =>
    new Map([...gossips].map(([topic, gossip]) => [topic, read(gossip)]));

  telemetry.observe('icn_gossip_topics', () => gossips.size);
  telemetry.observe('icn_gossip_entries', () => byTopic(({ knowledge }) => knowledge.count));
  telemetry.observe('icn_gossip_waiting_entries', () =>
    byTopic((gossip) => gossip.waiting().records),
  );
  telemetry.observe(
    'icn_ledger_accounts',
    () => new Map(ledgers().map((topic) => [topic, ledger.balances(topic).size])),
  );
  telemetry.observe('icn_network_connections_active', () => peers().length);
  if (quarantined) telemetry.observe('icn_ledger_quarantine_size', quarantined);
  if (council) {
    telemetry.observe('icn_council_certificates_certified', () => council().certified);
    telemetry.observe('icn_council_certificates_accepted', () => council().accepted);
    telemetry.observe('icn_council_equivocations', () => council().equivocations);
  }
  if (deficits) telemetry.observe('icn_gossip_peer_deficit_bytes', () => lowestOf(deficits()));
};
