/**
 * The author: turns what a person states into a signed record, and publishes it.
 *
 * Whoever received a service states it: the provider is debited, the author credited. The entry names
 * what its author has seen, and the author's own ledger judges it before it is published: a refused
 * entry would occupy a number for nothing. Notes and attestations go the same way, in topics of theirs.
 */
import type { Effect } from '#contracts/effects.ts';
import { Fault } from '#contracts/faults.ts';
import type { Host } from '#contracts/host.ts';
import {
  ledgerTopic,
  type Did,
  type Json,
  type RecordId,
  type Topic,
} from '#contracts/identifiers.ts';
import type { Knowledge } from '#contracts/knowledge.ts';
import type { Ledger } from '#contracts/ledger.ts';
import type {
  DisputeStatus,
  Network,
  Payment,
  PaymentStatus,
  PublishStatus,
} from '#contracts/node.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';
import {
  PARENTS_MAX,
  type EntryBody,
  type EntryLine,
  type RecordBodies,
  type RecordKind,
  type Records,
  type SignedRecord,
  type Signer,
} from '#contracts/records.ts';
import type { OwnTip } from '#contracts/snapshot.ts';
import { isReserved } from '#contracts/topics.ts';
import type { Trust } from '#contracts/trust.ts';
import { isDurable } from '../topics/policies.ts';
import { gossipOf, type Gossips } from '../topics/topics.ts';

export interface AuthorOptions {
  readonly host: Pick<Host, 'now' | 'monotonic'>;
  readonly network: Network;
  readonly signer: Signer;
  readonly records: Records;
  /** Reads own records as others will, all but the signature, which is ours. */
  readonly unsigned: Pick<Records, 'open'>;
  readonly gossips: Gossips;
  readonly ledger: Ledger;
  /** A stored record, uncommitted ones included. */
  readonly read: (id: RecordId) => SignedRecord | undefined;
  /** The end of the own chain where records are not stored. */
  readonly ownTip: (topic: Topic) => OwnTip | undefined;
  readonly trust: Pick<Trust, 'mayPublish'>;
}

/** Where the next own record goes: what its author has seen. */
export interface Links {
  readonly sequence: number;
  readonly previous: RecordId | null;
  readonly parents: readonly RecordId[];
  /** In a ledger, of `previous`; 0 without one. The next timestamp may not be smaller. */
  readonly previousTimestamp: number;
  /** In topics that forget: the first own record that anybody can still have from us. */
  readonly floor?: number;
}

type Read = AuthorOptions['read'];

const heldIn =
  (read: Read) =>
  (id: RecordId): SignedRecord => {
    const record = read(id);
    if (!record) throw new Fault('store_inconsistent', `record ${id} is indexed and not stored`);
    return record;
  };

/** The heads by others, as many as a record may name. */
const parentsOf = (knowledge: Knowledge, self: Did, read: Read): readonly RecordId[] => {
  const held = heldIn(read);
  const parents: RecordId[] = [];
  // One by one: there may be many heads, and each is read from the store.
  for (const id of knowledge.heads()) {
    if (parents.length === PARENTS_MAX) break;
    if (held(id).author !== self) parents.push(id);
  }
  return parents;
};

/**
 * The links of an author's next record: it follows the end of the longest branch of its own chain (the
 * smaller id where two are equally long) and names heads by others. `end` takes the place of that end.
 */
export const linksOf = (knowledge: Knowledge, self: Did, read: Read, end?: RecordId): Links => {
  const length =
    end === undefined ? (knowledge.clock().get(self) ?? 0) : heldIn(read)(end).sequence;
  const [longest = null] = length === 0 ? [] : knowledge.run(self, length, length).toSorted();
  const previous = end ?? longest;
  return {
    sequence: length + 1,
    previous,
    parents: parentsOf(knowledge, self, read),
    previousTimestamp: previous === null ? 0 : heldIn(read)(previous).timestamp,
  };
};

/** The same where the end of the own chain may have left the window. */
export const linksAfter = (
  tip: OwnTip | undefined,
  knowledge: Knowledge,
  self: Did,
  read: Read,
): Links => {
  const sequence = (tip?.sequence ?? 0) + 1;
  const [oldest] = knowledge.run(self, 1, sequence);
  const floor = oldest === undefined ? sequence : heldIn(read)(oldest).sequence;
  return {
    sequence,
    previous: tip?.id ?? null,
    parents: parentsOf(knowledge, self, read),
    // No order of time is kept in topics that forget: once our clock was hours ahead, whatever followed would be
    // dated hours ahead too, and refused here and everywhere until then.
    previousTimestamp: 0,
    ...(floor > 1 ? { floor } : {}),
  };
};

/** A signed record and the effects that publish it. */
export interface Authored {
  readonly record: SignedRecord;
  readonly effects: readonly Effect[];
}

type SayStatus = Exclude<PublishStatus, 'topic_reserved'>;

export interface Author {
  pay(payment: Payment): Outcome<Authored, PaymentStatus>;
  /** An objection to an entry that names the author. */
  dispute(topic: Topic, entry: RecordId, reason: string): Outcome<Authored, DisputeStatus>;
  /** An entry with these lines, as they stand. */
  enter(currency: string, body: EntryBody): Outcome<Authored, PaymentStatus>;
  /** A record of a topic that is no ledger. */
  say<Kind extends RecordKind>(
    kind: Kind,
    topic: Topic,
    body: RecordBodies[Kind],
  ): Outcome<Authored, SayStatus>;
  /** Something said in a topic that people opened. */
  note(topic: Topic, text: string): Outcome<Authored, PublishStatus>;
}

