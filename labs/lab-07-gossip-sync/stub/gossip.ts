/**
 * Gossip: everybody tells a few, and compares notes now and then.
 *
 *   push   a new entry is announced to a few peers; whoever lacked it announces it to a few more
 *   wait   an entry whose causes are missing waits, and they are asked for by id
 *   pull   a digest says what somebody holds; whoever is behind asks for the runs that it lacks
 *
 * A state machine: each function returns effects, and the node performs them. The effects of one input
 * are one step: the node stores first and speaks afterwards, in whatever order they stand, but `store`
 * stands before `deliver`.
 */
import { todo } from '#checkpoint';
import type { Effect, GossipEvent } from '#contracts/effects.ts';
import type { CreateGossip } from '#contracts/gossip.ts';
import type { Did, Json, RecordId } from '#contracts/identifiers.ts';
import type { PullRequest, PullResponse, TopicMessage } from '#contracts/messages.ts';
import type { Summary } from '#contracts/reconciliation.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { asJson, claimedId, createPace, few, nonce } from './given.ts';
import { create as createLog } from './log.ts';

const send = (peer: Did, message: TopicMessage): Effect => ({ effect: 'send', peer, message });
const later = (delayMs: number, timer: string): Effect => ({ effect: 'schedule', timer, delayMs });
const note = (event: GossipEvent, peer: Did): Effect => ({ effect: 'log', event, peer });

/** What came of some claims: what is new here, and what is to be done about it. */
interface Taken {
  readonly fresh: readonly SignedRecord[];
  readonly effects: readonly Effect[];
}

