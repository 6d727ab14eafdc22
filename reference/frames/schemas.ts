/**
 * The shape of every message, one strict schema per type: the fields of the contract and no other.
 *
 * A frame has room for half a million array elements, and every complaint about one costs memory; so
 * the length of a list is judged before a schema looks at what is in it.
 */
import * as z from 'zod';
import { HASH_PATTERN, type Did, type Json, type RecordId } from '#contracts/identifiers.ts';
import {
  BATCH_MAX,
  CLOCK_COMPONENTS_MAX,
  FILTER_BITS_MAX,
  FILTER_HASHES_MAX,
  PREFIXES_MAX,
  SUBSCRIPTION_STATUSES,
  TOPICS_MAX,
  type Digest,
  type Message,
  type RangeClaims,
} from '#contracts/messages.ts';

/** A key of its own kind: whether the DID spells a key exactly is asked where it is used. */
const DID_PATTERN = /^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{40,48}$/;
const TOPIC_PATTERN = /^(?=.{1,64}$)[a-z][a-z0-9-]*(:[A-Za-z0-9_-]{1,32})?$/;
const PROTOCOL_PATTERN = /^[a-z0-9/.-]{1,64}$/;
// In base64url 16 bytes are 22 characters, 64 bytes 86; the last one has two bits to spell, so that
// only four characters may stand there and no two texts mean the same bytes.
const NONCE_PATTERN = /^[A-Za-z0-9_-]{21}[AQgw]$/;
/** 8 bytes are 11 characters, and the last one has four bits to spell. */
const SALT_PATTERN = /^[A-Za-z0-9_-]{10}[AEIMQUYcgkosw048]$/;
const BASE64URL_PATTERN = /^[A-Za-z0-9_-]*$/;
const PREFIX_PATTERN = /^[0-9a-f]{0,16}$/;
const SIGNATURE_PATTERN = /^[A-Za-z0-9_-]{85}[AQgw]$/;
/** Characters of a cursor: long enough for a record's id and its place. */
const CURSOR_CHARACTERS_MAX = 128;

/** A text that follows a pattern; `what` is the pattern in words, for the reason. */
const spelled = <Text extends string = string>(pattern: RegExp, what: string): z.ZodType<Text> =>
  z.custom<Text>((value) => typeof value === 'string' && pattern.test(value), `expected ${what}`);

const listOf = <Item>(item: z.ZodType<Item>, itemsMax: number): z.ZodType<Item[]> =>
  z
    .custom<unknown[]>(
      (value) => Array.isArray(value) && value.length <= itemsMax,
      `expected a list of at most ${itemsMax}`,
    )
    .pipe(z.array(item));

const did = spelled<Did>(DID_PATTERN, 'an Ed25519 did:key');
const hash = spelled(HASH_PATTERN, '64 lower-case hex digits');
const id = spelled<RecordId>(HASH_PATTERN, 'a record id of 64 lower-case hex digits');
const topic = spelled(TOPIC_PATTERN, 'a topic like ledger:hours, at most 64 characters');
const nonce = spelled(NONCE_PATTERN, '16 bytes in base64url');
const cursor = z.exactOptional(z.string().max(CURSOR_CHARACTERS_MAX));
const ids = listOf(id, BATCH_MAX);
/** Claims: whatever JSON they are, each is opened on its own. */
const records = listOf(z.custom<Json>(), BATCH_MAX);
const topics = listOf(topic, TOPICS_MAX);

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) > 0;

// By hand, because a record schema passes over a key `__proto__` in silence.
const clock = z.custom<Digest['clock']>((value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const components = Object.entries(value);
  return (
    components.length <= CLOCK_COMPONENTS_MAX &&
    components.every(([author, count]) => DID_PATTERN.test(author) && isCount(count))
  );
}, `expected at most ${CLOCK_COMPONENTS_MAX} counts from 1 on, by did:key`);

/** Each its own kind of claim by prefix; by hand, like clocks. */
const byPrefix = z.custom<RangeClaims['branches']>((value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const claims = Object.entries(value);
  return (
    claims.length <= PREFIXES_MAX &&
    claims.every(
      ([prefix, claim]) =>
        PREFIX_PATTERN.test(prefix) && typeof claim === 'string' && BASE64URL_PATTERN.test(claim),
    )
  );
}, `expected at most ${PREFIXES_MAX} base64url texts, by hex digits`);

const salt = spelled(SALT_PATTERN, '8 bytes in base64url');
const filter = z.exactOptional(
  z.strictObject({
    salt,
    bits: z.int().min(64).max(FILTER_BITS_MAX),
    hashes: z.int().min(1).max(FILTER_HASHES_MAX),
    count: z.int().min(0),
    data: spelled(BASE64URL_PATTERN, 'base64url'),
  }),
);
const claims = z.exactOptional(z.strictObject({ salt, branches: byPrefix, leaves: byPrefix }));
const prefixes = listOf(spelled(PREFIX_PATTERN, 'hex digits'), PREFIXES_MAX);

const range = z
  .strictObject({ author: did, from: z.int().min(1), to: z.int() })
  .refine(({ from, to }) => from <= to, 'expected a run whose end is not before its start');

type Schemas = {
  readonly [Type in Message['type']]: z.ZodType<Extract<Message, { readonly type: Type }>>;
};

/** One schema for each type of message; `version` is the frame's affair. */
export const schemas: Schemas = {
  hello: z.strictObject({
    type: z.literal('hello'),
    did,
    network: hash,
    // Another protocol is an answerable difference, not a malformed Hello.
    protocol: spelled(PROTOCOL_PATTERN, 'a protocol like icn/gossip/1'),
    nonce,
    inflates: z.exactOptional(z.literal(true)),
  }),
  'hello-proof': z.strictObject({
    type: z.literal('hello-proof'),
    nonce,
    signature: spelled(SIGNATURE_PATTERN, '64 bytes in base64url'),
  }),
  ping: z.strictObject({ type: z.literal('ping'), nonce }),
  pong: z.strictObject({ type: z.literal('pong'), nonce }),
  subscribe: z.strictObject({ type: z.literal('subscribe'), topics }),
  unsubscribe: z.strictObject({ type: z.literal('unsubscribe'), topics }),
  'subscribe-ack': z.strictObject({
    type: z.literal('subscribe-ack'),
    topics: listOf(z.strictObject({ topic, status: z.enum(SUBSCRIPTION_STATUSES) }), TOPICS_MAX),
  }),
  announce: z.strictObject({ type: z.literal('announce'), topic, records, ids }),
  request: z.strictObject({ type: z.literal('request'), topic, ids }),
  response: z.strictObject({ type: z.literal('response'), topic, records, missing: ids }),
  digest: z.strictObject({
    type: z.literal('digest'),
    topic,
    clock,
    count: z.int().min(0),
    fingerprint: hash,
    filter,
    nonce,
  }),
  'pull-request': z.strictObject({
    type: z.literal('pull-request'),
    topic,
    ranges: listOf(range, CLOCK_COMPONENTS_MAX),
    filter,
    claims,
    maxBytes: z.int().min(1),
    nonce,
    cursor,
  }),
  'pull-response': z.strictObject({
    type: z.literal('pull-response'),
    topic,
    records,
    done: z.boolean(),
    truncated: z.boolean(),
    cursor,
    skipped: z.exactOptional(ids),
    differing: z.exactOptional(prefixes),
    waitMs: z.exactOptional(z.int().min(1)),
    nonce,
  }),
};
