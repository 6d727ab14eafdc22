/**
 * Gossip that is patient: one pull is under way at a time, with a limit of time; what a pull brought is
 * not pushed on, because others pull as well; a digest that shows a peer behind is answered after a
 * moment, and only if the peer is still behind then.
 */
import type { Effect, GossipEvent } from '#contracts/effects.ts';
import type { CreateGossip } from '#contracts/gossip.ts';
import type { Did, Json, RecordId } from '#contracts/identifiers.ts';
import type { PullResponse, TopicMessage } from '#contracts/messages.ts';
import type { Summary } from '#contracts/reconciliation.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { asJson, createPace, few, nonce } from './given.ts';
import { create as createLog } from './log.ts';

/** Until a peer that is behind is told what is held. */
const ANSWER_DELAY_MS = 200;

const send = (peer: Did, message: TopicMessage): Effect => ({ effect: 'send', peer, message });
const later = (delayMs: number, timer: string): Effect => ({ effect: 'schedule', timer, delayMs });
const note = (event: GossipEvent, peer: Did): Effect => ({ effect: 'log', event, peer });

export const create: CreateGossip = (options) => {
  const { self, topic, records, trust, reconciliation, read, random, settings } = options;
  const log = createLog(topic);
  const pace = createPace(settings, random);
  const listeners = new Set<Did>();
  const waiting = new Map<RecordId, SignedRecord>();
  /** The last claim of each peer that showed us behind, in the order in which they came. */
  const claims = new Map<Did, Summary>();
  /** The last claim of each peer that we found behind. */
  const slow = new Map<Did, Summary>();
  let pulling: { readonly peer: Did; readonly nonce: string } | undefined;

  const isHere = (id: RecordId) => log.has(id) || waiting.has(id);
  const missing = () =>
    [...new Set([...waiting.values()].flatMap((record) => log.missing(record)))].filter(
      (id) => !waiting.has(id),
    );

  // --- Records ------------------------------------------------------------------------------------

  const refusal = (claim: Json): GossipEvent | undefined => {
    const opened = records.open(claim);
    if (!opened.ok) return `record_${opened.status}`;
    const { id, author } = opened.value;
    if (opened.value.topic !== topic) return 'record_topic_unknown';
    if (!trust.mayPublish(topic, author)) return 'record_not_permitted';
    if (isHere(id)) return 'record_duplicate';
    waiting.set(id, opened.value);
    return undefined;
  };

  /** Takes the records out of waiting that are complete, until a round finds none. */
  const settle = (): readonly SignedRecord[] => {
    const entered: SignedRecord[] = [];
    for (let found = true; found;) {
      found = false;
      for (const record of waiting.values()) {
        if (log.missing(record).length > 0) continue;
        waiting.delete(record.id);
        found = true;
        if (log.add(record)) entered.push(record);
      }
    }
    return entered;
  };

  const admit = (brought: readonly Json[], from: Did) => {
    const before = missing();
    const notes = brought.flatMap((claim): Effect[] => {
      const event = refusal(claim);
      return event === undefined ? [] : [note(event, from)];
    });
    const fresh = settle();
    for (const id of waiting.keys()) if (waiting.size > settings.waitingMax) waiting.delete(id);
    const kept = fresh.flatMap((record): Effect[] => [
      { effect: 'store', record },
      { effect: 'deliver', record },
    ]);
    const asked = request(
      missing().filter((id) => !before.includes(id)),
      from,
    );
    return { fresh, effects: [...notes, ...kept, ...asked] };
  };

  const push = (fresh: readonly SignedRecord[], from: Did): readonly Effect[] => {
    if (fresh.length === 0) return [];
    const peers = few(
      [...listeners].filter((did) => did !== from),
      random,
    );
    const message = { type: 'announce', topic, records: fresh.map(asJson), ids: [] } as const;
    const delayMs = pace.sooner();
    return [
      ...peers.map((peer) => send(peer, message)),
      ...(delayMs === undefined ? [] : [later(delayMs, 'digest')]),
    ];
  };

  const admitAndPush = (brought: readonly Json[], from: Did): readonly Effect[] => {
    const { fresh, effects } = admit(brought, from);
    return [...effects, ...push(fresh, from)];
  };

  const request = (ids: readonly RecordId[], peer: Did): readonly Effect[] =>
    ids.length === 0
      ? []
      : [send(peer, { type: 'request', topic, ids }), later(settings.requestRetryMs, 'ask')];

  const requestAgain = (): readonly Effect[] => {
    const [peer] = few(listeners, random);
    return peer === undefined ? [] : request(missing(), peer);
  };

  const forget = (absent: readonly RecordId[]): void => {
    for (const record of waiting.values()) {
      if (log.missing(record).some((id) => absent.includes(id))) waiting.delete(record.id);
    }
  };

  // --- Pulls --------------------------------------------------------------------------------------

  const tell = (peer: Did): Effect =>
    send(peer, { type: 'digest', ...reconciliation.summarise(log), nonce: nonce(random) });

  /** The next pull, if none is under way and a claim is left that shows us behind. */
  const pullNext = (): readonly Effect[] => {
    if (pulling) return [];
    for (const [peer, claim] of claims) {
      const wish = reconciliation.request(log, claim);
      if (wish.ranges.length === 0) {
        claims.delete(peer);
        continue;
      }
      pulling = { peer, nonce: nonce(random) };
      const question = { ...wish, maxBytes: settings.pullBytesMax, nonce: pulling.nonce };
      return [
        send(peer, { type: 'pull-request', ...question }),
        later(settings.pullTimeoutMs, 'pull'),
      ];
    }
    return [];
  };

  const drop = (peer: Did): void => {
    claims.delete(peer);
    if (pulling?.peer === peer) pulling = undefined;
  };

  const compare = (peer: Did, claim: Summary): readonly Effect[] => {
    const { behind, ahead, offer } = reconciliation.compare(log, claim);
    if (behind) claims.set(peer, claim);
    if (ahead) slow.set(peer, claim);
    const offered = { type: 'announce', topic, records: [], ids: offer } as const;
    return [
      ...pullNext(),
      ...(ahead ? [later(ANSWER_DELAY_MS, 'answer')] : []),
      ...(offer.length > 0 ? [send(peer, offered)] : []),
    ];
  };

  /** Tells those who were behind a moment ago. */
  const answerSlow = (): readonly Effect[] => {
    const told = [...slow].filter(([, claim]) => reconciliation.compare(log, claim).ahead);
    slow.clear();
    return told.map(([peer]) => tell(peer));
  };

  const pulled = (peer: Did, response: PullResponse): readonly Effect[] => {
    if (pulling?.peer !== peer || pulling.nonce !== response.nonce) {
      return [note('response_unsolicited', peer)];
    }
    const { fresh, effects } = admit(response.records, peer);
    if (!response.done) return effects;
    pulling = undefined;
    if (fresh.length === 0) claims.delete(peer);
    return [...effects, ...pullNext()];
  };

  const expired = (): readonly Effect[] => {
    if (!pulling) return [];
    const { peer } = pulling;
    drop(peer);
    return [note('pull_timed_out', peer), ...pullNext()];
  };

  return {
    knowledge: log,
    waiting: () => ({ records: waiting.size, missing: missing() }),
    restore(record) {
      if (!log.add(record)) throw new Error(`${record.id} does not fit the store`);
    },
    start: () => [later(pace.next(), 'digest')],
    publish: (_now, record) => admitAndPush([asJson(record)], self),
    import: (_now, brought) => admitAndPush(brought, self),
    joined(_now, peer) {
      listeners.add(peer);
      return [tell(peer)];
    },
    left(_now, peer) {
      listeners.delete(peer);
      slow.delete(peer);
      drop(peer);
      return pullNext();
    },
    receive(_now, peer, message) {
      switch (message.type) {
        case 'announce': {
          const effects = admitAndPush(message.records, peer);
          const unknown = message.ids.filter((id) => !isHere(id));
          return [...effects, ...request(unknown, peer)];
        }
        case 'request': {
          const held = message.ids.filter((id) => log.has(id)).flatMap((id) => read(id) ?? []);
          const absent = message.ids.filter((id) => !log.has(id));
          const answer = { topic, records: held.map(asJson), missing: absent };
          return [send(peer, { type: 'response', ...answer })];
        }
        case 'response':
          forget(message.missing);
          return admitAndPush(message.records, peer);
        case 'digest':
          return compare(peer, message);
        case 'pull-request': {
          const served = reconciliation.serve(log, message, message.maxBytes, read);
          const answer = { topic, nonce: message.nonce, done: true, ...served };
          return [send(peer, { type: 'pull-response', ...answer })];
        }
        case 'pull-response':
          return pulled(peer, message);
      }
    },
    elapsed(_now, timer) {
      switch (timer) {
        case 'ask':
          return requestAgain();
        case 'pull':
          return expired();
        case 'answer':
          return answerSlow();
        default:
          return [
            ...few(listeners, random).map(tell),
            ...requestAgain(),
            later(pace.next(), 'digest'),
          ];
      }
    },
  };
};
