import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClockOrder, VectorClock } from '#contracts/clock.ts';
import type { Did } from '#contracts/identifiers.ts';
import { compare, merge, ofRecord } from '#reference/gossip/vector-clock.ts';

const authors = ['ann', 'ben', 'cem', 'dia'].map((name) => `did:key:z6Mk-${name}` as Did);

/** Zeros are in it on purpose: no spelling of a clock may change its meaning. */
const clock: fc.Arbitrary<VectorClock> = fc
  .dictionary(fc.constantFrom(...authors), fc.nat(3))
  .map((counts) => new Map(Object.entries(counts) as [Did, number][]));

const sorted = (value: VectorClock): [Did, number][] =>
  [...value].sort(([left], [right]) => (left < right ? -1 : 1));

const withoutZeros = (value: VectorClock): [Did, number][] =>
  sorted(value).filter(([, count]) => count > 0);

const REVERSE: { readonly [Order in ClockOrder]: ClockOrder } = {
  before: 'after',
  after: 'before',
  equal: 'equal',
  concurrent: 'concurrent',
};

describe('the merge of vector clocks', () => {
  it('is commutative, associative and idempotent', () => {
    fc.assert(
      fc.property(clock, clock, clock, (a, b, c) => {
        expect(compare(merge(a, b), merge(b, a))).toBe('equal');
        expect(compare(merge(merge(a, b), c), merge(a, merge(b, c)))).toBe('equal');
        expect(compare(merge(a, a), a)).toBe('equal');
      }),
    );
  });

  it('is the smallest clock that neither side exceeds', () => {
    fc.assert(
      fc.property(clock, clock, clock, (a, b, c) => {
        const merged = merge(a, b);
        for (const side of [a, b]) expect(['before', 'equal']).toContain(compare(side, merged));
        const covers = [a, b].every((side) => ['before', 'equal'].includes(compare(side, c)));
        if (covers) expect(['before', 'equal']).toContain(compare(merged, c));
      }),
    );
  });

  it('spells equal knowledge alike: zeros are left off', () => {
    fc.assert(
      fc.property(clock, clock, (a, b) => {
        expect([...merge(a, b).values()]).not.toContain(0);
        const respelled = new Map(withoutZeros(a).reverse());
        expect(sorted(merge(a, b))).toEqual(sorted(merge(respelled, b)));
      }),
    );
  });
});

describe('the comparison of vector clocks', () => {
  it('is antisymmetric: each order from the other side is its reverse', () => {
    fc.assert(
      fc.property(clock, clock, (a, b) => {
        expect(compare(b, a)).toBe(REVERSE[compare(a, b)]);
      }),
    );
  });

  it('is transitive', () => {
    fc.assert(
      fc.property(clock, clock, clock, (a, b, c) => {
        if (compare(a, b) === 'before' && compare(b, c) === 'before') {
          expect(compare(a, c)).toBe('before');
        }
      }),
    );
  });

  it('says equal exactly of clocks that differ in zeros alone', () => {
    fc.assert(
      fc.property(clock, clock, (a, b) => {
        const same = JSON.stringify(withoutZeros(a)) === JSON.stringify(withoutZeros(b));
        expect(compare(a, b) === 'equal').toBe(same);
      }),
    );
  });

  it('takes a missing component for zero', () => {
    const [ann, ben] = authors as [Did, Did];
    expect(compare(new Map([[ann, 0]]), new Map())).toBe('equal');
    expect(compare(new Map(), new Map([[ann, 1]]))).toBe('before');
    expect(compare(new Map([[ann, 2]]), new Map([[ann, 1]]))).toBe('after');
    expect(compare(new Map([[ann, 1]]), new Map([[ben, 1]]))).toBe('concurrent');
  });
});

describe('the clock of a record', () => {
  it('is after the clock of everything it names, with its own number as its own component', () => {
    fc.assert(
      fc.property(fc.array(clock, { maxLength: 4 }), (links) => {
        const author = authors[0]!;
        const sequence = 1 + Math.max(0, ...links.map((link) => link.get(author) ?? 0));
        const own = ofRecord(author, sequence, links);
        expect(own.get(author)).toBe(sequence);
        for (const link of links) expect(compare(link, own)).toBe('before');
      }),
    );
  });
});
