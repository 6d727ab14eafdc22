/**
 * The voice of gossip: everything it says of its own accord, and to whom.
 *
 * News goes to a few peers chosen anew each time (Announce), what we hold is said now and then
 * (Digest), what we lack is asked for by run (PullRequest) or by id (Request). Nothing here changes
 * what is held.
 */
import type { Effect } from '#contracts/effects.ts';
import type { GossipOptions } from '#contracts/gossip.ts';
import type { Did, Json, RecordId } from '#contracts/identifiers.ts';
import type { Announce, Digest, PullRequest, Request } from '#contracts/messages.ts';
import type { SignedRecord } from '#contracts/records.ts';
import type { State } from './state.ts';

/** A record as it travels: its schema makes it JSON. */
export const asJson = (record: SignedRecord): Json => record as unknown as Json;

/** Bytes of a record as it travels. */
export const sizeOf = (record: Json): number => Buffer.byteLength(JSON.stringify(record));

export const createVoice = (options: GossipOptions, state: State) => {
  const { topic, reconciliation, settings } = options;
  const { log, waiting, cadence, peers, wants, pulls, nonce } = state;

  /** Announces records: whole while they are small, by id beyond. */
  const announce = (to: readonly Did[], fresh: readonly SignedRecord[]): Effect[] => {
    if (to.length === 0 || fresh.length === 0) return [];
    const records: Json[] = [];
    const ids: RecordId[] = [];
    for (const record of fresh) {
      const claim = asJson(record);
      if (sizeOf(claim) <= settings.pushBytesMax) records.push(claim);
      else ids.push(record.id);
    }
    const message: Announce = { type: 'announce', topic, records, ids };
    return [{ effect: 'broadcast', peers: to, message }];
  };

  /** Says what we hold, to those who can still stand it. */
  const sayDigest = (now: number, to: readonly Did[]): Effect[] =>
    to
      .filter((peer) => peers.of(peer).sending.take(now))
      .map((peer) => {
        const message: Digest = {
          type: 'digest',
          ...reconciliation.summarise(log),
          nonce: nonce(),
        };
        return { effect: 'send', peer, message };
      });

  /** Asks for what is wanted, gives up what nobody has, and looks again later. */
  const ask = (now: number): Effect[] => {
    if (wants.size === 0) return [];
    const { asks, vain } = wants.due(now, peers.joined(), (id) => waiting.awaits(id));
    const effects: Effect[] = asks.map(({ peer, ids }) => ({
      effect: 'send',
      peer,
      message: { type: 'request', topic, ids } satisfies Request,
    }));
    for (const waiter of vain.flatMap((id) => waiting.abandon(id))) {
      effects.push({ effect: 'log', event: 'record_given_up', detail: waiter });
    }
    if (wants.size > 0) {
      effects.push({ effect: 'schedule', timer: 'wants', delayMs: settings.requestRetryMs });
    }
    return effects;
  };

  /** Wants again what is missing: some of it may have been given up, or never been noted. */
  const askAgain = (now: number): Effect[] => {
    const missing = waiting.missing();
    for (const id of missing) wants.add(id, undefined);
    return missing.length === 0 || pulls.busy ? [] : ask(now);
  };

  /** Pulls from the first of these whose last claim shows us behind, unless a pull is open. */
  const pull = (now: number, from: readonly Did[]): Effect[] => {
    if (pulls.busy) return [];
    for (const peer of from) {
      const { claim } = peers.of(peer);
      const request = claim && reconciliation.request(log, claim);
      if (!request || request.ranges.length === 0) continue;
      const message: PullRequest = {
        type: 'pull-request',
        ...request,
        maxBytes: settings.pullBytesMax,
        nonce: nonce(),
      };
      pulls.open(now, peer, message.nonce);
      return [
        { effect: 'send', peer, message },
        { effect: 'schedule', timer: 'pull', delayMs: settings.pullTimeoutMs },
      ];
    }
    return [];
  };

  /** Something changed: speak sooner. */
  const quicken = (): Effect[] => {
    const delayMs = cadence.changed();
    return delayMs === undefined ? [] : [{ effect: 'schedule', timer: 'digest', delayMs }];
  };

  return { announce, sayDigest, ask, askAgain, pull, quicken };
};
export type Voice = ReturnType<typeof createVoice>;
