/**
 * Service: what peers ask of us, answered within what their class may cost. Nothing here changes what
 * is held; a subscription alone is remembered.
 */
import type { Effect } from '#contracts/effects.ts';
import type { GossipOptions } from '#contracts/gossip.ts';
import type { Topic } from '#contracts/identifiers.ts';
import type {
  PullRequest,
  PullResponse,
  Request,
  Response,
  Subscribe,
  SubscribeAck,
} from '#contracts/messages.ts';
import type { Peer } from './peers.ts';
import type { State, Subject } from './state.ts';
import { asJson, inLots, withinBytes, type Voice } from './voice.ts';

const notPermitted = (peer: Peer, topic: Topic): Effect[] => [
  { effect: 'log', event: 'request_not_permitted', peer: peer.did, detail: topic },
];

export const createService = (options: GossipOptions, state: State, voice: Voice) => {
  const { trust, reconciliation, read } = options;
  const { subjects } = state;
  const { announce, sayDigest } = voice;

  /** Records by id, each once, and the ids that we do not hold either. */
  const answerRequest = (peer: Peer, { log }: Subject, message: Request): Effect[] => {
    if (!trust.mayRead(log.topic, peer.did)) return notPermitted(peer, log.topic);
    const ids = [...new Set(message.ids)];
    const found = ids.map((id) => (log.has(id) ? read(id) : undefined));
    const missing = ids.filter((_, index) => !found[index]);
    const held = found.filter((record) => record !== undefined).map(asJson);
    const granted = withinBytes(held, trust.budget(peer.did).pullBytesMax);
    const answers: Response[] = inLots(granted).map((lot, index) => ({
      type: 'response',
      topic: log.topic,
      records: lot,
      missing: index === 0 ? missing : [],
    }));
    return answers.map((answer) => ({ effect: 'send', peer: peer.did, message: answer }));
  };

  /** Runs of records, ancestors first, in as many frames as they need. */
  const answerPull = (peer: Peer, { log }: Subject, message: PullRequest): Effect[] => {
    if (!trust.mayRead(log.topic, peer.did)) return notPermitted(peer, log.topic);
    const bytesMax = Math.min(message.maxBytes, trust.budget(peer.did).pullBytesMax);
    const served = reconciliation.serve(log, message, bytesMax, read);
    const lots = inLots(served.records);
    return lots.map((lot, index): Effect => {
      const answer: PullResponse = {
        type: 'pull-response',
        topic: log.topic,
        records: lot,
        done: index === lots.length - 1,
        truncated: served.truncated,
        ...(served.cursor === undefined ? {} : { cursor: served.cursor }),
        nonce: message.nonce,
      };
      return { effect: 'send', peer: peer.did, message: answer };
    });
  };

  /** Who wants to hear of a topic hears first what nobody was told, and what we hold. */
  const answerSubscribe = (now: number, peer: Peer, message: Subscribe): Effect[] => {
    const effects: Effect[] = [];
    const topics = message.topics.map((topic): SubscribeAck['topics'][number] => {
      const subject = subjects.get(topic);
      if (!subject) return { topic, status: 'topic_unknown' };
      if (!trust.mayRead(topic, peer.did)) return { topic, status: 'not_permitted' };
      const budget = trust.budget(peer.did).subscriptionsMax;
      if (!peer.subscriptions.has(topic) && peer.subscriptions.size >= budget) {
        return { topic, status: 'full' };
      }
      if (!peer.subscriptions.has(topic)) {
        peer.subscriptions.add(topic);
        const unpushed = [...subject.unpushed].map(read).filter((record) => record !== undefined);
        effects.push(...announce(topic, [peer.did], unpushed));
        effects.push(...sayDigest(now, subject, peer));
      }
      return { topic, status: 'subscribed' };
    });
    const ack: SubscribeAck = { type: 'subscribe-ack', topics };
    return [{ effect: 'send', peer: peer.did, message: ack }, ...effects];
  };

  return { answerRequest, answerPull, answerSubscribe };
};
