import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordId } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { createRandom } from '#reference/sim/random.ts';
import { everyDay } from '#test/support/depth.ts';
import { announce, facing, mallory, quinn, trudy, villageOf } from '#test/support/facing.ts';
import {
  HOURS,
  asJson,
  createVillage,
  idOf,
  inventedId,
  orderOf,
  saidOf,
  siblings,
  signerOf,
  write,
  type Member,
} from '#test/support/village.ts';

describe('forks', () => {
  it('of which each side knows one branch are found by the fingerprint: both end with both', () => {
    const village = createVillage({ names: ['ann', 'ben'] });
    const [ann, ben] = village.members as [Member, Member];
    const first = write(mallory);
    const [left, right] = siblings(mallory, 2, { after: first }) as [SignedRecord, SignedRecord];
    ann.carry(ann.gossip.import(0, [first, left].map(asJson)));
    ben.carry(ben.gossip.import(0, [first, right].map(asJson)));
    village.connectAll();
    village.advance(60_000);
    expect(orderOf(ann)).toEqual(orderOf(ben));
    expect(orderOf(ann)).toHaveLength(3);
    for (const member of [ann, ben]) {
      expect(member.gossip.knowledge.forked()).toEqual([mallory.did]);
      expect(member.logged.get('fork_detected')).toBe(1);
    }
    const before = village.said.length;
    village.advance(800_000);
    // Nothing differs: about ten digests each at the slowest cadence.
    expect(village.said.length - before).toBeLessThan(30);
  });

  it('are found although the clocks never agree: the larger branch is the one that must go', () => {
    const village = createVillage({ names: ['ann', 'ben'] });
    const [ann, ben] = village.members as [Member, Member];
    const [a, b, c] = siblings(mallory, 3) as [SignedRecord, SignedRecord, SignedRecord];
    const longer = write(mallory, { after: c });
    ann.carry(ann.gossip.import(0, [a, b].map(asJson)));
    ben.carry(ben.gossip.import(0, [a, c, longer].map(asJson)));
    village.connectAll();
    village.advance(60_000);
    expect(orderOf(ann)).toEqual([a.id, b.id]);
    expect(orderOf(ben)).toEqual([a.id, b.id]);
  });

  it('of more authors than fit into one offer are all found', () => {
    const village = createVillage({ names: ['ann', 'ben'] });
    const [ann, ben] = village.members as [Member, Member];
    const pairs = Array.from({ length: 200 }, (_, index) =>
      siblings(signerOf(`forger ${index}`), 2),
    );
    const known = pairs.map((pair) => pair[0]!);
    ann.carry(ann.gossip.import(0, pairs.flat().map(asJson)));
    ben.carry(ben.gossip.import(0, known.map(asJson)));
    village.connectAll();
    village.advance(400_000);
    expect(orderOf(ben)).toEqual(orderOf(ann));
  });

  /**
   * Histories with forks in them: two forgers and two honest authors. Each move is an author, the place
   * of the record it follows among its own (a fork unless it is the last), and what it has seen.
   */
  const forkedMoves = fc.array(
    fc.record({
      author: fc.nat(3),
      after: fc.option(fc.nat(9)),
      sees: fc.array(fc.nat(9), { maxLength: 3 }),
    }),
    { minLength: 6, maxLength: 14 },
  );

  const historyOf = (
    moves: readonly { author: number; after: number | null; sees: readonly number[] }[],
  ): SignedRecord[] => {
    const authors = [mallory, trudy, quinn, signerOf('honest')];
    const written: SignedRecord[] = [];
    moves.forEach(({ author: index, after, sees }, move) => {
      const author = authors[index]!;
      const own = written.filter((record) => record.author === author.did);
      const others = written.filter((record) => record.author !== author.did);
      const honest = index >= 2;
      const previous =
        honest || after === null ? own.at(-1) : [...own, undefined][after % (own.length + 1)];
      const places = others.length === 0 ? [] : sees.map((place) => place % others.length);
      const seen = [...new Set(places)].map((place) => others[place]!);
      written.push(write(author, { after: previous, seeing: seen, memo: `${move}` }));
    });
    return written;
  };

  /** A record and all that it rests on. */
  const pastOf = (record: SignedRecord, all: readonly SignedRecord[]): SignedRecord[] => {
    const past = new Set([record]);
    for (const { previous, parents } of past) {
      for (const each of all) if (each.id === previous || parents.includes(each.id)) past.add(each);
    }
    return [...past];
  };

  /** Everything that the rule keeps, told plainly: take away surplus until nothing is left to take. */
  const keptOf = (all: readonly SignedRecord[]): ReadonlySet<RecordId> => {
    const kept = new Map(all.map((record) => [record.id, record]));
    const rests = (root: RecordId): SignedRecord[] => {
      const found = new Set([root]);
      for (const id of found) {
        for (const record of kept.values()) {
          if ([record.previous, ...record.parents].includes(id)) found.add(record.id);
        }
      }
      return [...found].map((id) => kept.get(id)!);
    };
    const surplus = (record: SignedRecord): boolean => {
      const smaller = [...kept.values()].filter(
        (other) =>
          other.author === record.author &&
          other.previous === record.previous &&
          other.id < record.id,
      );
      return (
        smaller.length >= 2 && rests(record.id).every(({ author }) => author === record.author)
      );
    };
    for (;;) {
      const found = [...kept.values()].find(surplus);
      if (!found) return new Set(kept.keys());
      for (const { id } of rests(found.id)) kept.delete(id);
    }
  };

  it('keep the two smallest children and those that others rest on, on every node, in any order', () => {
    fc.assert(
      fc.property(forkedMoves, fc.nat(1_000), (moves, seed) => {
        const history = historyOf(moves);
        const random = createRandom(`${seed}`);
        const village = createVillage({ names: ['ann', 'ben', 'cem'], seed: `${seed}` });
        const takes = (member: Member, given: readonly SignedRecord[]): void =>
          member.carry(member.gossip.import(village.now(), given.map(asJson)));
        // Every record has a home: whoever signs on top of others holds them, and insists.
        const insist = (): void =>
          village.members.forEach((member, index) => {
            for (const record of random.shuffle(history.filter((_, at) => at % 3 === index))) {
              for (const _ of history) takes(member, random.shuffle(pastOf(record, history)));
            }
          });
        // And everybody has heard a share of the rest, in an order of its own.
        for (const member of village.members) {
          for (const record of random.shuffle(history)) {
            if (random.next() < 0.5) takes(member, [record]);
          }
        }
        insist();
        village.connectAll();
        village.advance(600_000);
        expect(new Set(village.members.map((member) => orderOf(member).join())).size).toBe(1);
        insist();
        village.advance(600_000);
        const expected = keptOf(history);
        for (const member of village.members) {
          expect([...orderOf(member)].sort()).toEqual([...expected].sort());
          expect([...member.stored.keys()].sort()).toEqual([...expected].sort());
          expect(member.gossip.waiting().records).toBe(0);
        }
        expect(new Set(village.members.map((member) => orderOf(member).join())).size).toBe(1);
      }),
      { numRuns: everyDay(15, 60) },
    );
  });

  it('keep nothing for the sake of a record that is itself given up, in any order', () => {
    const [a, b, c] = siblings(mallory, 3) as [SignedRecord, SignedRecord, SignedRecord];
    const many = [write(trudy, { seeing: [c] }), ...siblings(trudy, 12)];
    const builder = many[0]!;
    const smaller = many.filter(({ id }) => id < builder.id).slice(0, 2);
    expect(smaller).toHaveLength(2);
    const wanted = [a, b, ...smaller].map(idOf).sort();
    for (const order of [
      [c, builder, a, b, ...smaller],
      [c, builder, ...smaller, a, b],
      [...smaller, a, b, builder, c],
      [a, c, builder, smaller[0]!, b, smaller[1]!],
    ]) {
      const { ann } = facing();
      for (const record of order) ann.carry(ann.gossip.import(0, [asJson(record)]));
      expect([...orderOf(ann)].sort()).toEqual(wanted);
      expect([...ann.stored.keys()].sort()).toEqual(wanted);
    }
  });

  it('ask again at once for a child that was refused before somebody could build on it', () => {
    const village = villageOf('ann ben');
    const [ann, ben] = village.members as [Member, Member];
    const [a, b, c] = siblings(mallory, 3) as [SignedRecord, SignedRecord, SignedRecord];
    const late = write(quinn);
    const builder = write(trudy, { seeing: [c, late] });
    village.drops = () => true;
    ben.carry(ben.gossip.import(0, [c, late, builder, a, b].map(asJson)));
    ann.hears(ben.did, announce(a, b, builder));
    ann.hears(ben.did, {
      type: 'response',
      topic: HOURS,
      records: [asJson(c)],
      missing: [],
    });
    expect(orderOf(ann)).toEqual([a.id, b.id]);
    village.drops = ({ message }) => message.type === 'digest';
    ann.hears(ben.did, announce(late));
    village.advance(4_000);
    expect([...orderOf(ann)].sort()).toEqual([a, b, c, late, builder].map(idOf).sort());
  });

  it('ask again for a child that was given up while somebody who builds on it waited', () => {
    const village = villageOf('ann ben');
    const [ann, ben] = village.members as [Member, Member];
    const [a, b, c] = siblings(mallory, 3) as [SignedRecord, SignedRecord, SignedRecord];
    const late = write(quinn);
    const builder = write(trudy, { seeing: [c, late] });
    village.drops = () => true;
    ben.carry(ben.gossip.import(0, [c, late, builder, a, b].map(asJson)));
    ann.hears(ben.did, announce(c, builder, a, b));
    expect(orderOf(ann)).toEqual([a.id, b.id]);
    ann.hears(ben.did, announce(late));
    expect(ann.gossip.waiting()).toEqual({ records: 1, missing: [c.id] });
    // Digests alone would not help: what is wanted is renewed with each.
    village.drops = ({ message }) => message.type === 'digest';
    village.advance(30_000);
    expect([...orderOf(ann)].sort()).toEqual([a, b, c, late, builder].map(idOf).sort());
  });

  it('are whole again where somebody builds on two surplus children, whichever comes first', () => {
    const [a, b, c, d] = siblings(mallory, 4) as [
      SignedRecord,
      SignedRecord,
      SignedRecord,
      SignedRecord,
    ];
    const [onC, alsoOnC] = siblings(mallory, 2, { after: c }) as [SignedRecord, SignedRecord];
    const builder = write(trudy, { seeing: [onC, alsoOnC, d] });
    const records = [a, b, c, d, onC, alsoOnC, builder];
    const random = createRandom('two surplus children');
    for (let order = 0; order < 60; order++) {
      const { ann } = facing();
      ann.carry(ann.gossip.import(0, [a, b].map(asJson)));
      // One at a time, again and again, as answers to its questions come.
      for (let round = 0; round < 3; round++) {
        for (const record of random.shuffle(records)) {
          ann.carry(ann.gossip.import(0, [asJson(record)]));
        }
      }
      expect([...orderOf(ann)].sort()).toEqual(records.map(idOf).sort());
      expect([...ann.stored.keys()].sort()).toEqual(records.map(idOf).sort());
      expect(ann.gossip.waiting().records).toBe(0);
    }
  });

  it('of a million children cost the place of two', () => {
    const { ann } = facing();
    const children = siblings(mallory, 300);
    for (const record of children.toReversed()) ann.hears(mallory.did, announce(record));
    expect(orderOf(ann)).toEqual(children.slice(0, 2).map(idOf));
    expect([...ann.stored.keys()].sort()).toEqual(children.slice(0, 2).map(idOf));
    expect(ann.gossip.waiting().records).toBe(0);
  });

  it('are not widened by a record that never becomes whole: what it rests on is not kept for it', () => {
    const village = villageOf('ann ben');
    const [ann, ben] = village.members as [Member, Member];
    const [a, b, c] = siblings(mallory, 3) as [SignedRecord, SignedRecord, SignedRecord];
    const orphan = write(trudy, { seeing: [c, { id: inventedId('never') }] });
    const misfit = write(quinn, { seeing: [c], sequence: 2, previous: a.id });
    ann.hears(ben.did, announce(a, b, orphan, misfit));
    for (const id of [c.id]) {
      expect(saidOf(village, 'request', ann).flatMap(({ ids }) => ids)).toContain(id);
    }
    ann.hears(ben.did, { type: 'response', topic: HOURS, records: [asJson(c)], missing: [] });
    village.advance(100_000);
    expect(orderOf(ann)).toEqual([a.id, b.id]);
    expect(orderOf(ben)).toEqual(orderOf(ann));
  });
});
