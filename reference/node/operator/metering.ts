/**
 * Metering: the seams of the node, with a counter beside each.
 *
 * Layers know of no telemetry. What they do shows where they meet: bytes at the links, writes at the
 * store, messages on their way in and out, mishaps where they are counted, verdicts where they are told.
 */
import type { DurableStore, Host } from '#contracts/host.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { Filter, GossipMessage, PullResponse, SubscribeAck } from '#contracts/messages.ts';
import type { MergeDecision } from '#contracts/merge.ts';
import type { NodeCount, NodeEvent } from '#contracts/node.ts';
import { noTelemetry, type Counter, type Span } from '#contracts/telemetry.ts';
import type { Link } from '#contracts/transport.ts';

/** What is said with a count. */
export interface CountedFields {
  readonly peer?: Did | undefined;
  readonly [name: string]: unknown;
}

export interface Metering {
  /** The same link, whose bytes are counted. */
  link(link: Link): Link;
  /** The same store, whose commits are timed. */
  store(store: DurableStore): DurableStore;
  /** A message went out to so many peers, in a frame of so many bytes. */
  sent(peers: readonly Did[], message: GossipMessage, frameBytes: number): void;
  received(peer: Did, message: GossipMessage): void;
  counted(event: NodeCount, peer: Did | undefined): void;
  told(event: NodeEvent): void;
}

const SENT: { readonly [Type in GossipMessage['type']]?: Counter } = {
  announce: 'icn_gossip_announces_sent_total',
  request: 'icn_gossip_requests_sent_total',
  response: 'icn_gossip_responses_sent_total',
  digest: 'icn_gossip_digests_sent_total',
  'pull-request': 'icn_gossip_pull_requests_sent_total',
  'pull-response': 'icn_gossip_pull_responses_sent_total',
};

const RECEIVED: { readonly [Type in GossipMessage['type']]?: Counter } = {
  subscribe: 'icn_gossip_subscribes_received_total',
  announce: 'icn_gossip_announces_received_total',
  request: 'icn_gossip_requests_received_total',
  response: 'icn_gossip_responses_received_total',
  digest: 'icn_gossip_digests_received_total',
  'pull-request': 'icn_gossip_pull_requests_received_total',
  'pull-response': 'icn_gossip_pull_responses_received_total',
};

/** Pulls followed at one time; what is asked beyond that is counted and not followed. */
const PULLS_MAX = 64;

interface PullUnderWay {
  readonly peer: Did;
  readonly span: Span;
  records: number;
  bytes: number;
}

/** Of k bits an id, each is set by chance with 1 - e^(-k n / m) (Bloom 1970). */
const falsePositivesOf = ({ bits, hashes, count }: Filter): number =>
  (1 - Math.exp((-hashes * count) / bits)) ** hashes;

/** Where nobody counts nothing stands in between. */
const unmetered: Metering = {
  link: (link) => link,
  store: (store) => store,
  sent: () => undefined,
  received: () => undefined,
  counted: () => undefined,
  told: () => undefined,
};