export const create: CreateGossip = (options) => {
  const { self, topic, records, trust, reconciliation, read, random, settings } = options;
  const log = createLog(topic);
  /** Peers who want to hear of this topic. */
  const listeners = new Set<Did>();
  const pace = createPace(settings, random);
  /** Entries whose causes are not all here, oldest first. */
  let waiting: readonly SignedRecord[] = [];
  /** What was asked of whom, and the claim that led to it. */
  const pulls = new Map<Did, { readonly nonce: string; readonly claim: Summary }>();

  const isHere = (id: RecordId) => log.has(id) || waiting.some((record) => record.id === id);
  /** What is to be asked for: named by something that waits, and not here. */
  const missing = () => [...new Set(waiting.flatMap(log.missing))].filter((id) => !isHere(id));

  // --- 07.5 The door: what comes in, whoever brings it --------------------------------------------

  /**
   * Turns a claim into a record, or says why not: `record_duplicate` if `claimedId` is here already, what
   * `records.open` says with `record_` in front, `record_topic_unknown`, or `record_not_permitted` if
   * `trust.mayPublish` says no.
   */
  const open = (claim: Json): SignedRecord | GossipEvent => todo('07.5');

  /**
   * Moves from `waiting` into the log whatever lacks nothing any more, causes first; gives what entered.
   * What lacks nothing and is refused by `log.add` leaves as well.
   */
  const settle = (): readonly SignedRecord[] => todo('07.5');

  /**
   * Every record comes in here. For own ones, and for those from a file, `from` is `self`.
   *
   * Opens the claims (a refusal is a `note`), puts them with what waits, and settles. Stores and delivers
   * what is fresh, announces it, and asks `from` for what is missing now and was not before. What waits is
   * at most `settings.waitingMax`: the oldest leave.
   */
  const take = (claims: readonly Json[], from: Did): Taken => todo('07.5');

  /**
   * Tells a few listeners, not the one who brought it, of what is fresh: one broadcast. And if
   * `pace.sooner()` gives a delay, the next digest comes then.
   */
  const announce = (fresh: readonly SignedRecord[], from: Did): readonly Effect[] => todo('07.5');

  // --- 07.6 What is missing -----------------------------------------------------------------------

  /**
   * Asks a peer for records by id, and sets the timer `ask` to `settings.requestRetryMs` to look whether
   * they came. If the peer is ourselves, it sets the timer and sends nothing.
   */
  const ask = (ids: readonly RecordId[], peer: Did): readonly Effect[] => {
    if (ids.length === 0) return [];
    return todo('07.6');
  };

  /**
   * The timer `ask`: asks one listener for all that is `missing()` now, and so sets the timer again. Where
   * nothing is missing, or nobody listens, it does nothing: the next digest asks again.
   */
  const askAgain = (): readonly Effect[] => todo('07.6');

  /** Answers a request: the records that are held (`read` gives a stored one), and the ids that are not. */
  const answer = (peer: Did, ids: readonly RecordId[]): readonly Effect[] => todo('07.6');

  /**
   * 07.9 A peer lacks these: what waits and names one of them itself leaves, if the log lacks that one too.
   * What rests on it through another stays. If it is anywhere, a pull brings it; if it is nowhere, nothing
   * waits for it for ever.
   */
  const giveUp = (absent: readonly RecordId[]): void => {
    if (absent.length > 0) todo('07.9');
  };

  // --- 07.7 Comparing notes -----------------------------------------------------------------------

  /** Given: a digest to one peer. */
  const tell = (peer: Did): Effect =>
    send(peer, { type: 'digest', ...reconciliation.summarise(log), nonce: nonce(random) });

  /**
   * A digest came. Behind: pull, and nothing else for now. Otherwise: if ahead, tell; and if
   * `reconciliation.compare` offers ids, announce those to that peer.
   */
  const compare = (peer: Did, claim: Summary): readonly Effect[] => todo('07.7');

  /**
   * Asks for the ranges that `reconciliation.request` names, if it names any: a pull-request with
   * `settings.pullBytesMax` and a fresh `nonce(random)`, remembered in `pulls`. It takes the place of one
   * that is under way to that peer: an answer to the older nonce is then no answer of ours.
   */
  const pull = (peer: Did, claim: Summary): readonly Effect[] => todo('07.7');

  /** Answers a pull with what `reconciliation.serve` gives, `done`, under the nonce of the question. */
  const serve = (peer: Did, wish: PullRequest): readonly Effect[] => todo('07.7');

  /**
   * An answer came. If its nonce is not that of our question to this peer: `response_unsolicited`.
   * Otherwise take it. A long answer comes in pieces, the last of them `done`: then forget the question,
   * and if something of that last piece is `fresh` (held now, not only waiting), pull again by the same
   * claim: there may be more.
   */
  const pulled = (peer: Did, response: PullResponse): readonly Effect[] => todo('07.7');

  return {
    knowledge: log,
    waiting: () => ({ records: waiting.length, missing: missing() }),
    restore(record) {
      if (!log.add(record)) throw new Error(`${record.id} names what is gone, or does not fit`);
    },
    start: () => [later(pace.next(), 'digest')],
    publish: (_now, record) => take([asJson(record)], self).effects,
    import: (_now, claims) => take(claims, self).effects,

    /** 07.8 Somebody is here: what should it hear at once? No `todo` here: the checks before it call this. */
    joined(_now, peer) {
      listeners.add(peer);
      return [];
    },
    left(_now, peer) {
      listeners.delete(peer);
      pulls.delete(peer);
      return [];
    },

    receive(_now, peer, message) {
      switch (message.type) {
        case 'announce': {
          const { effects } = take(message.records, peer);
          return [
            ...effects,
            ...ask(
              message.ids.filter((id) => !isHere(id)),
              peer,
            ),
          ];
        }
        case 'request':
          return answer(peer, message.ids);
        case 'response':
          giveUp(message.missing);
          return take(message.records, peer).effects;
        case 'digest':
          return compare(peer, message);
        case 'pull-request':
          return serve(peer, message);
        case 'pull-response':
          return pulled(peer, message);
      }
    },

    /** 07.7 The timer `digest`: tell a few listeners, ask again for what is missing, set it for `pace.next()`. */
    elapsed(_now, timer) {
      if (timer === 'ask') return askAgain();
      return todo('07.7');
    },
  };
};
