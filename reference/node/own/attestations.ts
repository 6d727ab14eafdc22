/**
 * Attestations: what members say of each other comes in with the records of one topic and moves the
 * trust layer; what this node says itself goes out there, and is also kept in the store. The topic lives
 * in memory and refills from peers, but whom its operator trusts a node must know from its first moment
 * on, with nobody there to remind it.
 */
import type { Content } from '#contracts/content.ts';
import type { Host, Write } from '#contracts/host.ts';
import { TRUST_TOPIC, type Did, type RecordId } from '#contracts/identifiers.ts';
import { ATTESTATION_DAYS_MAX, type AttestStatus, type TrustView } from '#contracts/node.ts';
import { refused, type Refused } from '#contracts/outcome.ts';
import type { Records, SignedRecord, TrustBody } from '#contracts/records.ts';
import type { TrustLayer } from '#contracts/trust.ts';
import type { Gossips } from '../topics/topics.ts';

const DAY_MS = 86_400_000;
/** By subject: the last word about each is enough. */
const KEY = 'trust/';

export interface AttestationsOptions {
  readonly self: Did;
  readonly host: Pick<Host, 'now' | 'monotonic' | 'log' | 'store'>;
  readonly content: Content;
  readonly records: Records;
  readonly trust: TrustLayer;
  readonly gossips: Gossips;
  readonly read: (id: RecordId) => SignedRecord | undefined;
}

export interface Attestations {
  /** At start: what this node said in earlier runs. */
  load(): Promise<void>;
  /** A record of a topic that is no ledger was delivered. Gives what is to be written in the same step. */
  heard(record: SignedRecord): readonly Write[];
  /** Why this node may not say that; undefined if it may. */
  objection(subject: Did, score: number, days: number): Refused<AttestStatus> | undefined;
  body(subject: Did, score: number, days: number): TrustBody;
  view(peer: Did): TrustView;
}

export const createAttestations = (options: AttestationsOptions): Attestations => {
  const { self, host, content, records, trust, gossips, read } = options;

  const opened = (key: string, text: string): SignedRecord | undefined => {
    const parsed = content.parse(new TextEncoder().encode(text));
    const record = parsed.ok ? records.open(parsed.value) : parsed;
    if (record.ok) return record.value;
    host.log('warn', 'attestation_unreadable', { key, reason: record.reason });
    return undefined;
  };

  /** Whoever we begin to trust may have been a stranger, whose words are not all remembered. */
  const hearAgain = (author: Did): void => {
    const knowledge = gossips.get(TRUST_TOPIC)?.knowledge;
    for (const id of knowledge?.run(author, 1, knowledge.clock().get(author) ?? 0) ?? []) {
      const record = read(id);
      if (record) trust.attested(record);
    }
  };

  return {
    async load() {
      for await (const [key, text] of host.store.load(KEY)) {
        const record = opened(key, text);
        if (record) trust.attested(record);
      }
    },
    heard(record) {
      const status = trust.attested(record);
      if (status !== 'noted' || record.author !== self) return [];
      const { subject } = record.body as TrustBody;
      hearAgain(subject);
      const text = content.canonicalize(record);
      return text.ok ? [{ key: `${KEY}${subject}`, value: text.value }] : [];
    },
    objection(subject, score, days) {
      if (subject === self) return refused('person_self', 'a node does not vouch for itself');
      if (!(score >= 0 && score <= 1)) {
        return refused('score_out_of_range', `expected a score from 0 to 1, got ${score}`);
      }
      return Number.isInteger(days) && days >= 1 && days <= ATTESTATION_DAYS_MAX
        ? undefined
        : refused(
            'days_out_of_range',
            `expected a whole number of days from 1 to ${ATTESTATION_DAYS_MAX}, got ${days}`,
          );
    },
    body: (subject, score, days) => ({
      subject,
      score,
      expiresAt: Math.floor(host.now()) + days * DAY_MS,
    }),
    view: (did) => ({
      did,
      score: trust.score(did),
      trustClass: trust.classOf(did),
      grounds: trust.grounds(did),
      conduct: trust.conduct(host.monotonic(), did),
    }),
  };
};
