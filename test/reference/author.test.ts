/** Links: where an author's next record goes, from what its node holds. */
import { describe, expect, it } from 'vitest';
import type { RecordId } from '#contracts/identifiers.ts';
import { PARENTS_MAX, type SignedRecord } from '#contracts/records.ts';
import { create as createLog } from '#reference/gossip/topic-log.ts';
import { linksOf } from '#reference/node/own/author.ts';
import { HOURS, chain, idOf, siblings, signerOf, write } from '#test/support/village.ts';

const [ann, ben] = [signerOf('ann'), signerOf('ben')];

/** The links of Ann's next record where these are held, and the ids that were read for them. */
const linksAmong = (...held: readonly SignedRecord[]) => {
  const log = createLog(HOURS);
  const stored = new Map(held.map((record) => [record.id, record]));
  for (const record of held) expect(log.add(record)).toBe(true);
  const reads: RecordId[] = [];
  const read = (id: RecordId): SignedRecord | undefined => {
    reads.push(id);
    return stored.get(id);
  };
  return { links: linksOf(log, ann.did, read), reads };
};

describe('the next record of an author', () => {
  it('is the first where none is held', () => {
    const nothing = { sequence: 1, previous: null, parents: [], previousTimestamp: 0 };
    expect(linksAmong().links).toEqual(nothing);
  });

  it('follows its own last one and names the heads of others, sorted', () => {
    const own = chain(ann, 2);
    const others = [...chain(ben, 1), write(signerOf('cem')), write(signerOf('dia'))];
    const { links } = linksAmong(...own, ...others);
    expect(links).toEqual({
      sequence: 3,
      previous: own[1]!.id,
      parents: others.map(idOf).sort(),
      previousTimestamp: own[1]!.timestamp,
    });
  });

  it('names nothing that is named already, and its own last one only once', () => {
    const [first] = chain(ben, 1) as [SignedRecord];
    const own = write(ann, { seeing: [first] });
    expect(linksAmong(first, own).links).toMatchObject({ previous: own.id, parents: [] });
  });

  it('follows the longest of its branches, and of two as long the one with the smaller id', () => {
    const pair = siblings(ann, 2) as [SignedRecord, SignedRecord];
    expect(linksAmong(...pair).links).toMatchObject({
      sequence: 2,
      previous: pair[0].id,
      parents: [],
    });
    const longer = write(ann, { after: pair[1] });
    expect(linksAmong(...pair, longer).links).toMatchObject({
      sequence: 3,
      previous: longer.id,
      parents: [],
    });
  });

  it('names so many parents as a record may, the smallest ids, and reads few records for it', () => {
    const others = Array.from({ length: 300 }, (_, index) => write(signerOf(`other ${index}`)));
    const [own] = chain(ann, 1) as [SignedRecord];
    const { links, reads } = linksAmong(own, ...others);
    expect(links.parents).toEqual(others.map(idOf).sort().slice(0, PARENTS_MAX));
    expect(reads.length).toBeLessThanOrEqual(PARENTS_MAX + 2);
  });
});
