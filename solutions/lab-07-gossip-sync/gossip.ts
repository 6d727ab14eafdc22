/**
 * Gossip: everybody tells a few, and compares notes now and then.
 *
 *   push   a new record is announced to a few peers; whoever lacked it announces it to a few more
 *   wait   a record whose ancestors are missing waits, and they are asked for by id
 *   pull   a digest says what somebody holds; whoever is behind asks for the runs that it lacks
 *
 * Push is fast and loses, pull is slow and never does. All records enter by one door, `take`, whoever
 * brings them and however. What a digest claims is a reason to ask and nothing else.
 */
import type { Effect, GossipEvent } from '#contracts/effects.ts';
import { FRAME_BYTES_MAX } from '#contracts/frames.ts';
import type { CreateGossip } from '#contracts/gossip.ts';
import type { Did, Json, RecordId, Topic } from '#contracts/identifiers.ts';
import {
  BATCH_MAX,
  type GossipMessage,
  type PullRequest,
  type PullResponse,
} from '#contracts/messages.ts';
import type { Summary } from '#contracts/reconciliation.ts';
import { PARENTS_MAX, RECORD_BYTES_MAX, type SignedRecord } from '#contracts/records.ts';
import { createLog } from './log.ts';

/** So many of the largest records fit one frame; a message takes no more, and the rest comes later. */
const WHOLE_MAX = FRAME_BYTES_MAX / RECORD_BYTES_MAX - 1;
const SUBSCRIBE_AGAIN_MS = 2_000;

/** A peer of this moment: what it wants to hear, whether it knows what we want, what we asked it. */
const createPeer = (did: Did) => ({
  did,
  topics: new Set<Topic>(),
  confirmed: false,
  pulls: new Map<Topic, { readonly nonce: string; readonly claim: Summary }>(),
});
type Peer = ReturnType<typeof createPeer>;
type AboutOneTopic = Exclude<GossipMessage, { readonly topics: unknown }>;

const send = (peer: Did, message: GossipMessage): Effect => ({ effect: 'send', peer, message });
const later = (delayMs: number, timer: string): Effect => ({ effect: 'schedule', timer, delayMs });
const note = (event: GossipEvent, peer: Did): Effect => ({ effect: 'log', event, peer });

const idOf = ({ id }: SignedRecord) => id;
const asJson = (record: SignedRecord) => record as unknown as Json; // Its schema makes it JSON.
const bytesOf = (record: SignedRecord) => Buffer.byteLength(JSON.stringify(record));

