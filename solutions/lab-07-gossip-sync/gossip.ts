/**
 * Gossip: everybody tells a few, and compares notes now and then.
 *
 *   push   a new record is announced to a few peers; whoever lacked it announces it to a few more
 *   wait   a record whose causes are missing waits, and they are asked for by id
 *   pull   a digest says what somebody holds; whoever is behind asks for the runs that it lacks
 *
 * Push is fast and loses, pull is slow and never does. All records enter by one door, `take`, whoever
 * brings them and however. What a digest claims is a reason to ask and nothing else.
 */
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

export const create: CreateGossip = (options) => {
  const { self, topic, records, trust, reconciliation, read, random, settings } = options;
  const log = createLog(topic);
  const listeners = new Set<Did>();
  const pace = createPace(settings, random);
  /** Records whose causes are not all here, oldest first. */
  let waiting: readonly SignedRecord[] = [];
  /** What was asked of whom, and the claim that led to it. */
  const pulls = new Map<Did, { readonly nonce: string; readonly claim: Summary }>();

  const isHere = (id: RecordId) => log.has(id) || waiting.some((record) => record.id === id);
  const missing = () => [...new Set(waiting.flatMap(log.missing))].filter((id) => !isHere(id));

  // --- 07.5 The door: what comes in, whoever brings it --------------------------------------------

  /** Turns a claim into a record, or says why not. */
  const open = (claim: Json): SignedRecord | GossipEvent => {
    const id = claimedId(claim);
    if (id !== undefined && isHere(id)) return 'record_duplicate';
    const opened = records.open(claim);
    if (!opened.ok) return `record_${opened.status}`;
    if (opened.value.topic !== topic) return 'record_topic_unknown';
    return trust.mayPublish(topic, opened.value.author) ? opened.value : 'record_not_permitted';
  };

  /** Lets in, causes first, whatever lacks nothing any more; what the log refuses leaves as well. */
  const settle = (): readonly SignedRecord[] => {
    const entered: SignedRecord[] = [];
    const ready = () => waiting.find((record) => log.missing(record).length === 0);
    for (let record = ready(); record; record = ready()) {
      waiting = waiting.filter((each) => each !== record);
      if (log.add(record)) entered.push(record);
    }
    return entered;
  };

  /** Stores and delivers what is new, tells a few of it, and asks for what is missing. */
  const take = (claims: readonly Json[], from: Did) => {
    const effects: Effect[] = [];
    const asked = missing();
    for (const claim of claims) {
      const opened = open(claim);
      if (typeof opened === 'string') effects.push(note(opened, from));
      else waiting = [...waiting, opened];
    }
    const fresh = settle();
    waiting = waiting.slice(-settings.waitingMax);
    for (const record of fresh) {
      effects.push({ effect: 'store', record }, { effect: 'deliver', record });
    }
    const lacking = missing().filter((id) => !asked.includes(id));
    return { fresh, effects: [...effects, ...announce(fresh, from), ...ask(lacking, from)] };
  };

  /** Tells a few others of what is new; digests come sooner for those who were not told. */
  const announce = (fresh: readonly SignedRecord[], from: Did): Effect[] => {
    const peers = few(
      [...listeners].filter((did) => did !== from),
      random,
    );
    if (fresh.length === 0) return [];
    const delayMs = pace.sooner();
    const soon = delayMs === undefined ? [] : [later(delayMs, 'digest')];
    const message = { type: 'announce', topic, records: fresh.map(asJson), ids: [] } as const;
    return peers.length === 0 ? soon : [{ effect: 'broadcast', peers, message }, ...soon];
  };

  // --- 07.6 What is missing -----------------------------------------------------------------------

  /** Asks for records by id, and looks a little later whether they came. */
  const ask = (ids: readonly RecordId[], peer: Did): Effect[] => {
    if (ids.length === 0) return [];
    const again = later(settings.requestRetryMs, 'ask');
    return peer === self ? [again] : [send(peer, { type: 'request', topic, ids }), again];
  };

  /** Asks one listener for all that is still missing; where nothing is, no timer is set. */
  const askAgain = () => {
    const [peer] = few(listeners, random);
    return peer === undefined ? [] : ask(missing(), peer);
  };

  const answer = (peer: Did, ids: readonly RecordId[]) => {
    const held = ids.map(read).filter((record) => record !== undefined);
    const absent = ids.filter((id) => !log.has(id));
    return [send(peer, { type: 'response', topic, records: held.map(asJson), missing: absent })];
  };

  /** What names something that a peer lacks leaves: if it is anywhere, a pull brings both. */
  const giveUp = (absent: readonly RecordId[]) => {
    const isVain = (record: SignedRecord) => log.missing(record).some((id) => absent.includes(id));
    waiting = waiting.filter((record) => !isVain(record));
  };

  // --- 07.7 Comparing notes -----------------------------------------------------------------------

  const tell = (peer: Did) =>
    send(peer, { type: 'digest', ...reconciliation.summarise(log), nonce: nonce(random) });

  const compare = (peer: Did, claim: Summary): readonly Effect[] => {
    const { behind, ahead, offer } = reconciliation.compare(log, claim);
    if (behind) return pull(peer, claim);
    const effects = ahead ? [tell(peer)] : [];
    const offered = { type: 'announce', topic, records: [], ids: offer } as const;
    return offer.length > 0 ? [...effects, send(peer, offered)] : effects;
  };

  /** Asks for the runs that a peer claims and we lack; the newest question to a peer is the one that counts. */
  const pull = (peer: Did, claim: Summary): readonly Effect[] => {
    const wish = reconciliation.request(log, claim);
    if (wish.ranges.length === 0) return [];
    const question = { ...wish, maxBytes: settings.pullBytesMax, nonce: nonce(random) };
    pulls.set(peer, { nonce: question.nonce, claim });
    return [send(peer, { type: 'pull-request', ...question })];
  };

  const serve = (peer: Did, wish: PullRequest) => {
    const served = reconciliation.serve(log, wish, wish.maxBytes, read);
    const answered = { type: 'pull-response', topic, done: true, nonce: wish.nonce } as const;
    return [send(peer, { ...answered, ...served })];
  };

  /** Whoever brought something that entered is asked on, until nothing of its claim is lacking. */
  const pulled = (peer: Did, response: PullResponse) => {
    const question = pulls.get(peer);
    if (question?.nonce !== response.nonce) return [note('response_unsolicited', peer)];
    const { fresh, effects } = take(response.records, peer);
    if (!response.done) return effects;
    pulls.delete(peer);
    return fresh.length > 0 ? [...effects, ...pull(peer, question.claim)] : effects;
  };

  return {
    knowledge: log,
    waiting: () => ({ records: waiting.length, missing: missing() }),
    restore(record) {
      if (!log.add(record)) throw new Error(`${record.id} names what is gone, or does not fit`);
    },
    start: () => [later(pace.next(), 'digest')],
    publish: (_now, record) => take([asJson(record)], self).effects,
    import: (_now, claims) => take(claims, self).effects,
    joined(_now, peer) {
      listeners.add(peer);
      return [tell(peer)];
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
    elapsed(_now, timer) {
      if (timer === 'ask') return askAgain();
      const told = few(listeners, random).map(tell);
      return [...told, ...askAgain(), later(pace.next(), 'digest')];
    },
  };
};
