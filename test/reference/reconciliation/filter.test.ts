import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RecordId } from '#contracts/identifiers.ts';
import type { Filter } from '#contracts/messages.ts';
import { fill, FILTER_IDS_MAX, openFilter, shapeOf } from '#reference/reconciliation/filter.ts';
import { keyOf, saltedHash } from '#reference/reconciliation/salted.ts';
import { saltOf } from '#test/support/holdings.ts';

const idOf = (text: string): RecordId =>
  createHash('sha256').update(text).digest('hex') as RecordId;
const idsOf = (count: number, name = 'held'): RecordId[] =>
  Array.from({ length: count }, (_, index) => idOf(`${name} ${index}`));

const opened = (filter: Filter) => {
  const outcome = openFilter(filter);
  if (!outcome.ok) throw new Error(outcome.reason);
  return outcome.value;
};

describe('the salted hash', () => {
  it('is HalfSipHash-2-4: the published vector of 16 bytes', () => {
    const key = keyOf(Buffer.from([0, 1, 2, 3, 4, 5, 6, 7]).toString('base64url'));
    const input = Buffer.from(Array.from({ length: 16 }, (_, index) => index)).toString('hex');
    const [first, second] = saltedHash(key, input);
    const output = Buffer.alloc(8);
    output.writeUInt32LE(first, 0);
    output.writeUInt32LE(second, 4);
    expect(output.toString('hex')).toBe('7336aad25f7bf3b5');
  });
});

describe('a filter', () => {
  const shapes: readonly (readonly [count: number, bits: number, hashes: number])[] = [
    [0, 64, 16],
    [1, 64, 16],
    [8, 64, 6],
    [10, 128, 9],
    [64, 512, 6],
    [65, 1_024, 11],
    [1_000, 8_192, 6],
    [8_192, 65_536, 6],
    [10_000, 65_536, 5],
    [100_000, 65_536, 1],
  ];
  for (const [count, bits, hashes] of shapes) {
    it(`of ${count} ids has ${bits} bits and ${hashes} hash functions`, () => {
      expect(shapeOf(count)).toEqual({ bits, hashes });
    });
  }

  it('knows every id that was put in', () => {
    for (const count of [0, 1, 7, 100, FILTER_IDS_MAX]) {
      const ids = idsOf(count);
      const filter = opened(fill(ids, saltOf('known')));
      expect(ids.every((id) => filter.has(id))).toBe(true);
    }
  });

  const rates: readonly (readonly [count: number, rateMax: number])[] = [
    [8, 0.04], // In 64 places the steps of two ids meet more often than chance.
    [1_000, 0.025],
    [8_192, 0.027],
    [10_000, 0.05],
  ];
  for (const [count, rateMax] of rates) {
    it(`of ${count} ids is wrong of at most ${100 * rateMax} % of the others`, () => {
      const others = idsOf(4_000, 'other');
      let wrong = 0;
      const salts = count < 100 ? 20 : 1;
      for (let index = 0; index < salts; index++) {
        const filter = opened(fill(idsOf(count), saltOf(`rate ${index}`)));
        wrong += others.filter((id) => filter.has(id)).length;
      }
      const rate = wrong / (salts * others.length);
      expect(rate).toBeLessThan(rateMax);
      expect(rate).toBeGreaterThan(0);
    });
  }

  it('is wrong of others under every salt: what two salts share is what chance shares', () => {
    const others = idsOf(20_000, 'other');
    const wrongUnder = (salt: string): Set<RecordId> => {
      const filter = opened(fill(idsOf(1_000), saltOf(salt)));
      return new Set(others.filter((id) => filter.has(id)));
    };
    const [one, two] = [wrongUnder('one'), wrongUnder('two')];
    const both = [...one].filter((id) => two.has(id)).length;
    // About 2 % of 2 % of 20 000 is 8.
    expect(one.size).toBeGreaterThan(200);
    expect(both).toBeLessThan(30);
  });

  it('of any honest set is believed', () => {
    for (let count = 0; count < 300; count++) {
      expect(openFilter(fill(idsOf(count, `honest ${count}`), saltOf(`${count}`))).ok).toBe(true);
    }
  });
});

describe('a hostile filter', () => {
  const honest = fill(idsOf(100), saltOf('honest'));
  const ones = (bits: number) => Buffer.alloc(bits / 8, 255).toString('base64url');
  const zeros = (bits: number) => Buffer.alloc(bits / 8).toString('base64url');
  const lies: { readonly [what: string]: Partial<Filter> } = {
    'with no bits': { bits: 0, data: '' },
    'of a size that is no power of two': { bits: 96, data: zeros(96) },
    'beyond 65 536 bits': { bits: 131_072, data: zeros(131_072) },
    'whose size is no number': { bits: Number.NaN },
    'with fewer bytes than it says': { data: zeros(512) },
    'with more bytes than it says': { data: zeros(2_048) },
    'whose bytes are not base64url': { data: '!'.repeat(171) },
    'with no hash function': { hashes: 0 },
    'with a thousand million hash functions': { hashes: 1e9 },
    'with half a hash function': { hashes: 1.5 },
    'with every bit set': { data: ones(1_024) },
    'with every bit but one set': {
      data: Buffer.alloc(128, 255).fill(254, 0, 1).toString('base64url'),
    },
    'that claims a thousand times what it holds': { count: 100_000 },
    'that claims none of what it holds': { count: 0 },
    'that is empty and claims a hundred': { data: zeros(1_024) },
    'with a salt that is none': { salt: '' },
  };
  for (const [what, lie] of Object.entries(lies)) {
    it(`${what} is refused with a reason`, () => {
      const outcome = openFilter({ ...honest, ...lie });
      expect(outcome.ok).toBe(false);
      expect(!outcome.ok && outcome.reason.length).toBeGreaterThan(10);
    });
  }

  it('of nothing at all asks for everything, and is honest', () => {
    expect(openFilter(fill([], saltOf('empty'))).ok).toBe(true);
  });
});
