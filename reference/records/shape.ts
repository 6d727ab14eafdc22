/**
 * The shape of a record: which fields, of which form, and how they fit together.
 *
 * Shape is what needs neither a key nor another record to judge. Whether amounts are positive and
 * lines balance is a verdict on what was said, and the ledger's; here it only has to be sayable.
 *
 * Every part has its bound, and together they keep a record below RECORD_BYTES_MAX: the widest one
 * is 58 KiB, and a test holds it there. So nothing needs to be measured.
 */
import * as z from 'zod';
import {
  COUNCIL_GRANTS_MAX,
  COUNCIL_TOPIC,
  HEADS_MAX,
  STEWARDS_MAX,
  type Decision,
} from '#contracts/certificates.ts';
import {
  HASH_PATTERN,
  LEDGER_TOPIC_PATTERN,
  TRUST_TOPIC,
  type Did,
  type Json,
  type NetworkId,
  type RecordId,
  type Topic,
} from '#contracts/identifiers.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';
import {
  LINES_MAX,
  MEMO_BYTES_MAX,
  NOTE_BYTES_MAX,
  PARENTS_MAX,
  type RecordKind,
  type SignedRecord,
} from '#contracts/records.ts';
import { isReserved, TOPIC_PATTERN } from '#contracts/topics.ts';
import { SIGNATURE_PATTERN } from './signature.ts';

/** Sign and size are for the ledger to judge; 40 digits are enough to say something out of range. */
const AMOUNT_PATTERN = /^-?(0|[1-9][0-9]{0,39})$/;

/** Reads a claim as a record, or says what is malformed about it. */
export type ReadShape = (claim: Json) => Outcome<SignedRecord, 'malformed'>;

/** A reader of shapes, given how to tell a DID. */
export const createReadShape = (isDid: (text: string) => boolean): ReadShape => {
  const schemas = createSchemas(isDid);
  return (claim) => {
    const kind = kindOf(claim);
    if (kind === undefined) return refused('malformed', 'kind: expected a known one');
    const shape = schemas[kind].safeParse(claim);
    if (!shape.success) {
      const [issue] = shape.error.issues;
      const reason = `${issue?.path.join('.')}: ${issue?.message}`;
      return refused('malformed', reason.slice(0, 200));
    }
    const misfit = refuseLinks(shape.data) ?? refuseTopic(shape.data);
    return misfit === undefined ? accepted(shape.data) : refused('malformed', misfit);
  };
};

const kindOf = (claim: Json): RecordKind | undefined => {
  if (typeof claim !== 'object' || claim === null || !Object.hasOwn(claim, 'kind'))
    return undefined;
  const { kind } = claim as { readonly kind: Json };
  return KINDS.find((known) => known === kind);
};

/** The links and the number of a record, among themselves. */
const refuseLinks = (record: SignedRecord): string | undefined => {
  const { id, sequence, previous, parents, certificate } = record;
  if ((sequence === 1) !== (previous === null)) {
    return `previous: expected null for sequence 1 and for no other, came ${previous} for ${sequence}`;
  }
  if (parents.some((parent, index) => index > 0 && parent <= (parents[index - 1] ?? ''))) {
    return 'parents: expected ids in ascending order, each once';
  }
  if (parents.some((parent) => parent === previous || parent === id)) {
    return 'parents: expected neither the id of the record nor its previous';
  }
  if (certificate !== undefined && [id, previous, ...parents].includes(certificate)) {
    return 'certificate: expected one of the council, came a link';
  }
  return undefined;
};

/** Which topics carry which kind: none may carry another's, or a note could stand in a chain of entries. */
const CARRIES: { readonly [Kind in RecordKind]: (topic: Topic) => boolean } = {
  'icn/entry/1': (topic) => LEDGER_TOPIC_PATTERN.test(topic),
  'icn/dispute/1': (topic) => LEDGER_TOPIC_PATTERN.test(topic),
  'icn/trust/1': (topic) => topic === TRUST_TOPIC,
  'icn/note/1': (topic) => TOPIC_PATTERN.test(topic) && !isReserved(topic),
  'icn/proposal/1': (topic) => topic === COUNCIL_TOPIC,
  'icn/vote/1': (topic) => topic === COUNCIL_TOPIC,
};
const KINDS = Object.keys(CARRIES) as RecordKind[];

const refuseTopic = ({ kind, topic }: SignedRecord): string | undefined => {
  const fits = CARRIES[kind](topic);
  return fits ? undefined : `topic: expected one for ${kind}, came ${topic.slice(0, 64)}`;
};

type Schemas = { readonly [Kind in RecordKind]: z.ZodType<SignedRecord<Kind>> };

