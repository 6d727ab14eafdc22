import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordId } from '#contracts/identifiers.ts';
import type { IdIndex } from '#contracts/knowledge.ts';
import { create as createContent } from '#reference/content/content.ts';
import { createIdTree } from '#reference/reconciliation/id-tree.ts';

const content = createContent();
const idOf = (number: number): RecordId =>
  createHash('sha256').update(`id ${number}`).digest('hex') as RecordId;

const treeOf = (ids: readonly RecordId[]): IdIndex => {
  const tree = createIdTree(content);
  for (const id of ids) tree.add(id);
  return tree;
};

/** Every prefix that anything could ask for. */
const prefixesOf = (ids: readonly RecordId[]): string[] => [
  ...new Set(['', ...ids.flatMap((id) => [id.slice(0, 1), id.slice(0, 2), id.slice(0, 5), id])]),
];

describe('the tree of ids', () => {
  it('follows from the set alone, whatever came and went in which order', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { maxLength: 200 });
    fc.assert(
      fc.property(
        numbers,
        numbers,
        fc.infiniteStream(fc.double({ min: 0, max: 1 })),
        (some, others, chance) => {
          const kept = new Set(some);
          const passing = others.filter((number) => !kept.has(number));
          const order = [...some, ...passing]
            .map((number) => ({ number, at: chance.next().value as number }))
            .sort((left, right) => left.at - right.at);
          const tree = treeOf(order.map(({ number }) => idOf(number)));
          for (const number of passing) tree.remove(idOf(number));
          const ids = some.map(idOf).sort();
          const fresh = treeOf(ids);
          for (const prefix of prefixesOf(ids)) {
            const below = ids.filter((id) => id.startsWith(prefix));
            expect(tree.ids(prefix)).toEqual(below);
            expect(tree.count(prefix)).toBe(below.length);
            expect(tree.fingerprint(prefix)).toBe(fresh.fingerprint(prefix));
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('has another fingerprint on the whole way up from whatever changed, and on no other way', () => {
    const ids = Array.from({ length: 1_500 }, (_, number) => idOf(number));
    const tree = treeOf(ids);
    const before = new Map(prefixesOf(ids).map((prefix) => [prefix, tree.fingerprint(prefix)]));
    const late = idOf(100_000);
    tree.add(late);
    for (const [prefix, fingerprint] of before) {
      const changed = tree.fingerprint(prefix) !== fingerprint;
      expect(changed).toBe(late.startsWith(prefix));
    }
    tree.remove(late);
    for (const [prefix, fingerprint] of before) expect(tree.fingerprint(prefix)).toBe(fingerprint);
  });

  it('has no fingerprint where there is nothing', () => {
    const tree = treeOf([]);
    expect(tree.fingerprint('')).toBe('');
    expect(tree.ids('abc')).toEqual([]);
    expect(() => tree.remove(idOf(1))).toThrow(/is not in it/);
  });
});