/** What the ledger would accept and nobody would count. */
const OWN_FORK =
  'this key has signed two records after one, so nothing it signs counts any more: see "npm run node ledger conflicts"';

/** A backup was restored, and what its author signed since is on its way. */
const OWN_WAITS =
  'records of this key wait for what they rest on: to sign now would give a number twice. Try again when "npm run node topics" shows none waiting';

export const createAuthor = (options: AuthorOptions): Author => {
  const { host, network, signer, records, unsigned, gossips, ledger, read, ownTip, trust } =
    options;

  const draft = <Kind extends RecordKind>(
    kind: Kind,
    topic: Topic,
    links: Links & Pick<SignedRecord, 'certificate'>,
    body: RecordBodies[Kind],
  ): SignedRecord => {
    const { previousTimestamp, ...place } = links;
    const timestamp = Math.max(host.now(), previousTimestamp);
    const author = signer.did;
    return records.sign(
      { kind, network: network.id, topic, author, ...place, timestamp, body },
      signer,
    );
  };

  /** Throws where nobody would read it: an own record that others refuse is a hole in the own chain for good. */
  const published = (record: SignedRecord): Authored => {
    const form = unsigned.open(record as unknown as Json);
    if (!form.ok) throw new Error(`a record that nobody would read was not said: ${form.reason}`);
    const effects = gossipOf(gossips, record.topic).publish(host.monotonic(), record);
    return { record, effects };
  };

  /**
   * Where stewards have decided the forks of this node's own chain, the end of the branch that stands:
   * the author goes on there. Undefined where there is no fork, or one that is not decided.
   */
  const settledEnd = (topic: Topic): RecordId | undefined => {
    const own = new Set([signer.did]);
    const forks = ledger.conflicts(topic, own);
    const areDecided = forks.every(({ children }) => children.some((id) => ledger.isSettled(id)));
    if (forks.length === 0 || !areDecided) return undefined;
    const tips = ledger.tips(topic, own).get(signer.did) ?? [];
    return tips.find((id) => ledger.standing(id) === 'stands');
  };

  /**
   * The newest grant to this node, if what the next entry links to does not know of it. No other certificate
   * is named, because none would change the verdict: whoever lacks it would wait for nothing.
   */
  const grantFor = (
    kind: RecordKind,
    topic: Topic,
    { previous, parents }: Links,
  ): Pick<SignedRecord, 'certificate'> => {
    const links = previous === null ? parents : [previous, ...parents];
    const certificate =
      kind === 'icn/entry/1' ? ledger.certificateFor(topic, signer.did, links) : undefined;
    return certificate === undefined ? {} : { certificate };
  };

  /** A record of a ledger topic, if its own ledger accepts it. */
  const judged = <Kind extends RecordKind>(
    kind: Kind,
    topic: Topic,
    body: RecordBodies[Kind],
  ): Outcome<Authored, DisputeStatus> => {
    const { knowledge, waiting } = gossipOf(gossips, topic);
    if ((waiting().own ?? 0) > 0) return refused('sequence_conflict', OWN_WAITS);
    const end = settledEnd(topic);
    if (end === undefined && knowledge.forked().includes(signer.did)) {
      return refused('sequence_conflict', OWN_FORK);
    }
    const links = linksOf(knowledge, signer.did, read, end);
    const record = draft(kind, topic, { ...links, ...grantFor(kind, topic, links) }, body);
    const { status, reason } = ledger.judge(record);
    return status === 'accepted' ? accepted(published(record)) : refused(status, reason);
  };

  const enter: Author['enter'] = (currency, body) => {
    const names = network.genesis.currencies.map(({ name }) => name);
    if (!names.includes(currency)) {
      return refused('currency_unknown', `expected one of ${names.join(', ')}, got ${currency}`);
    }
    return judged('icn/entry/1', ledgerTopic(currency), body);
  };

  const say: Author['say'] = (kind, topic, body) => {
    const gossip = gossips.get(topic);
    if (!gossip) return refused('topic_unknown', `${topic} is not open here`);
    if (!trust.mayPublish(topic, signer.did)) {
      return refused('not_permitted', `this node may not publish in ${topic}`);
    }
    const links = isDurable(topic)
      ? linksOf(gossip.knowledge, signer.did, read)
      : linksAfter(ownTip(topic), gossip.knowledge, signer.did, read);
    return accepted(published(draft(kind, topic, links, body)));
  };

  return {
    enter,
    pay({ currency, to, amount, memo, refunds }) {
      const accounts: EntryLine[] = [
        { account: to, debit: String(amount) },
        { account: signer.did, credit: String(amount) },
      ];
      const body = { accounts, ...(memo !== undefined && { memo }), ...(refunds && { refunds }) };
      return enter(currency, body);
    },

    dispute: (topic, entry, reason) => judged('icn/dispute/1', topic, { entry, reason }),

    note: (topic, text) =>
      isReserved(topic)
        ? refused('topic_reserved', `${topic} takes no notes: open a topic of your own`)
        : say('icn/note/1', topic, { text }),
    say,
  };
};
