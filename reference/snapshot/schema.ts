/**
 * The shape of a coordination state: the fields of the contract, their own keys alone, each list and
 * map sorted and bounded. A policy that this program does not know is no policy.
 *
 * 16 MiB have room for eight million wrong members, and a complaint about each would cost gigabytes: what
 * can be long stops at the first one.
 */
import * as z from 'zod';
import { HASH_PATTERN, type Did, type RecordId, type Topic } from '#contracts/identifiers.ts';
import { SNAPSHOT_MEMBERS_MAX, type CoordinationState, type OwnTip } from '#contracts/snapshot.ts';
import {
  TOPIC_PATTERN,
  TOPIC_SCOPES,
  type TopicAccess,
  type TopicPolicy,
} from '#contracts/topics.ts';
import { TRUST_CLASSES } from '#contracts/trust.ts';

/** Of an Ed25519 key. Whether it spells one exactly is asked where somebody proves to be it. */
const DID_PATTERN = /^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/;

const isAscending = (names: readonly string[]): boolean =>
  names.every((name, index) => index === 0 || name > (names[index - 1] ?? ''));

const isMember = (pattern: RegExp) => (value: unknown) =>
  typeof value === 'string' && pattern.test(value);

/** Texts that follow a pattern, each once, in order. */
const setOf = <Text extends string>(pattern: RegExp, what: string): z.ZodType<readonly Text[]> =>
  z.custom<readonly Text[]>(
    (value) =>
      Array.isArray(value) &&
      value.length <= SNAPSHOT_MEMBERS_MAX &&
      value.every(isMember(pattern)) &&
      isAscending(value),
    `expected at most ${SNAPSHOT_MEMBERS_MAX} ${what} in ascending order, each once`,
  );

/** By hand, because a record schema passes over a key `__proto__` in silence. */
const mapOf = <Value>(
  pattern: RegExp,
  value: z.ZodType<Value>,
  what: string,
): z.ZodType<{ readonly [key: string]: Value }> =>
  z.custom<{ readonly [key: string]: Value }>((map) => {
    if (typeof map !== 'object' || map === null || Array.isArray(map)) return false;
    const entries = Object.entries(map);
    return (
      entries.length <= SNAPSHOT_MEMBERS_MAX &&
      entries.every(([key, each]) => pattern.test(key) && value.safeParse(each).success) &&
      isAscending(entries.map(([key]) => key))
    );
  }, `expected at most ${SNAPSHOT_MEMBERS_MAX} ${what} in ascending order`);

const did = z.custom<Did>(isMember(DID_PATTERN), 'expected the did:key of an Ed25519 key');
const dids = setOf<Did>(DID_PATTERN, 'DIDs');
const count = z.int().min(1);

const access: z.ZodType<TopicAccess> = z.discriminatedUnion('access', [
  z.strictObject({ access: z.literal('Public') }),
  z.strictObject({ access: z.literal('Private'), allowed: dids }),
  z.strictObject({ access: z.literal('TrustGated'), minTrust: z.enum(TRUST_CLASSES) }),
]);

const policy: z.ZodType<TopicPolicy> = z.strictObject({
  topic: z.custom<Topic>(isMember(TOPIC_PATTERN), 'expected a topic such as garden:plans'),
  access,
  scope: z.enum(TOPIC_SCOPES),
  retention: z.exactOptional(z.strictObject({ recordsMax: count, ageMsMax: count })),
});

const topics = z.custom<readonly TopicPolicy[]>(
  (value) =>
    Array.isArray(value) &&
    value.length <= SNAPSHOT_MEMBERS_MAX &&
    value.every((each) => policy.safeParse(each).success) &&
    isAscending((value as readonly TopicPolicy[]).map(({ topic }) => topic)),
  `expected at most ${SNAPSHOT_MEMBERS_MAX} topics with a known access, scope and retention in ascending order`,
);

const ownTip: z.ZodType<OwnTip> = z.strictObject({
  sequence: count,
  id: z.custom<RecordId>(isMember(HASH_PATTERN)),
  timestamp: z.int().min(0),
});

export const stateSchema: z.ZodType<CoordinationState> = z.strictObject({
  owner: did,
  topics,
  subscriptions: mapOf(TOPIC_PATTERN, dids, 'sorted lists of DIDs by topic'),
  clocks: mapOf(TOPIC_PATTERN, mapOf(DID_PATTERN, count, 'counts'), 'clocks by topic'),
  ownTips: mapOf(TOPIC_PATTERN, ownTip, 'tips by topic'),
});
