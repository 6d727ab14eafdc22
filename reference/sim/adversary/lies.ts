/**
 * Lies, each a way of speaking the protocol wrongly with a real identity. A lie is told by a liar from a
 * beginning until it is stopped. None of them may move an honest node from a law: a lie can cost it a
 * bounded amount of work and nothing else.
 */
import type { Cancel } from '#contracts/host.ts';
import type { Did, Json, RecordId } from '#contracts/identifiers.ts';
import type { Digest, GossipMessage, TopicMessage } from '#contracts/messages.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { TOPIC } from '../cluster.ts';
import type { Random } from '../random.ts';
import type { Liar } from './liar.ts';

export interface Lie {
  readonly summary: string;
  tell(liar: Liar): Cancel;
}

type Claim = { readonly [key: string]: Json };

/** The records in what was heard, as they came. */
const claimsIn = (message: GossipMessage): Claim[] =>
  'records' in message
    ? message.records.filter(
        (claim): claim is Claim =>
          typeof claim === 'object' && claim !== null && !Array.isArray(claim),
      )
    : [];

const announce = (
  records: readonly Json[],
  ids: readonly RecordId[] = [],
): Extract<TopicMessage, { type: 'announce' }> => ({
  type: 'announce',
  topic: TOPIC,
  records,
  ids,
});

const toAll = (liar: Liar, message: GossipMessage): void => {
  for (const peer of liar.peers()) liar.say(peer, message);
};

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const nonceFrom = (random: Random): string => base64url(random.bytes(16));
const idFrom = (random: Random): RecordId =>
  Buffer.from(random.bytes(32)).toString('hex') as RecordId;

const flipped = (signature: Json): string => {
  const bytes = Buffer.from(String(signature), 'base64url');
  if (bytes.length > 0) bytes[0] = bytes[0]! ^ 1;
  return bytes.toString('base64url');
};

/** Every way to dress up a genuine record as another. */
const forgeries = (liar: Liar, genuine: Claim, other: Claim): Claim[] => {
  const later = { ...genuine, timestamp: Number(genuine['timestamp']) + 1 };
  return [
    later, // The id names another text.
    { ...later, id: liar.idOf(later) }, // The signature covers another id.
    { ...genuine, id: liar.idOf(later) }, // The id names another text, and nobody holds that.
    { ...genuine, signature: flipped(genuine['signature']!) },
    { ...genuine, author: liar.did },
    { ...other, id: genuine['id']!, signature: genuine['signature']! },
  ];
};

/** Says of every record that comes by something else, before the genuine one is everywhere. */
const forge = (liar: Liar): Cancel => {
  let last: Claim | undefined;
  return liar.onHeard(({ message }) => {
    for (const genuine of claimsIn(message).slice(0, 4)) {
      toAll(liar, announce(forgeries(liar, genuine, last ?? genuine)));
      last = genuine;
    }
  });
};

/** Says again, to anybody, what anybody said before: records, digests, questions, answers. */
const replay = (liar: Liar): Cancel =>
  liar.every(200, () => {
    const peers = liar.peers();
    if (peers.length === 0 || liar.heard.length === 0) return;
    for (let count = 0; count < 3; count++) {
      liar.say(liar.random.pick(peers), liar.random.pick(liar.heard).message);
    }
  });

/** Children signed of one record, at most, and forks in all. */
const FORKS_MAX = 5;

/** Signs two children of one record again and again, and tells each to another half. */
const equivocate = (liar: Liar): Cancel => {
  const signed: SignedRecord[] = [];
  return liar.every(1_500, () => {
    const peers = liar.random.shuffle(liar.peers());
    if (peers.length < 2 || signed.length >= FORKS_MAX * 2) return;
    const after = signed.length === 0 ? undefined : liar.random.pick(signed);
    const half = Math.ceil(peers.length / 2);
    for (const [index, side] of [peers.slice(0, half), peers.slice(half)].entries()) {
      const to = liar.others[(signed.length + index) % liar.others.length]!;
      const record = liar.sign({ after, to, amount: 100 + index, memo: `${signed.length}` });
      signed.push(record);
      for (const peer of side) liar.say(peer, announce([record as unknown as Json]));
    }
  });
};