export const create: CreateGossip = (options) => {
  const { self, topics, records, trust, reconciliation, read, random, settings } = options;
  const peers = new Map<Did, Peer>();

  /** Up to `count` items, drawn anew each time. */
  const some = <Item>(items: readonly Item[], count: number) => {
    const drawn = items.map((item) => ({ item, place: random() }));
    const sorted = drawn.sort((left, right) => left.place - right.place);
    return sorted.slice(0, count).map(({ item }) => item);
  };

  /** A few who listen: more of them the more there are, so that news needs few hops. */
  const few = (topic: Topic, except?: Did) => {
    const all = [...peers.values()].filter((peer) => peer.topics.has(topic));
    const others = all.filter(({ did }) => did !== except);
    const count = Math.ceil(Math.log2(all.length + 1)) + 1;
    return some(others, Math.min(10, Math.max(3, count)));
  };

  const nonce = () =>
    Buffer.from(Array.from({ length: 16 }, () => random() * 256)).toString('base64url');

  /** One topic: what is held, what waits for its ancestors, and what is said of both. */
  const createRoom = (topic: Topic) => {
    const log = createLog(topic);
    let waiting: readonly SignedRecord[] = []; // oldest first
    const unpushed = new Set<RecordId>(); // own records that nobody was told of yet
    const isHere = (id: RecordId) => log.has(id) || waiting.some((record) => record.id === id);
    const missing = () => [...new Set(waiting.flatMap(log.missing))].filter((id) => !isHere(id));

    // --- The door: what comes in, whoever brings it -----------------------------------------------

    /** Turns a claim into a record, or says why not. */
    const open = (claim: Json): SignedRecord | GossipEvent => {
      const id = (claim as { readonly id?: RecordId } | null)?.id;
      if (id !== undefined && isHere(id)) return 'record_duplicate';
      const opened = records.open(claim);
      if (!opened.ok) return `record_${opened.status}`;
      if (opened.value.topic !== topic) return 'record_topic_unknown';
      return trust.mayPublish(topic, opened.value.author) ? opened.value : 'record_not_permitted';
    };

    /** Lets in, causes first, whatever lacks nothing any more; `gone` had been in before. */
    const settle = () => {
      const entered: SignedRecord[] = [];
      const refused: GossipEvent[] = [];
      const ready = () => waiting.find((record) => log.missing(record).length === 0);
      for (let record = ready(); record; record = ready()) {
        waiting = waiting.filter((each) => each !== record);
        if (log.add(record)) entered.push(record);
        else refused.push('record_links_malformed');
      }
      const dropped = log.dropSurplus();
      const fresh = entered.filter(({ id }) => log.has(id));
      const gone = dropped.filter((id) => !entered.some((record) => record.id === id));
      for (const { id } of entered) if (!log.has(id)) refused.push('record_surplus_child');
      return { fresh, gone, refused };
    };

    /** Bounds what waits: the oldest leave, of one author beyond a quarter. A pull brings them again. */
    const makeRoom = () => {
      const { waitingMax } = settings;
      waiting = waiting.slice(-waitingMax).filter(({ author }, index, all) => {
        const younger = all.slice(index + 1).filter((record) => record.author === author);
        return younger.length < waitingMax / 4;
      });
    };

    /** Stores and delivers what is new, tells a few others of it, and asks for what is missing. */
    const take = (claims: readonly Json[], from: Did) => {
      const asked = missing();
      const effects: Effect[] = [];
      for (const claim of claims) {
        const opened = open(claim);
        if (typeof opened === 'string') effects.push(note(opened, from));
        else waiting = [...waiting, opened];
      }
      const { fresh, gone, refused } = settle();
      makeRoom();
      effects.push(...refused.map((event) => note(event, from)));
      for (const record of fresh) {
        effects.push({ effect: 'store', record, own: record.author === self });
        effects.push({ effect: 'deliver', record });
        if (record.author === self) unpushed.add(record.id);
      }
      for (const id of gone) effects.push({ effect: 'forget', id, topic });
      if (fresh.length > 0) effects.push(...announce(fresh, few(topic, from)), ...digestSooner());
      const lacking = missing().filter((id) => !asked.includes(id));
      return { fresh, effects: [...effects, ...ask(lacking, from)] };
    };

    // --- Push, and what is asked for by id --------------------------------------------------------

    /** Small records go whole, large ones and a crowd by id. */
    const announce = (fresh: readonly SignedRecord[], to: readonly Peer[]): Effect[] => {
      const small = fresh.filter((record) => bytesOf(record) <= settings.pushBytesMax);
      const whole = small.slice(0, WHOLE_MAX);
      const named = fresh.filter((record) => !whole.includes(record)).slice(0, BATCH_MAX);
      if (fresh.length === 0 || to.length === 0) return [];
      const [records, ids] = [whole.map(asJson), named.map(idOf)];
      const message = { type: 'announce', topic, records, ids } as const;
      const broadcast = { effect: 'broadcast', peers: to.map(({ did }) => did), message } as const;
      const told = [...whole, ...named].map(idOf).filter((id) => unpushed.delete(id));
      return told.length > 0 ? [broadcast, { effect: 'pushed', ids: told }] : [broadcast];
    };

    let lastAsked = self;
    /** Asks for records by id, and somebody else a little later for what is still missing. */
    const ask = (ids: readonly RecordId[], peer: Did) => {
      if (ids.length === 0) return [];
      lastAsked = peer;
      const request = { type: 'request', topic, ids: some(ids, BATCH_MAX) } as const;
      const again = later(settings.requestRetryMs, `ask ${topic}`);
      return peers.has(peer) ? [send(peer, request), again] : [again];
    };
    const askAgain = () => {
      const [peer] = [...few(topic, lastAsked), ...few(topic)];
      return peer ? ask(missing(), peer.did) : [];
    };

    const answer = ({ did }: Peer, ids: readonly RecordId[]) => {
      const absent = ids.filter((id) => !log.has(id));
      const found = log.records().filter(({ id }) => ids.includes(id));
      const records = found.slice(0, WHOLE_MAX).map(asJson);
      return [send(did, { type: 'response', topic, records, missing: absent })];
    };

    /** What rests on something that a peer lacks leaves: if it is anywhere, a pull brings both. */
    const giveUp = (absent: readonly RecordId[]) => {
      const isVain = (record: SignedRecord) =>
        log.missing(record).some((id) => absent.includes(id));
      waiting = waiting.filter((record) => !isVain(record));
    };

    // --- Pull: compare notes ----------------------------------------------------------------------

    let intervalMs = settings.digestIntervalMs; // from the last digest to the next
    const digestLater = () =>
      later(intervalMs + (2 * random() - 1) * settings.digestJitterMs, `digest ${topic}`);
    const digestSooner = () => {
      if (intervalMs === settings.digestIntervalMs) return [];
      intervalMs = settings.digestIntervalMs;
      return [digestLater()];
    };
    const digestDue = () => {
      intervalMs = Math.min(intervalMs * 2, settings.digestIntervalMsMax);
      return [...few(topic).map(tell), ...askAgain(), digestLater()];
    };

    const tell = ({ did }: Peer) =>
      send(did, { type: 'digest', ...reconciliation.summarise(log), nonce: nonce() });

    /** Says to somebody new what nobody was told of, and what is held. */
    const greet = (peer: Peer) => {
      const news = log.records().filter(({ id }) => unpushed.has(id));
      return [...announce(news, [peer]), tell(peer)];
    };

    const compare = (peer: Peer, claim: Summary) => {
      const { behind, ahead, offer } = reconciliation.compare(log, claim);
      const effects = behind ? pull(peer, claim) : [];
      // Not if we are behind as well: two who answer digests with digests would never end.
      if (ahead && !behind) effects.push(tell(peer));
      const ids = some(offer, BATCH_MAX);
      if (ids.length > 0)
        effects.push(send(peer.did, { type: 'announce', topic, records: [], ids }));
      return effects;
    };

    /** Asks for the runs that a peer claims and we lack. */
    const pull = ({ did, pulls }: Peer, claim: Summary) => {
      const wish = reconciliation.request(log, claim);
      if (wish.ranges.length === 0) return [];
      const question = { ...wish, maxBytes: settings.pullBytesMax, nonce: nonce() };
      pulls.set(topic, { nonce: question.nonce, claim });
      return [send(did, { type: 'pull-request', ...question })];
    };

    /** Answers in one frame: half of what it holds, and no more records than a message may carry. */
    const serve = ({ did }: Peer, wish: PullRequest) => {
      const bytesMax = Math.min(wish.maxBytes, trust.budget(did).pullBytesMax, FRAME_BYTES_MAX / 2);
      const served = reconciliation.serve(log, wish, bytesMax, read);
      const records = served.records.slice(0, BATCH_MAX);
      const truncated = served.truncated || records.length < served.records.length;
      const { nonce } = wish;
      return [send(did, { type: 'pull-response', topic, records, done: true, truncated, nonce })];
    };

    /** Whoever brought something is asked on, until nothing of its claim is lacking. */
    const pulled = (peer: Peer, { records, done, nonce }: PullResponse) => {
      const question = peer.pulls.get(topic);
      if (question?.nonce !== nonce) return [note('response_unsolicited', peer.did)];
      const { fresh, effects } = take(records, peer.did);
      if (done) peer.pulls.delete(topic);
      return done && fresh.length > 0 ? [...effects, ...pull(peer, question.claim)] : effects;
    };

    const receive = (peer: Peer, message: AboutOneTopic) => {
      const asks = message.type === 'request' || message.type === 'pull-request';
      const permitted = !asks || trust.mayRead(topic, peer.did);
      if (!permitted) return [note('request_not_permitted', peer.did)];
      switch (message.type) {
        case 'announce': {
          const { effects } = take(message.records, peer.did);
          const unknown = message.ids.filter((id) => !isHere(id));
          return [...effects, ...ask(unknown, peer.did)];
        }
        case 'request':
          return answer(peer, message.ids);
        case 'response':
          giveUp(message.missing);
          return take(message.records, peer.did).effects;
        case 'digest':
          return compare(peer, message);
        case 'pull-request':
          return serve(peer, message);
        case 'pull-response':
          return pulled(peer, message);
      }
    };

    const waits = () => ({ records: waiting.length, missing: missing() });
    return { log, unpushed, waits, take, receive, greet, askAgain, digestDue, digestLater };
  };

  // --- Who listens to what ------------------------------------------------------------------------

  const rooms = new Map(topics.map((topic) => [topic, createRoom(topic)]));
  const roomOf = (topic: Topic) => rooms.get(topic)!;

  /** Says what we want to hear of, until it is confirmed. */
  const subscribe = ({ did, confirmed }: Peer) => {
    const again = later(SUBSCRIBE_AGAIN_MS, `subscribe ${did}`);
    return confirmed ? [] : [send(did, { type: 'subscribe', topics }), again];
  };

  const subscribed = (peer: Peer, wanted: readonly Topic[]) => {
    const news: Effect[] = [];
    const answers = wanted.map((topic) => {
      const room = rooms.get(topic);
      if (!room) return { topic, status: 'topic_unknown' } as const;
      if (!trust.mayRead(topic, peer.did)) return { topic, status: 'not_permitted' } as const;
      if (!peer.topics.has(topic)) news.push(...room.greet(peer));
      peer.topics.add(topic);
      return { topic, status: 'subscribed' } as const;
    });
    return [send(peer.did, { type: 'subscribe-ack', topics: answers }), ...news];
  };

  return {
    topics: () => topics,
    knowledge: (topic) => rooms.get(topic)?.log,
    waiting: (topic) => roomOf(topic).waits(),
    restore(record, own) {
      const { log, unpushed } = roomOf(record.topic);
      if (!log.add(record)) throw new Error(`${record.id} names what is gone, or does not fit`);
      if (own.unpushed) unpushed.add(record.id);
    },
    links(topic) {
      const { log } = roomOf(topic);
      const own = log.records().filter(({ author }) => author === self);
      const last = own.sort((left, right) => left.sequence - right.sequence).at(-1);
      const parents = log.heads().filter((id) => !own.some((record) => record.id === id));
      return {
        sequence: (last?.sequence ?? 0) + 1,
        previous: last?.id ?? null,
        parents: parents.slice(0, PARENTS_MAX),
        previousTimestamp: last?.timestamp ?? 0,
      };
    },
    publish(_now, record) {
      const { fresh, effects } = roomOf(record.topic).take([asJson(record)], self);
      if (fresh.length === 0) throw new Error(`own record ${record.id} was not taken`);
      return effects;
    },
    import: (_now, topic, claims) => roomOf(topic).take(claims, self).effects,
    start: () => [...rooms.values()].map((room) => room.digestLater()),
    connected(_now, did) {
      const peer = createPeer(did);
      peers.set(did, peer);
      return subscribe(peer);
    },
    disconnected(_now, did) {
      peers.delete(did);
      return [];
    },
    receive(_now, did, message) {
      const peer = peers.get(did);
      if (!peer) return [];
      if (message.type === 'subscribe') return subscribed(peer, message.topics);
      if (message.type === 'subscribe-ack') peer.confirmed = true;
      if (message.type === 'unsubscribe')
        for (const each of message.topics) peer.topics.delete(each);
      if ('topics' in message) return [];
      return rooms.get(message.topic)?.receive(peer, message) ?? [note('topic_unknown', did)];
    },
    elapsed(_now, timer) {
      const [kind, name] = timer.split(' ') as [string, string];
      const peer = peers.get(name as Did);
      if (kind === 'subscribe') return peer ? subscribe(peer) : [];
      return kind === 'ask' ? roomOf(name).askAgain() : roomOf(name).digestDue();
    },
  };
};