const createSchemas = (isDid: (text: string) => boolean): Schemas => {
  const did = z.custom<Did>(
    (value) => typeof value === 'string' && isDid(value),
    'expected the did:key of an Ed25519 key',
  );
  const envelope = {
    network: spelled<NetworkId>(HASH_PATTERN, '64 lower-case hex digits'),
    topic: z.string(),
    author: did,
    sequence: z.int().min(1),
    previous: recordId.nullable(),
    parents: listOf(recordId, PARENTS_MAX),
    timestamp: z.int().min(0),
    floor: z.exactOptional(z.int().min(1)),
    id: recordId,
    signature: spelled(SIGNATURE_PATTERN, '64 bytes in base64url'),
  };
  return {
    'icn/entry/1': z.strictObject({
      ...envelope,
      kind: z.literal('icn/entry/1'),
      certificate: z.exactOptional(recordId),
      body: z.strictObject({
        accounts: listOf(lineOf(did), LINES_MAX),
        memo: z.exactOptional(textOf(MEMO_BYTES_MAX)),
        contract: z.exactOptional(spelled(HASH_PATTERN, '64 lower-case hex digits')),
        refunds: z.exactOptional(recordId),
      }),
    }),
    'icn/dispute/1': z.strictObject({
      ...envelope,
      kind: z.literal('icn/dispute/1'),
      body: z.strictObject({ entry: recordId, reason: textOf(MEMO_BYTES_MAX) }),
    }),
    'icn/trust/1': z.strictObject({
      ...envelope,
      kind: z.literal('icn/trust/1'),
      body: z.strictObject({
        subject: did,
        score: z.number().min(0).max(1),
        expiresAt: z.int().min(0),
      }),
    }),
    'icn/note/1': z.strictObject({
      ...envelope,
      kind: z.literal('icn/note/1'),
      body: z.strictObject({ text: textOf(NOTE_BYTES_MAX) }),
    }),
    'icn/proposal/1': z.strictObject({
      ...envelope,
      kind: z.literal('icn/proposal/1'),
      body: z.strictObject({
        epoch: z.int().min(0),
        number: z.int().min(1),
        certificate: recordId.nullable(),
        decision: decisionOf(did),
      }),
    }),
    'icn/vote/1': z.strictObject({
      ...envelope,
      kind: z.literal('icn/vote/1'),
      body: z.strictObject({
        epoch: z.int().min(0),
        number: z.int().min(1),
        proposal: recordId,
      }),
    }),
  };
};

/** A text that follows a pattern; `what` is the pattern in words, for the reason. */
const spelled = <Text extends string = string>(pattern: RegExp, what: string): z.ZodType<Text> =>
  z.custom<Text>((value) => typeof value === 'string' && pattern.test(value), `expected ${what}`);

/** The length is judged first: a claim has room for half a million items, each with its complaint. */
const listOf = <Item>(item: z.ZodType<Item>, itemsMax: number): z.ZodType<Item[]> =>
  z
    .custom<unknown[]>(
      (value) => Array.isArray(value) && value.length <= itemsMax,
      `expected a list of at most ${itemsMax}`,
    )
    .pipe(z.array(item));

const hash = spelled(HASH_PATTERN, '64 lower-case hex digits');
const recordId = spelled<RecordId>(HASH_PATTERN, 'a record id of 64 lower-case hex digits');
const amount = spelled(AMOUNT_PATTERN, 'a decimal integer of at most 40 digits');
const textOf = (bytesMax: number) =>
  z
    .string()
    .refine((text) => Buffer.byteLength(text) <= bytesMax, `expected at most ${bytesMax} bytes`);

/** What a council may decide, as far as a shape can say: the kind chooses the rest. */
const decisionOf = (did: z.ZodType<Did>): z.ZodType<Decision> =>
  z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('checkpoint'),
      heads: listOf(recordId, HEADS_MAX).refine(
        (heads) => heads.every((head, index) => index === 0 || head > heads[index - 1]!),
        'expected ids in ascending order, each once',
      ),
      count: z.int().min(0),
      entriesRoot: hash,
      balancesRoot: hash,
    }),
    z.strictObject({
      kind: z.literal('grant'),
      grants: listOf(
        z.strictObject({
          account: did,
          currency: spelled(/^[A-Za-z0-9_-]{1,32}$/, 'a currency'),
          baseline: z.int().min(0),
          cap: z.int().min(0),
          untilSequence: z.int().min(1),
        }),
        COUNCIL_GRANTS_MAX,
      ),
    }),
    z.strictObject({
      kind: z.literal('ruling'),
      topic: spelled(LEDGER_TOPIC_PATTERN, 'a ledger topic'),
      dispute: recordId,
      accounts: listOf(lineOf(did), LINES_MAX),
      reason: textOf(MEMO_BYTES_MAX),
    }),
    z.strictObject({
      kind: z.literal('stewards'),
      stewards: listOf(did, STEWARDS_MAX),
      quorum: z.int().min(1),
    }),
  ]);

const lineOf = (account: z.ZodType<Did>) =>
  z
    .strictObject({ account, debit: z.exactOptional(amount), credit: z.exactOptional(amount) })
    .refine(
      ({ debit, credit }) => (debit === undefined) !== (credit === undefined),
      'expected exactly one of debit and credit',
    );
