/**
 * The voice of gossip: everything it says of its own accord, and to whom.
 *
 * News goes to a few subscribers chosen anew each time (Announce), what we hold is said now and then
 * (Digest), what we lack is asked for by run (PullRequest) or by id (Request). Nothing here changes
 * what is held.
 */
import type { Effect } from '#contracts/effects.ts';
import type { GossipOptions } from '#contracts/gossip.ts';
import type { Did, Json, RecordId, Topic } from '#contracts/identifiers.ts';
import {
  BATCH_MAX,
  type Announce,
  type Digest,
  type PullRequest,
  type Request,
  type Subscribe,
} from '#contracts/messages.ts';
import type { SignedRecord } from '#contracts/records.ts';
import type { Peer } from './peers.ts';
import type { State, Subject } from './state.ts';

/** Bytes of records in one frame: half of what a frame may hold, so that one more record fits. */
const LOT_BYTES_MAX = 524_288;
/** Time until an unconfirmed Subscribe is said again. */
const SUBSCRIBE_RETRY_MS = 2_000;

/** A record as it travels: its schema makes it JSON. */
export const asJson = (record: SignedRecord): Json => record as unknown as Json;

const sizeOf = (record: Json): number => Buffer.byteLength(JSON.stringify(record));

/** Cuts records into lots of at most BATCH_MAX records and LOT_BYTES_MAX bytes, in order. */
export const inLots = (records: readonly Json[]): Json[][] => {
  const lots: Json[][] = [[]];
  let bytes = 0;
  for (const record of records) {
    const size = sizeOf(record);
    const lot = lots.at(-1) ?? [];
    if (lot.length > 0 && (lot.length >= BATCH_MAX || bytes + size > LOT_BYTES_MAX)) {
      lots.push([record]);
      bytes = size;
    } else {
      lot.push(record);
      bytes += size;
    }
  }
  return lots;
};

/** As many records from the front as fit into a budget; the first one always does. */
export const withinBytes = (records: readonly Json[], bytesMax: number): Json[] => {
  let bytes = 0;
  return records.filter((record, index) => {
    bytes += sizeOf(record);
    return index === 0 || bytes <= bytesMax;
  });
};

export const createVoice = (options: GossipOptions, state: State) => {
  const { self, reconciliation, settings } = options;
  const { peers, subject, subscribers, wants, pulls, nonce } = state;

  /** Announces records: whole while they are small, by id beyond. */
  const announce = (topic: Topic, to: readonly Did[], fresh: readonly SignedRecord[]): Effect[] => {
    if (to.length === 0 || fresh.length === 0) return [];
    const small: Json[] = [];
    const ids: RecordId[] = [];
    for (const record of fresh) {
      const claim = asJson(record);
      if (sizeOf(claim) <= settings.pushBytesMax) small.push(claim);
      else ids.push(record.id);
    }
    const messages: Announce[] = inLots(small).map((lot, index) => ({
      type: 'announce',
      topic,
      records: lot,
      ids: index === 0 ? ids.slice(0, BATCH_MAX) : [],
    }));
    const effects: Effect[] = messages.map((message) => ({
      effect: 'broadcast',
      peers: to,
      message,
    }));
    const own = fresh.filter(({ author }) => author === self).map(({ id }) => id);
    for (const id of own) subject(topic).unpushed.delete(id);
    if (own.length > 0) effects.push({ effect: 'pushed', ids: own });
    return effects;
  };

  /** Says what we hold, if the peer can still stand it. */
  const sayDigest = (now: number, { log }: Subject, peer: Peer): Effect[] => {
    if (!peer.conversation(log.topic).sending.take(now)) return [];
    const message: Digest = { type: 'digest', ...reconciliation.summarise(log), nonce: nonce() };
    return [{ effect: 'send', peer: peer.did, message }];
  };

  const sayDigests = (now: number, about: Subject, to: readonly Did[]): Effect[] =>
    to.flatMap((did) => {
      const peer = peers.get(did);
      return peer ? sayDigest(now, about, peer) : [];
    });

  /** Asks for what is wanted, gives up what nobody has, and looks again later. */
  const ask = (now: number): Effect[] => {
    const needed = (topic: Topic, id: RecordId): boolean => subject(topic).waiting.awaits(id);
    const { asks, vain } = wants.due(now, subscribers, needed);
    const effects: Effect[] = asks.map(({ peer, topic, ids }) => ({
      effect: 'send',
      peer,
      message: { type: 'request', topic, ids } satisfies Request,
    }));
    for (const { topic, id } of vain) {
      for (const waiter of subject(topic).waiting.abandon(id)) {
        effects.push({ effect: 'log', event: 'record_given_up', detail: waiter });
      }
    }
    if (wants.size > 0) {
      effects.push({ effect: 'schedule', timer: 'wants', delayMs: settings.requestRetryMs });
    }
    return effects;
  };

  /** Wants again what is missing: some of it may have been given up, or never been noted. */
  const askAgain = (now: number, { log, waiting }: Subject): Effect[] => {
    const missing = waiting.missing();
    for (const id of missing) wants.add(log.topic, id, undefined);
    return missing.length === 0 || pulls.busy(log.topic) ? [] : ask(now);
  };

  /** Pulls from a peer whose last claim shows us behind, unless a pull of the topic is open. */
  const pull = (now: number, { log }: Subject, peer: Peer): Effect[] => {
    const claim = peer.conversation(log.topic).claim;
    if (!claim || pulls.busy(log.topic)) return [];
    const request = reconciliation.request(log, claim);
    if (request.ranges.length === 0) return [];
    const id = nonce();
    pulls.open(now, log.topic, peer.did, id);
    const message: PullRequest = {
      type: 'pull-request',
      ...request,
      maxBytes: settings.pullBytesMax,
      nonce: id,
    };
    return [
      { effect: 'send', peer: peer.did, message },
      { effect: 'schedule', timer: `pull ${log.topic}`, delayMs: settings.pullTimeoutMs },
    ];
  };

  /** Pulls from whoever else claims more than we hold. */
  const pullFromAnyone = (now: number, about: Subject): Effect[] => {
    for (const peer of peers.values()) {
      const effects = pull(now, about, peer);
      if (effects.length > 0) return effects;
    }
    return [];
  };

  /** Something changed: speak sooner. */
  const quicken = ({ log, cadence }: Subject): Effect[] => {
    const delayMs = cadence.changed();
    return delayMs === undefined
      ? []
      : [{ effect: 'schedule', timer: `digest ${log.topic}`, delayMs }];
  };

  /** Says what we want to hear of, until it is confirmed. */
  const subscribe = (peer: Peer): Effect[] => {
    if (peer.unconfirmed.size === 0) return [];
    const message: Subscribe = { type: 'subscribe', topics: [...peer.unconfirmed] };
    return [
      { effect: 'send', peer: peer.did, message },
      {
        effect: 'schedule',
        timer: `subscribe ${peer.did}`,
        delayMs: SUBSCRIBE_RETRY_MS,
      },
    ];
  };

  return {
    announce,
    sayDigest,
    sayDigests,
    ask,
    askAgain,
    pull,
    pullFromAnyone,
    quicken,
    subscribe,
  };
};
export type Voice = ReturnType<typeof createVoice>;
