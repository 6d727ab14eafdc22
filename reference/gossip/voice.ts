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
import type { Pull as Question } from '#contracts/reconciliation.ts';
import type { SignedRecord } from '#contracts/records.ts';
import type { State } from './state.ts';

/** A record as it travels: its schema makes it JSON. */
export const asJson = (record: SignedRecord): Json => record as unknown as Json;

/** Bytes of a record as it travels. */
export const sizeOf = (record: Json): number => Buffer.byteLength(JSON.stringify(record));

const asksNothing = ({ ranges, filter, claims }: Question): boolean =>
  ranges.length === 0 && !filter && !claims;

export const createVoice = (options: GossipOptions, state: State) => {
  const { topic, reconciliation, settings } = options;
  const { log, waiting, cadence, peers, wants, pulls, nonce, salt } = state;

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
          ...reconciliation.summarise(log, { salt: salt(), claim: peers.of(peer).claim }),
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

  /** Asks a question of a peer; a search goes on with the count of its steps that brought nothing. */
  const openPull = (now: number, peer: Did, question: Question, vain = 0): Effect[] => {
    const message: PullRequest = {
      type: 'pull-request',
      ...question,
      maxBytes: settings.pullBytesMax,
      nonce: nonce(),
    };
    pulls.open(now, { peer, question, nonce: message.nonce, vain });
    return [
      { effect: 'send', peer, message },
      { effect: 'schedule', timer: 'pull', delayMs: settings.pullTimeoutMs },
    ];
  };

  /** What we would ask a peer now: what it made us pause, or whatever its last claim shows us to lack. */
  const questionFor = (peer: Did, search: boolean): Question | undefined => {
    const { claim, paused } = peers.of(peer);
    peers.of(peer).paused = undefined;
    if (paused) return paused;
    const question = claim && reconciliation.request(log, claim, search ? salt() : undefined);
    return question && asksNothing(question) ? undefined : question;
  };

  /**
   * Pulls from the first of these that has something to give, unless a pull is open. `search`: also what
   * clocks do not show. Where somebody wants to be left in peace first, looks again then.
   */
  const pull = (now: number, from: readonly Did[], search = false): Effect[] => {
    if (pulls.busy) return [];
    let restMs = Infinity;
    for (const peer of from) {
      const { restsUntil, claim, paused } = peers.of(peer);
      if (now < restsUntil) {
        if (claim || paused) restMs = Math.min(restMs, restsUntil - now);
        continue;
      }
      const question = questionFor(peer, search);
      if (question) return openPull(now, peer, question);
    }
    return restMs === Infinity ? [] : [{ effect: 'schedule', timer: 'pull', delayMs: restMs }];
  };

  /** Something changed: speak sooner. */
  const quicken = (): Effect[] => {
    const delayMs = cadence.changed();
    return delayMs === undefined ? [] : [{ effect: 'schedule', timer: 'digest', delayMs }];
  };

  return { announce, sayDigest, ask, askAgain, openPull, pull, quicken };
};
export type Voice = ReturnType<typeof createVoice>;
