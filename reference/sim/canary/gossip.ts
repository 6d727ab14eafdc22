/** Planted faults in gossip: what is said, heard, counted and delivered. */
import type { Effect } from '#contracts/effects.ts';
import type { CreateGossip, Gossip } from '#contracts/gossip.ts';
import type { Did, Json } from '#contracts/identifiers.ts';
import type { Knowledge } from '#contracts/knowledge.ts';
import type { TopicMessage } from '#contracts/messages.ts';
import type { CreateReconciliation } from '#contracts/reconciliation.ts';
import type { SignedRecord } from '#contracts/records.ts';

type Mutant = (create: CreateGossip) => CreateGossip;

/** Changes what every input of a gossip leads to. */
const changing = (
  gossip: Gossip,
  change: (effects: readonly Effect[]) => readonly Effect[],
): Gossip => ({
  ...gossip,
  // Getters are not copied live.
  knowledge: gossip.knowledge,
  publish: (now, record) => change(gossip.publish(now, record)),
  receive: (now, peer, message) => change(gossip.receive(now, peer, message)),
  elapsed: (now, timer) => change(gossip.elapsed(now, timer)),
});

const ANSWERS = ['response', 'pull-response', 'announce'];

/** Answers nobody's questions and announces nothing: what it alone holds is lost to others. */
export const hoard: Mutant = (create) => (options) =>
  changing(create(options), (effects) =>
    effects.filter(
      (effect) =>
        effect.effect !== 'broadcast' &&
        !(effect.effect === 'send' && ANSWERS.includes(effect.message.type)),
    ),
  );

/** Delivers the records of one step in the order of their ids. */
export const disorder: Mutant = (create) => (options) =>
  changing(create(options), (effects) => {
    const delivered = effects
      .filter((effect) => effect.effect === 'deliver')
      .sort((left, right) => (left.record.id < right.record.id ? -1 : 1));
    return effects.map((effect) => (effect.effect === 'deliver' ? delivered.shift()! : effect));
  });

/** Passes on what it has heard before: each copy makes more copies. */
export const chatter: Mutant = (create) => (options) => {
  const gossip = create(options);
  const joined = new Set<Did>();
  return {
    ...gossip,
    joined(now, peer) {
      joined.add(peer);
      return gossip.joined(now, peer);
    },
    left(now, peer) {
      joined.delete(peer);
      return gossip.left(now, peer);
    },
    receive(now, peer, message) {
      const effects = gossip.receive(now, peer, message);
      const isCopy = effects.some(
        (effect) => effect.effect === 'log' && effect.event === 'record_duplicate',
      );
      if (message.type !== 'announce' || !isCopy) return effects;
      return [...effects, { effect: 'broadcast', peers: [...joined], message }];
    },
  };
};

const asRecord = (claim: Json): Partial<SignedRecord> => claim as unknown as Partial<SignedRecord>;

const claimsIn = (message: TopicMessage): readonly Partial<SignedRecord>[] =>
  'records' in message
    ? message.records
        .filter((claim: Json) => typeof claim === 'object' && claim !== null)
        .map(asRecord)
    : [];

/** Takes for known what any digest claimed of an author, as if a clock were a list of records. */
export const clockDedupe: Mutant = (create) => (options) => {
  const gossip = create(options);
  const seen = new Map<Did, number>();
  const note = (author: Did, count: number): void =>
    void seen.set(author, Math.max(count, seen.get(author) ?? 0));
  const isKnown = ({ author, sequence }: Partial<SignedRecord>): boolean =>
    author !== undefined && (sequence ?? 0) <= (seen.get(author) ?? 0);
  return {
    ...gossip,
    receive(now, peer, message) {
      if (message.type === 'digest') {
        for (const [author, count] of Object.entries(message.clock)) note(author as Did, count);
      }
      const fresh =
        'records' in message
          ? { ...message, records: message.records.filter((claim) => !isKnown(asRecord(claim))) }
          : message;
      return gossip.receive(now, peer, fresh);
    },
  };
};

/** Counts a record that waits above a hole as if all before it were there, and asks for none of them. */
export const holes: Mutant = (create) => (options) => {
  const highest = new Map<Did, number>();
  const above = (knowledge: Knowledge): Knowledge => ({
    ...knowledge,
    topic: knowledge.topic,
    count: knowledge.count,
    clock: () => {
      const clock = new Map(knowledge.clock());
      for (const [author, count] of highest) {
        clock.set(author, Math.max(count, clock.get(author) ?? 0));
      }
      return clock;
    },
  });
  const gossip = create({
    ...options,
    reconciliation: overClock(options.reconciliation, above),
  });
  return {
    ...changing(gossip, (effects) =>
      effects.filter((effect) => effect.effect !== 'send' || effect.message.type !== 'request'),
    ),
    receive(now, peer, message) {
      for (const { author, sequence } of claimsIn(message)) {
        if (author && sequence) highest.set(author, Math.max(sequence, highest.get(author) ?? 0));
      }
      const effects = gossip.receive(now, peer, message);
      return effects.filter(
        (effect) => effect.effect !== 'send' || effect.message.type !== 'request',
      );
    },
  };
};

const overClock = (
  reconciliation: ReturnType<CreateReconciliation>,
  above: (knowledge: Knowledge) => Knowledge,
): ReturnType<CreateReconciliation> => ({
  ...reconciliation,
  summarise: (knowledge) => reconciliation.summarise(above(knowledge)),
  compare: (knowledge, digest) => reconciliation.compare(above(knowledge), digest),
  request: (knowledge, digest) => reconciliation.request(above(knowledge), digest),
});
