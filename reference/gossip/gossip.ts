/**
 * Gossip: the state machine that carries the records of one topic between nodes.
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
 *   window.ts      topics that forget: window-log.ts in place of topic-log.ts, gaps, old age
 */
import type { Effect } from '#contracts/effects.ts';
import type { CreateGossip } from '#contracts/gossip.ts';
import type { Did, RecordId } from '#contracts/identifiers.ts';
import {
  BATCH_MAX,
  type Announce,
  type Digest,
  type PullResponse,
  type Response,
} from '#contracts/messages.ts';
import { claimedId } from './admission.ts';
import { createIntake, type Taking } from './intake.ts';
import type { Pull } from './pulls.ts';
import { createService } from './service.ts';
import { createState } from './state.ts';
import { createVoice } from './voice.ts';
import { WINDOW_TICK_MS } from './window.ts';

const nextTick: Effect = { effect: 'schedule', timer: 'window', delayMs: WINDOW_TICK_MS };

/** The longest that a peer can make us wait for it. */
const REST_MS_MAX = 60_000;

/** The reference filling of layer 7. */
export const create: CreateGossip = (options) => {
  const { self, topic, reconciliation, settings } = options;
  const state = createState(options);
  const { log, waiting, window, cadence, peers, wants, pulls, some, chosen, salt } = state;
  const voice = createVoice(options, state);
  const { announce, sayDigest, ask, askAgain, openPull, pull, quicken } = voice;
  const { takeClaims, takeFreed, takeOwn, trim } = createIntake(options, state, voice);
  const { answerRequest, answerPull } = createService(options, state);

  // --- What peers say -----------------------------------------------------------------------------

  const receiveAnnounce = (now: number, peer: Did, { records, ids }: Announce): Effect[] => {
    const taking = takeClaims(records, peer);
    for (const id of ids) if (!log.isSettled(id) && !waiting.has(id)) wants.add(id, peer);
    return passOn(now, peer, taking);
  };

  const receiveResponse = (now: number, peer: Did, { records, missing }: Response): Effect[] => {
    const ids = records.map(claimedId);
    const isAsked = (id: RecordId | undefined): boolean =>
      id !== undefined && wants.askedOf(id, peer);
    // Of several who were asked all but the first come too late: what is here by now is no offence.
    const isHere = (id: RecordId | undefined): boolean =>
      id !== undefined && (log.isSettled(id) || waiting.has(id));
    const asked = records.filter((_, index) => isAsked(ids[index]));
    const isUnsolicited = ids.some((id) => !isAsked(id) && !isHere(id));
    for (const id of missing) wants.lacks(id, peer);
    const taking = takeClaims(asked, peer);
    if (isUnsolicited) {
      taking.effects.push({ effect: 'log', event: 'response_unsolicited', peer });
    }
    return passOn(now, peer, taking);
  };

  /** What was new here is told to a few others; mostly nothing was. What is missing is asked for. */
  const passOn = (now: number, peer: Did, { effects, taken }: Taking): Effect[] => {
    const told = taken.length === 0 ? [] : announce(chosen(peer), taken);
    return [...effects, ...told, ...askOrCompare(now, peer)];
  };

  /**
   * One missing record is asked for by id. A crowd of waiting ones says that we are far behind: then
   * we compare notes, because a run brings them all in one answer.
   */
  const askOrCompare = (now: number, peer: Did): Effect[] => {
    if (pulls.busy) return [];
    const behind = waiting.size > BATCH_MAX;
    return behind ? [...sayDigest(now, [peer]), ...ask(now)] : ask(now);
  };

  const receiveDigest = (now: number, peer: Did, digest: Digest): Effect[] => {
    if (!peers.isNew(peer, digest.nonce))
      return [{ effect: 'log', event: 'digest_repeated', peer }];
    if (!peers.of(peer).receiving.take(now)) {
      return [{ effect: 'log', event: 'digest_too_often', peer }];
    }
    peers.of(peer).claim = digest;
    const { behind, ahead, hidden, offer, refused } = reconciliation.compare(log, digest);
    const effects = behind || hidden ? pull(now, [peer], hidden) : [];
    if (ahead) effects.push(...sayDigest(now, [peer]));
    if (offer.length > 0) {
      const ids = some(offer, BATCH_MAX);
      const message: Announce = { type: 'announce', topic, records: [], ids };
      effects.push({ effect: 'send', peer, message });
    }
    if (refused !== undefined) {
      effects.push({ effect: 'log', event: 'filter_refused', peer, detail: refused });
    }
    return effects;
  };

  const receivePullResponse = (now: number, peer: Did, answer: PullResponse): Effect[] => {
    if (!pulls.awaits(peer, answer.nonce)) {
      return [{ effect: 'log', event: 'response_unsolicited', peer }];
    }
    const { effects, taken } = takeClaims(answer.records, peer);
    pulls.progressed(now, taken.length);
    const closed = answer.done && pulls.close();
    return closed ? [...effects, ...pulled(now, closed, answer)] : effects;
  };

  /** What follows from the last frame of an answer. */
  const pulled = (now: number, closed: Pull, answer: PullResponse): Effect[] => {
    const { peer, question, taken } = closed;
    if (answer.waitMs !== undefined) {
      peers.of(peer).restsUntil = now + Math.min(answer.waitMs, REST_MS_MAX);
      if (question.ranges.length === 0) peers.of(peer).paused = question;
      return [...pull(now, peers.all()), ...ask(now)];
    }
    const next = reconciliation.next?.(log, question, answer, salt());
    const vain = pulls.vainAfter(closed);
    if (next && vain !== undefined) return openPull(now, peer, next, vain);
    // An answer that brought nothing ends the claim that led to it: a liar is asked once a digest.
    if (taken === 0) peers.of(peer).claim = undefined;
    // Pulled records are not pushed on: neighbours who lack them learn of them by a digest.
    const told = taken > 0 && !answer.truncated ? sayDigest(now, chosen(peer)) : [];
    return [...told, ...pull(now, [peer, ...peers.all()]), ...ask(now)];
  };

  /** Gives up a pull that brought nothing for too long, and tries whoever else claims more. */
  const expirePull = (now: number): Effect[] => {
    const late = pulls.expired(now);
    if (!late) {
      const delayMs = settings.pullTimeoutMs;
      return pulls.busy ? [{ effect: 'schedule', timer: 'pull', delayMs }] : pull(now, peers.all()); // Somebody may have rested by now.
    }
    peers.of(late.peer).claim = undefined;
    return [
      { effect: 'log', event: 'pull_timed_out', peer: late.peer, detail: topic },
      // Something is missing still: not the time to fall silent, whoever is to blame.
      ...quicken(),
      ...pull(now, peers.all()),
      ...ask(now),
    ];
  };

  /** Lets out what is too old, and passes over gaps that nobody fills. */
  const tickWindow = (now: number): Effect[] => {
    const passed = window?.passed(now, waiting.missing()) ?? [];
    const named = passed.map((id): Effect => {
      wants.remove(id);
      return { effect: 'log', event: 'gap_passed', detail: `${id} in ${topic}` };
    });
    return [...named, ...takeFreed(passed).effects, ...trim()];
  };

  // --- Inputs -------------------------------------------------------------------------------------

  return {
    knowledge: log,
    waiting() {
      const own = waiting.countOf(self);
      return { records: waiting.size, missing: waiting.missing(), ...(own > 0 && { own }) };
    },

    restore(record) {
      const { certificate } = record;
      if (certificate !== undefined && options.isCertified?.(certificate) === false) {
        throw new Error(`${record.id} names certificate ${certificate}, which is not certified`);
      }
      if (log.add(record)) return;
      const [missing] = log.missing(record);
      const reason =
        missing === undefined ? 'does not fit its chain' : `names ${missing}, not held`;
      throw new Error(`${record.id} ${reason}`);
    },

    start: () => [
      { effect: 'schedule', timer: 'digest', delayMs: cadence.next() },
      ...(window ? [nextTick] : []),
    ],

    publish(now, record) {
      const { effects, taken } = takeOwn(record);
      return [...effects, ...announce(chosen(), taken), ...ask(now)];
    },

    import(now, claims) {
      const { effects, taken } = takeClaims(claims, self);
      if (taken.length > 0) effects.push(...sayDigest(now, chosen()));
      return [...effects, ...ask(now)];
    },

    joined(now, peer) {
      peers.of(peer).joined = true;
      return sayDigest(now, [peer]);
    },

    left(now, peer) {
      peers.remove(peer);
      return pulls.left(peer) ? [...pull(now, peers.all()), ...ask(now)] : [];
    },

    receive(now, peer, message) {
      switch (message.type) {
        case 'announce':
          return receiveAnnounce(now, peer, message);
        case 'request':
          return answerRequest(peer, message);
        case 'response':
          return receiveResponse(now, peer, message);
        case 'digest':
          return receiveDigest(now, peer, message);
        case 'pull-request':
          return answerPull(peer, message);
        case 'pull-response':
          return receivePullResponse(now, peer, message);
      }
    },

    certified(now, certificate) {
      const { effects, taken } = takeFreed([certificate]);
      if (effects.length === 0) return [];
      return [...effects, ...announce(chosen(), taken), ...ask(now)];
    },

    elapsed(now, timer) {
      switch (timer) {
        case 'digest':
          return [
            // An empty window has nothing to offer, and whoever holds more says so itself.
            ...(window && log.count === 0 ? [] : sayDigest(now, chosen())),
            ...askAgain(now),
            { effect: 'schedule', timer, delayMs: cadence.next() },
          ];
        case 'wants':
          return ask(now);
        case 'pull':
          return expirePull(now);
        case 'window':
          return [...tickWindow(now), nextTick];
        default:
          throw new Error(`gossip: unknown timer ${timer}`);
      }
    },
  };
};
