/** The log of a topic: what may enter it, and that a refusal leaves no trace. */
import { describe, expect, it } from 'vitest';
import type { CreateTopicLog, TopicLog } from '#contracts/knowledge.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { create } from '#reference/gossip/topic-log.ts';
import { mallory, quinn, trudy } from '#test/support/facing.ts';
import { HOURS, chain, idOf, inventedId, write } from '#test/support/village.ts';

const createLog: CreateTopicLog = create;

/** All that can be seen of a log. */
const shown = (log: TopicLog) => ({
  count: log.count,
  clock: log.clock(),
  tips: log.tips(),
  heads: log.heads(),
  ordered: log.ordered(),
  forked: log.forked(),
});

describe('a log', () => {
  const [first, second, third] = chain(mallory, 3) as [SignedRecord, SignedRecord, SignedRecord];
  const [other] = chain(trudy, 1) as [SignedRecord];
  const refused: { readonly [what: string]: SignedRecord } = {
    'is held already': first,
    'follows what is not held': third,
    'names a parent that is not held': write(quinn, { seeing: [{ id: inventedId('parent') }] }),
    'follows the record of somebody else': write(mallory, { sequence: 2, previous: other.id }),
    'skips a number': write(mallory, { sequence: 3, previous: first.id }),
    'repeats a number': write(mallory, { sequence: 1, previous: first.id }),
    'begins with another number than 1': write(quinn, { sequence: 2, previous: null }),
    'names a record of its own author as a parent': write(mallory, {
      after: first,
      seeing: [first],
    }),
  };
  for (const [what, record] of Object.entries(refused)) {
    it(`refuses a record that ${what}, and is as it was`, () => {
      const log = createLog(HOURS);
      for (const each of [first, other]) expect(log.add(each)).toBe(true);
      const before = shown(log);
      expect(log.add(record)).toBe(false);
      expect(shown(log)).toEqual(before);
      expect(log.add(second)).toBe(true);
    });
  }

  it('says what a record names and it does not hold, each once', () => {
    const log = createLog(HOURS);
    log.add(first);
    const parents = [other, second];
    const record = write(quinn, { previous: other.id, sequence: 2, seeing: parents });
    expect([...log.missing(record)].sort()).toEqual(parents.map(idOf).sort());
    expect(log.missing(second)).toEqual([]);
    log.add(other);
    expect(log.missing(record)).toEqual([second.id]);
  });
});
