/**
 * Judgement: the verdict of a record, from its own form and its own past.
 *
 * Nothing here knows what else is held, what time it is, or who delivered the record: that is why every
 * node reaches the same verdict. A judge in a village asks only what the payer could have known when
 * signing: what it had spent on its own chain, and what others had given it.
 */
import type { Verdict } from '#contracts/ledger.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { verdictOf, type Form } from './form.ts';
import type { LimitQuestion } from './limits.ts';
import type { Held, Place } from './state.ts';

/** What the past of a record says. */
export interface Findings {
  /** The record that `previous` names. */
  readonly previous: Held | undefined;
  /** What others gave the author in that past, in minor units. */
  readonly gains: () => bigint;
  /** Number of the newest certificate in that past; 0 without one. */
  readonly seen: number;
  readonly limitOf: (question: LimitQuestion) => bigint;
  /** Of a dispute: why its author may not file it. */
  readonly objection: Verdict | undefined;
}

/** One verdict for all that is well: there are no numbers to tell, and a string each would add up. */
const ACCEPTED = verdictOf('accepted', 'within every rule');

/** Whether the record follows this place of its author's chain, or begins the chain where there is none. */
export const isLinked = (record: SignedRecord, previous: Held | undefined): boolean => {
  if (record.previous === null) return record.sequence === 1;
  const place: Place | undefined = previous?.place;
  return (
    place !== undefined &&
    place.chain.author === record.author &&
    place.chain.topic === record.topic &&
    place.sequence + 1 === record.sequence
  );
};

const faultOfLink = (record: SignedRecord, { previous }: Findings): Verdict | undefined => {
  if (isLinked(record, previous)) return undefined;
  const { sequence, author, topic } = record;
  const expected = `record ${sequence - 1} of ${author} in ${topic}`;
  const came = record.previous === null ? 'no previous' : `${record.previous}, which is not`;
  return verdictOf('sequence_conflict', `expected ${expected}, came ${came}`);
};

const faultOfTime = (record: SignedRecord, { previous }: Findings): Verdict | undefined => {
  if (!previous || record.timestamp >= previous.timestamp) return undefined;
  const dates = `dated ${record.timestamp}, its previous ${previous.timestamp}`;
  return verdictOf('timestamp_conflict', dates);
};

const faultOfCredit = (
  record: SignedRecord,
  { nets }: Form,
  { previous, gains, seen, limitOf }: Findings,
): Verdict | undefined => {
  const { author, topic, sequence } = record;
  const net = nets.get(author) ?? 0n;
  // Who owes nothing more by this record is not asked, however deep a loser's fork has put it.
  if (net >= 0n) return undefined;
  const provided = gains();
  const balance = (previous?.place?.spent ?? 0n) + provided + net;
  const limit = limitOf({ topic, account: author, sequence, seen, provided });
  if (balance >= -limit) return undefined;
  return verdictOf(
    'over_limit',
    `balance would be ${balance}, limit ${limit} after ${provided} provided`,
  );
};

/** The verdict of a record whose ancestors are all held. */
export const judgeInPast = (record: SignedRecord, form: Form, findings: Findings): Verdict =>
  form.fault ??
  findings.objection ??
  faultOfLink(record, findings) ??
  faultOfTime(record, findings) ??
  faultOfCredit(record, form, findings) ??
  ACCEPTED;