/** Clocks that nobody has, each beside a count and a fingerprint that may or may not fit. */
const wrongDigest = ({ random, others, did }: Liar): Digest => {
  const all = (value: () => number): { readonly [author: Did]: number } =>
    Object.fromEntries([...others, did].map((author) => [author, value()]));
  return {
    type: 'digest',
    topic: TOPIC,
    clock: random.pick([
      () => all(() => Number.MAX_SAFE_INTEGER),
      () => all(() => 1 + random.integer(1_000_000)),
      () => ({}),
      () => all(() => 1),
    ])(),
    count: random.pick([0, 1, 1_000, Number.MAX_SAFE_INTEGER]),
    fingerprint: random.pick(['0'.repeat(64), 'f'.repeat(64), idFrom(random)]),
    nonce: nonceFrom(random),
  };
};

/** Claims to hold what it does not, or to lack what it has; asked for it, brings nothing. */
const digest = (liar: Liar): Cancel => {
  const stopTalking = liar.every(1_200, () => {
    for (const peer of liar.peers()) liar.say(peer, wrongDigest(liar));
  });
  const stopAnswering = liar.onHeard(({ peer, message }) => {
    // One question in three is not answered at all.
    if (message.type !== 'pull-request' || liar.random.integer(3) === 0) return;
    const { nonce } = message;
    const rest = { records: [], done: true, truncated: liar.random.next() < 0.5 };
    liar.say(peer, { type: 'pull-response', topic: TOPIC, nonce, ...rest });
  });
  return () => {
    stopTalking();
    stopAnswering();
  };
};

/** More than anybody can want to hear: names that mean nothing, questions, digests, rubbish. */
const floods: readonly ((liar: Liar) => GossipMessage)[] = [
  ({ random }) =>
    announce(
      [],
      Array.from({ length: 64 }, () => idFrom(random)),
    ),
  ({ random }) => ({
    type: 'request',
    topic: TOPIC,
    ids: Array.from({ length: 64 }, () => idFrom(random)),
  }),
  (liar) => wrongDigest(liar),
  ({ random, others }) => ({
    type: 'pull-request',
    topic: TOPIC,
    ranges: others.map((author) => ({ author, from: 1, to: Number.MAX_SAFE_INTEGER })),
    maxBytes: 8_388_608,
    nonce: nonceFrom(random),
  }),
  ({ random }) => announce([{ id: idFrom(random), kind: 'icn/entry/1' }, [], 7, null, 'x']),
];

const flood = (liar: Liar): Cancel =>
  liar.every(100, () => {
    for (const peer of liar.peers()) liar.say(peer, liar.random.pick(floods)(liar));
  });

/** Answers that nobody asked for: genuine records, and nonces that belong to no question. */
const unsolicited = (liar: Liar): Cancel =>
  liar.every(500, () => {
    const known = liar.heard.flatMap(({ message }) => claimsIn(message)).slice(-4);
    toAll(liar, {
      type: 'response',
      topic: TOPIC,
      records: known,
      missing: [idFrom(liar.random)],
    });
    toAll(liar, {
      type: 'pull-response',
      topic: TOPIC,
      records: known,
      done: liar.random.next() < 0.5,
      truncated: true,
      nonce: nonceFrom(liar.random),
    });
  });

/** One long frame, a byte at a time, so that its link is never silent and never says anything. */
const drip = (liar: Liar): Cancel => {
  const frame = liar.frame(announce(['x'.repeat(100_000)]));
  let at = 0;
  return liar.every(500, () => {
    const byte = frame.subarray(at, at + 1);
    at = Math.min(at + 1, frame.length - 2);
    for (const peer of liar.peers()) liar.spill(peer, byte);
  });
};

/** Every lie, by its name as a nemesis. */
export const LIES: { readonly [name: string]: Lie } = {
  forge: { summary: 'a liar dresses up genuine records as others', tell: forge },
  replay: { summary: 'a liar says again what anybody said before', tell: replay },
  equivocate: { summary: 'a liar signs two children of one record', tell: equivocate },
  digest: { summary: 'a liar claims clocks and counts that nobody has', tell: digest },
  flood: { summary: 'a liar says more than anybody can want to hear', tell: flood },
  unsolicited: { summary: 'a liar answers what nobody asked', tell: unsolicited },
  drip: { summary: 'a liar drips one frame, a byte at a time', tell: drip },
};
