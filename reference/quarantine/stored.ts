/**
 * The inbox on disk: one value an item under `quarantine/NUMBER`, in the order of the numbers, and the
 * last decision at `merge/last`. There is no count and no head to disagree with the items.
 *
 * Read as strictly as anything that comes from outside: a file may be damaged, or edited.
 */
import * as z from 'zod';
import type { Write } from '#contracts/host.ts';
import { HASH_PATTERN } from '#contracts/identifiers.ts';
import { DISCARD_STATUSES, RESOLUTIONS, type MergeFacts } from '#contracts/merge.ts';
import {
  QUARANTINE_REASONS,
  statusesOf,
  type QuarantineItem,
  type QuarantineRecord,
  type QuarantineStatus,
} from '#contracts/quarantine.ts';

export const ITEM_PREFIX = 'quarantine/';
export const DECISION_KEY = 'merge/last';
const NUMBER_DIGITS = 12;

/** Where the item of a number is. */
export const itemKey = (number: number): string =>
  `${ITEM_PREFIX}${String(number).padStart(NUMBER_DIGITS, '0')}`;

/** Its number; undefined for a key that no item has. */
export const numberIn = (key: string): number | undefined => {
  const digits = key.slice(ITEM_PREFIX.length);
  return key.startsWith(ITEM_PREFIX) && /^\d{12}$/.test(digits) ? Number(digits) : undefined;
};

const id = z.string().regex(HASH_PATTERN);
const text = z.string().max(128);
const time = z.number();
const statuses: readonly QuarantineStatus[] = QUARANTINE_REASONS.flatMap(statusesOf);

const item = {
  key: id,
  id,
  topic: text,
  author: text,
  proven: z.boolean(),
  peer: text.nullable(),
  reason: z.enum(QUARANTINE_REASONS),
  status: z.enum(statuses),
  detail: z.string(),
  observedAt: time,
};

const recordSchema = z.strictObject({
  ...item,
  claim: z.record(z.string(), z.json()),
  expiresAt: time,
});

const factsSchema = z.strictObject({
  tips: z.array(z.strictObject({ topic: text, author: text, ids: z.array(id) })),
  accepted: z.array(id),
  discarded: z.array(z.strictObject({ id: id.nullable(), status: z.enum(DISCARD_STATUSES) })),
  quarantined: z.array(z.strictObject(item)),
  pending: z.array(id),
  conflicts: z.array(
    z.strictObject({
      topic: text,
      author: text,
      previous: id.nullable(),
      winner: id,
      loser: id,
      resolution: z.enum(RESOLUTIONS),
    }),
  ),
  displaced: z.array(id),
  timestamp: time,
});

const read = <Value>(schema: z.ZodType, value: string): Value | undefined => {
  try {
    const parsed = schema.safeParse(JSON.parse(value));
    return parsed.success ? (parsed.data as Value) : undefined;
  } catch {
    return undefined;
  }
};

/** An item as it was written; undefined for anything else. */
export const readItem = (value: string): QuarantineRecord | undefined =>
  read<QuarantineRecord>(recordSchema, value);

/** A decision as it was written; undefined for anything else. */
export const readDecision = (value: string): MergeFacts | undefined =>
  read<MergeFacts>(factsSchema, value);

/** An item without its claim: as decisions name it. */
export const withoutClaim = (record: QuarantineRecord): QuarantineItem => {
  const { claim: _claim, expiresAt: _expiresAt, ...rest } = record;
  return rest;
};

export const decisionWrite = (facts: MergeFacts): Write => ({
  key: DECISION_KEY,
  value: JSON.stringify(facts),
});
