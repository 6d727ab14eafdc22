/**
 * Gossip: the state machine that carries records between nodes.
 *
 * Picture a village. News is told at once to a few neighbours, who tell a few more the first time
 * they hear it (push: Announce). Now and then two of them compare notes, and whoever missed something
 * asks for it (pull: Digest, PullRequest, PullResponse). Somebody who hears the end of a story first
 * keeps it to himself and asks for the beginning (waiting room, Request, Response).
 *
 * Every input gives a list of effects. Records are stored before anything is said about them, because
 * the host sends nothing before the stores of the same step are durable.
 *
 * The rooms of this layer:
 *
 *   gossip.ts      what comes in, and what follows from it
 *   intake.ts      records become effects; admission.ts is the one door they pass
 *   service.ts     what peers ask of us
 *   voice.ts       what we say of our own accord; pacing.ts how often
 *   state.ts       what is remembered: topic-log.ts what is held, waiting.ts what is not whole yet,
 *                  wants.ts asked for by id, pulls.ts asked for by run, peers.ts who is here
 */
import type { Effect } from '#contracts/effects.ts';
import type { CreateGossip } from '#contracts/gossip.ts';
import type { Did, Topic } from '#contracts/identifiers.ts';
import {
  BATCH_MAX,
  type Announce,
  type Digest,
  type GossipMessage,
  type PullResponse,
  type Response,
} from '#contracts/messages.ts';
import { PARENTS_MAX, type SignedRecord } from '#contracts/records.ts';
import { claimedId } from './admission.ts';
import { createIntake } from './intake.ts';
import { createPeer, type Peer } from './peers.ts';
import { createService } from './service.ts';
import { createState, type Subject } from './state.ts';
import { createVoice } from './voice.ts';