export const createMetering = (
  self: Did,
  { telemetry, monotonic }: Pick<Host, 'telemetry' | 'monotonic'>,
): Metering => {
  if (telemetry === noTelemetry) return unmetered;
  /** By the nonce of the request. */
  const pulls = new Map<string, PullUnderWay>();

  const endPull = (nonce: string, pull: PullUnderWay, failure?: string): void => {
    pulls.delete(nonce);
    pull.span.end({ records: pull.records, bytes: pull.bytes }, failure);
  };

  const endPullsOf = (peer: Did, failure: string): void => {
    for (const [nonce, pull] of pulls) if (pull.peer === peer) endPull(nonce, pull, failure);
  };

  const pullAnswered = (peer: Did, { nonce, records, done }: PullResponse): void => {
    const pull = pulls.get(nonce);
    // Asked of somebody else, or of nobody: gossip will not take it either.
    if (pull?.peer !== peer) return;
    const bytes = Buffer.byteLength(JSON.stringify(records));
    telemetry.count('icn_gossip_bytes_pulled_total', bytes);
    pull.records += records.length;
    pull.bytes += bytes;
    if (done) endPull(nonce, pull);
  };

  const acknowledged = ({ topics }: SubscribeAck): void => {
    for (const { status } of topics) {
      if (status === 'subscribed') continue;
      telemetry.count('icn_gossip_subscriptions_rejected_total', 1, status);
    }
  };

  const merged = ({ discarded, quarantined, conflicts }: MergeDecision): void => {
    const counts: readonly (readonly [Counter, number])[] = [
      ['icn_ledger_entries_discarded_total', discarded.length],
      ['icn_ledger_entries_quarantined_total', quarantined.length],
      ['icn_ledger_merge_conflicts_total', conflicts.length],
    ];
    for (const [counter, count] of counts) if (count > 0) telemetry.count(counter, count);
  };

  return {
    link: (link) => {
      telemetry.count('icn_network_connections_total', 1, link.side);
      return {
        side: link.side,
        proven: link.proven,
        binding: link.binding,
        remoteAddress: link.remoteAddress,
        get unsentBytes() {
          return link.unsentBytes;
        },
        open: (events) =>
          link.open({
            ...events,
            received(bytes) {
              telemetry.count('icn_network_bytes_received_total', bytes.length);
              events.received(bytes);
            },
          }),
        send(frame) {
          const status = link.send(frame);
          if (status === 'accepted') telemetry.count('icn_network_bytes_sent_total', frame.length);
          return status;
        },
        close: () => link.close(),
      };
    },

    store: (store) => ({
      get: (key) => store.get(key),
      load: (prefix) => store.load(prefix),
      close: () => store.close(),
      commit(writes, done) {
        if (writes.length === 0) {
          store.commit(writes, done);
          return;
        }
        const beganAt = monotonic();
        const span = telemetry.span('store.commit', { writes: writes.length });
        telemetry.measure('icn_store_commit_writes', writes.length);
        store.commit(writes, (error) => {
          telemetry.measure('icn_store_commit_duration_seconds', (monotonic() - beganAt) / 1_000);
          span.end({}, error?.message);
          done(error);
        });
      },
    }),

    sent(peers, message, frameBytes) {
      const counter = SENT[message.type];
      if (counter) telemetry.count(counter, peers.length);
      if (message.type === 'subscribe-ack') acknowledged(message);
      if ('records' in message && message.records.length > 0) {
        telemetry.count('icn_gossip_bytes_pushed_total', frameBytes * peers.length);
      }
      if (message.type === 'pull-response' && message.done && message.truncated) {
        telemetry.count('icn_gossip_pull_truncated_total');
      }
      if (message.type === 'pull-request' && pulls.size < PULLS_MAX) {
        const { topic, nonce } = message;
        const span = telemetry.span('gossip.pull', { topic, peer: peers[0] ?? '' });
        pulls.set(nonce, { peer: peers[0]!, span, records: 0, bytes: 0 });
      }
    },

    received(peer, message) {
      const counter = RECEIVED[message.type];
      if (counter) telemetry.count(counter);
      if (message.type === 'pull-response') pullAnswered(peer, message);
      if ('filter' in message && message.filter) {
        telemetry.measure('icn_gossip_bloom_fp_rate', falsePositivesOf(message.filter));
      }
    },

    counted(event, peer) {
      telemetry.count('icn_node_mishaps_total', 1, event);
      if (event === 'pull_timed_out' && peer !== undefined) endPullsOf(peer, event);
    },

    told(event) {
      if (event.event === 'disconnected') endPullsOf(event.peer, 'disconnected');
      if (event.event === 'merged') merged(event.decision);
      if (event.event !== 'delivered') return;
      const { record, verdict } = event;
      telemetry.count(
        record.author === self
          ? 'icn_gossip_entries_published_total'
          : 'icn_gossip_entries_received_total',
      );
      telemetry.count('icn_ledger_transactions_total', 1, verdict.status);
    },
  };
};
