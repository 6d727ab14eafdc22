/**
 * Gossip that takes its time: entries are announced by id and asked for, one pull brings one entry, and
 * everything that waits is sorted anew whenever something comes. Wasteful, and right.
 */
import type { Effect, GossipEvent } from '#contracts/effects.ts';
import type { CreateGossip } from '#contracts/gossip.ts';
import type { Did, Json, RecordId } from '#contracts/identifiers.ts';
import type { TopicMessage } from '#contracts/messages.ts';
import type { Summary } from '#contracts/reconciliation.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { asJson, createPace, few, nonce } from './given.ts';
import { create as createLog } from './log.ts';

/** So small that an answer holds one entry. */
const BYTES_MAX = 1;

const send = (peer: Did, message: TopicMessage): Effect => ({ effect: 'send', peer, message });
const later = (delayMs: number, timer: string): Effect => ({ effect: 'schedule', timer, delayMs });
const note = (event: GossipEvent, peer: Did): Effect => ({ effect: 'log', event, peer });

export const create: CreateGossip = (options) => {
  const { self, topic, records, trust, reconciliation, read, random, settings } = options;
  const log = createLog(topic);
  const pace = createPace(settings, random);
  let listeners: readonly Did[] = [];
  let waiting: readonly SignedRecord[] = [];
  /** Ids that were announced, and are asked for until they come or a peer lacks them. */
  let wanted: readonly RecordId[] = [];
  let questions: readonly { peer: Did; nonce: string; claim: Summary }[] = [];

  const isHere = (id: RecordId) => log.has(id) || waiting.some((record) => record.id === id);
  const missing = (): readonly RecordId[] => {
    const causes = waiting.flatMap((record) => log.missing(record));
    return [...new Set([...wanted, ...causes])].filter((id) => !isHere(id));
  };

  const ask = (ids: readonly RecordId[], peer: Did): readonly Effect[] => {
    const requests = ids.map((id) => send(peer, { type: 'request', topic, ids: [id] }));
    return requests.length === 0 ? [] : [...requests, later(settings.requestRetryMs, 'ask')];
  };

  const askSomebody = (): readonly Effect[] => {
    const [peer] = few(listeners, random);
    return peer === undefined ? [] : ask(missing(), peer);
  };

  /** Offers everything that waits to the log, in the order of numbers, until nothing is taken. */
  const settle = (): readonly SignedRecord[] => {
    const byNumber = waiting.toSorted((left, right) => left.sequence - right.sequence);
    const ready = byNumber.find((record) => log.missing(record).length === 0);
    if (!ready) return [];
    waiting = waiting.filter((record) => record !== ready);
    return log.add(ready) ? [ready, ...settle()] : settle();
  };

  const open = (claim: Json, from: Did): readonly Effect[] => {
    const opened = records.open(claim);
    if (!opened.ok) return [note(`record_${opened.status}`, from)];
    if (opened.value.topic !== topic) return [note('record_topic_unknown', from)];
    if (isHere(opened.value.id)) return [note('record_duplicate', from)];
    if (!trust.mayPublish(topic, opened.value.author)) return [note('record_not_permitted', from)];
    waiting = [...waiting, opened.value].slice(-settings.waitingMax);
    return [];
  };

  const take = (claims: readonly Json[], from: Did) => {
    const asked = missing();
    let effects: readonly Effect[] = [];
    const entered: SignedRecord[] = [];
    for (const claim of claims) {
      effects = [...effects, ...open(claim, from)];
      entered.push(...settle());
    }
    for (const record of entered) {
      effects = [...effects, { effect: 'store', record }, { effect: 'deliver', record }];
    }
    wanted = wanted.filter((id) => !isHere(id));
    const lacking = missing().filter((id) => !asked.includes(id));
    return { entered, effects: [...effects, ...announce(entered, from), ...ask(lacking, from)] };
  };

  /** A message for each entry and listener. */
  const announce = (entered: readonly SignedRecord[], from: Did): readonly Effect[] => {
    if (entered.length === 0) return [];
    const others = listeners.filter((did) => did !== from);
    const said = entered.flatMap(({ id }) =>
      others.map((peer) => send(peer, { type: 'announce', topic, records: [], ids: [id] })),
    );
    const delayMs = pace.sooner();
    return delayMs === undefined ? said : [...said, later(delayMs, 'digest')];
  };

  const giveUp = (absent: readonly RecordId[]): void => {
    wanted = wanted.filter((id) => !absent.includes(id));
    const vain = waiting.filter((record) => log.missing(record).some((id) => absent.includes(id)));
    waiting = waiting.filter((record) => !vain.includes(record));
    if (vain.length > 0) giveUp(vain.map(({ id }) => id));
  };

  const tell = (peer: Did): Effect =>
    send(peer, { type: 'digest', ...reconciliation.summarise(log), nonce: nonce(random) });

  const forgetQuestions = (peer: Did): void => {
    questions = questions.filter((question) => question.peer !== peer);
  };

  /** Asks for all that is lacking, and gets the first of it. */
  const pull = (peer: Did, claim: Summary): readonly Effect[] => {
    const wish = reconciliation.request(log, claim);
    if (wish.ranges.length === 0) return [];
    const question = { peer, nonce: nonce(random), claim };
    forgetQuestions(peer);
    questions = [...questions, question];
    const asked = { ...wish, maxBytes: BYTES_MAX, nonce: question.nonce };
    return [send(peer, { type: 'pull-request', ...asked })];
  };

  return {
    knowledge: log,
    waiting: () => ({ records: waiting.length, missing: missing() }),
    restore(record) {
      if (!log.add(record)) throw new Error(`${record.id} does not fit the store`);
    },
    start: () => [later(pace.next(), 'digest')],
    publish: (_now, record) => take([asJson(record)], self).effects,
    import: (_now, claims) => take(claims, self).effects,
    joined(_now, peer) {
      listeners = [...listeners.filter((did) => did !== peer), peer];
      return [tell(peer)];
    },
    left(_now, peer) {
      listeners = listeners.filter((did) => did !== peer);
      forgetQuestions(peer);
      return [];
    },
    receive(_now, peer, message) {
      if (message.type === 'announce') {
        const { effects } = take(message.records, peer);
        const unknown = message.ids.filter((id) => !isHere(id));
        wanted = [...new Set([...wanted, ...unknown])].slice(-settings.waitingMax);
        return [...effects, ...ask(unknown, peer)];
      }
      if (message.type === 'request') {
        return message.ids.map((id) => {
          const record = log.has(id) ? read(id) : undefined;
          const answer = record
            ? { records: [asJson(record)], missing: [] }
            : { records: [], missing: [id] };
          return send(peer, { type: 'response', topic, ...answer });
        });
      }
      if (message.type === 'response') {
        giveUp(message.missing);
        return take(message.records, peer).effects;
      }
      if (message.type === 'digest') {
        const { behind, ahead, offer } = reconciliation.compare(log, message);
        const offered = { type: 'announce', topic, records: [], ids: offer } as const;
        const effects = offer.length > 0 ? [send(peer, offered)] : [];
        if (behind) return [...pull(peer, message), ...effects];
        return ahead ? [tell(peer), ...effects] : effects;
      }
      if (message.type === 'pull-request') {
        const served = reconciliation.serve(log, message, message.maxBytes, read);
        const answer = { topic, nonce: message.nonce, done: true, ...served };
        return [send(peer, { type: 'pull-response', ...answer })];
      }
      const question = questions.find(({ nonce: asked }) => asked === message.nonce);
      if (question?.peer !== peer) return [note('response_unsolicited', peer)];
      forgetQuestions(peer);
      const { entered, effects } = take(message.records, peer);
      return entered.length > 0 ? [...effects, ...pull(peer, question.claim)] : effects;
    },
    elapsed(_now, timer) {
      if (timer === 'ask') return askSomebody();
      return [...listeners.map(tell), ...askSomebody(), later(pace.next(), 'digest')];
    },
  };
};
