/**
 * Holdings: logs of thousands of records without signatures, and two sides that reconcile them without
 * gossip. For tests and benchmarks that are about numbers.
 */
import { createHash } from 'node:crypto';
import assert from 'node:assert/strict';
import type { Did, RecordId } from '#contracts/identifiers.ts';
import type { TopicLog } from '#contracts/knowledge.ts';
import type { Pull, Reconciliation, Summary } from '#contracts/reconciliation.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { create as createContent } from '#reference/content/content.ts';
import { create as createLog } from '#reference/gossip/topic-log.ts';
import { create as createReconciliation } from '#reference/reconciliation/reconciliation.ts';

const content = createContent();
const TOPIC = 'ledger:hours';
/** With its names and its signature a record of one line is about so long. */
const RECORD_BYTES = 600;

export const fullReconciliation = (): Reconciliation => createReconciliation({ content });

export const authorOf = (name: string): Did =>
  `did:key:z6Mk${createHash('sha256').update(name).digest('hex').slice(0, 44)}` as Did;

/** The next record of a chain; `branch` tells siblings apart. */
export const following = (
  author: Did,
  previous: SignedRecord | undefined,
  branch: string,
): SignedRecord => {
  const sequence = (previous?.sequence ?? 0) + 1;
  const id = createHash('sha256').update(`${author} ${sequence} ${branch}`).digest('hex');
  return {
    kind: 'icn/entry/1',
    topic: TOPIC,
    id: id as RecordId,
    author,
    sequence,
    previous: previous?.id ?? null,
    parents: [],
  } as unknown as SignedRecord;
};

/** A chain by one author, behind `after`. */
export const branchOf = (
  author: Did,
  length: number,
  branch = 'first',
  after?: SignedRecord,
): SignedRecord[] => {
  const made: SignedRecord[] = [];
  for (let index = 0; index < length; index++) {
    made.push(following(author, made.at(-1) ?? after, branch));
  }
  return made;
};

/** Chains of several authors, of equal length. */
export const chainsOf = (authors: number, length: number): SignedRecord[] =>
  Array.from({ length: authors }, (_, index) =>
    branchOf(authorOf(`author ${index}`), length),
  ).flat();

/** One side: its log, and its records with a body. */
export interface Holding {
  readonly log: TopicLog;
  readonly reconciliation: Reconciliation;
  read(id: RecordId): SignedRecord | undefined;
  /** Takes records in any order that has causes first; how many were new. */
  take(records: readonly SignedRecord[]): number;
}

export const holdingOf = (
  records: readonly SignedRecord[],
  reconciliation = fullReconciliation(),
): Holding => {
  const log = createLog(TOPIC, reconciliation.index?.());
  const held = new Map<RecordId, SignedRecord>();
  const holding: Holding = {
    log,
    reconciliation,
    read(id) {
      const record = held.get(id);
      return record && { ...record, body: { accounts: [], memo: 'x'.repeat(RECORD_BYTES - 330) } };
    },
    take(given) {
      let taken = 0;
      for (const record of given) {
        if (!log.add(record)) continue;
        held.set(record.id, record);
        taken += 1;
      }
      return taken;
    },
  };
  assert.equal(holding.take(records), records.length, 'every record has its causes before it');
  return holding;
};

export const summaryOf = ({ log, reconciliation }: Holding): Summary =>
  reconciliation.summarise(log);

/** What a reconciliation took. */
export interface Bill {
  /** Questions asked. */
  readonly rounds: number;
  readonly taken: number;
  /** Of questions and answers, without the records. */
  readonly talkBytes: number;
  readonly recordBytes: number;
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** Salts that are never the same twice. */
export const saltOf = (text: string): string =>
  createHash('sha256').update(text).digest().subarray(0, 8).toString('base64url');

const ROUNDS_MAX = 1_000;

/**
 * One side asks the other until it has nothing more to ask: runs again and again, then one search.
 * Records that come before their causes are dropped, so that only an order with causes first succeeds.
 */
export const catchUp = (
  asker: Holding,
  holder: Holding,
  { saltFor = saltOf, bytesMax = 1_048_576 } = {},
): Bill => {
  const digest = summaryOf(holder);
  let [rounds, taken, talkBytes, recordBytes] = [0, 0, bytesOf(digest), 0];
  const salt = () => saltFor(`${rounds}`);
  const { reconciliation } = asker;
  let pull: Pull | undefined = reconciliation.request(asker.log, digest, salt());
  while (pull && (pull.ranges.length > 0 || pull.filter || pull.claims)) {
    assert(rounds++ < ROUNDS_MAX, 'they never come to an end');
    const { records, ...answer } = holder.reconciliation.serve(
      holder.log,
      pull,
      bytesMax,
      holder.read,
    );
    talkBytes += bytesOf(pull) + bytesOf(answer);
    recordBytes += bytesOf(records);
    taken += asker.take(records as unknown as SignedRecord[]);
    if (pull.ranges.length === 0) {
      pull = reconciliation.next?.(asker.log, pull, answer, salt());
    } else pull = reconciliation.request(asker.log, digest, salt());
  }
  return { rounds, taken, talkBytes, recordBytes };
};