export const create: CreateGossip = (options) => {
  const { self, reconciliation, settings } = options;
  const state = createState(options);
  const { peers, subjects, wants, pulls, some, chosen } = state;
  const voice = createVoice(options, state);
  const { announce, subscribe, sayDigest, sayDigests } = voice;
  const { ask, askAgain, pull, pullFromAnyone } = voice;
  const { takeClaims, takeOwn } = createIntake(options, state, voice);
  const { answerRequest, answerPull, answerSubscribe } = createService(options, state, voice);

  // --- What comes in ----------------------------------------------------------------------------

  const receiveAnnounce = (now: number, peer: Peer, subject: Subject, message: Announce) => {
    const { log, waiting } = subject;
    const { effects, taken } = takeClaims(subject, message.records, peer.did);
    for (const id of message.ids) {
      if (!log.has(id) && !waiting.has(id)) wants.add(log.topic, id, peer.did);
    }
    effects.push(...passOn(subject, peer, taken));
    return [...effects, ...askOrCompare(now, subject, peer)];
  };

  /** What was new here is told to a few others. Mostly nothing was: then nobody is chosen. */
  const passOn = ({ log }: Subject, { did }: Peer, taken: readonly SignedRecord[]): Effect[] =>
    taken.length === 0 ? [] : announce(log.topic, chosen(log.topic, did), taken);

  /**
   * One missing record is asked for by id. A crowd of waiting ones says that we are far behind: then
   * we compare notes, because a run brings them all in one answer.
   */
  const askOrCompare = (now: number, subject: Subject, peer: Peer): Effect[] => {
    if (pulls.busy(subject.log.topic)) return [];
    const behind = subject.waiting.size > BATCH_MAX;
    return behind ? [...sayDigest(now, subject, peer), ...ask(now)] : ask(now);
  };

  const receiveResponse = (now: number, peer: Peer, subject: Subject, message: Response) => {
    const asked = message.records.filter((claim) => {
      const id = claimedId(claim);
      return id !== undefined && wants.askedOf(id, peer.did);
    });
    for (const id of message.missing) wants.lacks(id, peer.did);
    const { effects, taken } = takeClaims(subject, asked, peer.did);
    if (asked.length < message.records.length) {
      effects.push({ effect: 'log', event: 'response_unsolicited', peer: peer.did });
    }
    effects.push(...passOn(subject, peer, taken));
    return [...effects, ...askOrCompare(now, subject, peer)];
  };

  const receiveDigest = (now: number, peer: Peer, subject: Subject, message: Digest): Effect[] => {
    const { log } = subject;
    const conversation = peer.conversation(log.topic);
    if (!conversation.receiving.take(now)) {
      return [{ effect: 'log', event: 'digest_too_often', peer: peer.did }];
    }
    conversation.claim = message;
    const { behind, ahead, offer } = reconciliation.compare(log, message);
    const effects: Effect[] = behind ? pull(now, subject, peer) : [];
    if (ahead) effects.push(...sayDigest(now, subject, peer));
    if (offer.length > 0) {
      const ids = some(offer, BATCH_MAX);
      const offered: Announce = { type: 'announce', topic: log.topic, records: [], ids };
      effects.push({ effect: 'send', peer: peer.did, message: offered });
    }
    return effects;
  };

  const receivePullResponse = (
    now: number,
    peer: Peer,
    subject: Subject,
    message: PullResponse,
  ): Effect[] => {
    const { topic } = subject.log;
    const open = pulls.answered(topic, peer.did, message.nonce);
    if (!open) return [{ effect: 'log', event: 'response_unsolicited', peer: peer.did }];
    const { effects, taken } = takeClaims(subject, message.records, peer.did);
    if (taken.length > 0) pulls.progressed(now, open, taken.length);
    if (!message.done) return effects;
    pulls.close(topic);
    // An answer that brought nothing ends the claim that led to it: a liar is asked once a digest.
    if (open.taken === 0) peer.forgetClaim(topic);
    // Pulled records are not pushed on: neighbours who lack them learn of them by a digest.
    else if (!message.truncated) {
      effects.push(...sayDigests(now, subject, chosen(topic, peer.did)));
    }
    effects.push(...pull(now, subject, peer));
    if (!pulls.busy(topic)) effects.push(...pullFromAnyone(now, subject));
    return [...effects, ...ask(now)];
  };

  /** Messages about one topic. */
  const receiveAbout = (
    now: number,
    peer: Peer,
    message: Exclude<
      GossipMessage,
      { readonly type: 'subscribe' | 'unsubscribe' | 'subscribe-ack' }
    >,
  ): readonly Effect[] => {
    const subject = subjects.get(message.topic);
    if (!subject) {
      return [{ effect: 'log', event: 'topic_unknown', peer: peer.did, detail: message.topic }];
    }
    switch (message.type) {
      case 'announce':
        return receiveAnnounce(now, peer, subject, message);
      case 'request':
        return answerRequest(peer, subject, message);
      case 'response':
        return receiveResponse(now, peer, subject, message);
      case 'digest':
        return receiveDigest(now, peer, subject, message);
      case 'pull-request':
        return answerPull(peer, subject, message);
      case 'pull-response':
        return receivePullResponse(now, peer, subject, message);
    }
  };

  /** Gives up a pull that brought nothing for too long, and tries whoever else claims more. */
  const expirePull = (now: number, topic: Topic): Effect[] => {
    const late = pulls.expired(now, topic);
    if (!late) {
      const timer = `pull ${topic}`;
      const again: Effect = { effect: 'schedule', timer, delayMs: settings.pullTimeoutMs };
      return pulls.busy(topic) ? [again] : [];
    }
    peers.get(late.peer)?.forgetClaim(topic);
    return [
      { effect: 'log', event: 'pull_timed_out', peer: late.peer, detail: topic },
      ...pullFromAnyone(now, state.subject(topic)),
      ...ask(now),
    ];
  };

  // --- Inputs -----------------------------------------------------------------------------------

  return {
    topics: () => [...subjects.keys()],
    knowledge: (topic) => subjects.get(topic)?.log,
    waiting(topic) {
      const waiting = subjects.get(topic)?.waiting;
      return { records: waiting?.size ?? 0, missing: waiting?.missing() ?? [] };
    },

    restore(record, { unpushed }) {
      const subject = state.subject(record.topic);
      const [missing] = subject.log.missing(record);
      if (missing !== undefined) throw new Error(`${record.id} names ${missing}, which is gone`);
      if (!subject.log.linked(record)) throw new Error(`${record.id} has links that do not fit`);
      subject.log.add(record);
      if (unpushed) subject.unpushed.add(record.id);
    },

    links(topic) {
      const { log } = state.subject(topic);
      const end = log.end(self);
      const parents = log.heads().filter((id) => log.entry(id)?.author !== self);
      return {
        sequence: (end?.sequence ?? 0) + 1,
        previous: end?.id ?? null,
        parents: parents.slice(0, PARENTS_MAX),
        previousTimestamp: end?.timestamp ?? 0,
      };
    },

    publish(now, record) {
      const subject = state.subject(record.topic);
      const { effects, taken } = takeOwn(subject, record);
      subject.unpushed.add(record.id);
      const { topic } = record;
      return [...effects, ...announce(topic, chosen(topic), taken), ...ask(now)];
    },

    import(now, topic, claims) {
      const subject = state.subject(topic);
      const { effects, taken } = takeClaims(subject, claims, self);
      if (taken.length > 0) effects.push(...sayDigests(now, subject, chosen(topic)));
      return [...effects, ...ask(now)];
    },

    start: () =>
      [...subjects.values()].map(({ log, cadence }) => ({
        effect: 'schedule',
        timer: `digest ${log.topic}`,
        delayMs: cadence.next(),
      })),

    connected(_now, did) {
      const peer = createPeer(did, [...subjects.keys()], settings);
      peers.set(did, peer);
      return subscribe(peer);
    },

    disconnected(now, did) {
      peers.delete(did);
      const left = pulls.left(did);
      const retried = left.flatMap(({ topic }) => pullFromAnyone(now, state.subject(topic)));
      return left.length === 0 ? [] : [...retried, ...ask(now)];
    },

    receive(now, did, message) {
      const peer = peers.get(did);
      if (!peer) return [];
      switch (message.type) {
        case 'subscribe':
          return answerSubscribe(now, peer, message);
        case 'unsubscribe':
          for (const topic of message.topics) peer.subscriptions.delete(topic);
          return [];
        case 'subscribe-ack':
          for (const { topic } of message.topics) peer.unconfirmed.delete(topic);
          return [];
        default:
          return receiveAbout(now, peer, message);
      }
    },

    elapsed(now, timer) {
      const [kind, name] = timer.split(' ', 2);
      switch (kind) {
        case 'digest': {
          const subject = state.subject(name ?? '');
          const delayMs = subject.cadence.next();
          return [
            ...sayDigests(now, subject, chosen(subject.log.topic)),
            ...askAgain(now, subject),
            { effect: 'schedule', timer, delayMs },
          ];
        }
        case 'wants':
          return ask(now);
        case 'pull':
          return expirePull(now, name ?? '');
        case 'subscribe': {
          const peer = peers.get(name as Did);
          return peer ? subscribe(peer) : [];
        }
        default:
          throw new Error(`gossip: unknown timer ${timer}`);
      }
    },
  };
};
