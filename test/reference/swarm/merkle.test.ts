/** The Merkle tree, beside the recursive definition of RFC 6962, 2.1, and the two forgeries it must refuse. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MerkleProof } from '#contracts/swarm.ts';
import { blake3 } from '#reference/swarm/hash.ts';
import { createTree, merkle, siblingsCount } from '#reference/swarm/merkle.ts';
import { withBitTurned } from './support.ts';

const leavesOf = (count: number): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, leaf) => Buffer.from(`leaf ${leaf}`));

const node = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  blake3(Buffer.concat([Buffer.of(1), left, right]));

/** MTH of the RFC, word for word. */
const rootByDefinition = (leaves: readonly Uint8Array[]): Uint8Array => {
  if (leaves.length === 0) return blake3(new Uint8Array());
  if (leaves.length === 1) return blake3(Buffer.concat([Buffer.of(0), leaves[0]!]));
  let cut = 1;
  while (cut * 2 < leaves.length) cut *= 2;
  return node(rootByDefinition(leaves.slice(0, cut)), rootByDefinition(leaves.slice(cut)));
};

describe('a Merkle tree', () => {
  it('has the root that RFC 6962 defines, at every size up to 40', () => {
    for (let size = 0; size <= 40; size++) {
      expect(merkle.root(leavesOf(size))).toEqual(rootByDefinition(leavesOf(size)));
    }
  });

  it('proves every leaf of it, and no other leaf, place or size of the path', () => {
    for (const size of [1, 2, 3, 4, 5, 7, 8, 11]) {
      const leaves = leavesOf(size);
      const { root, prove } = createTree(leaves);
      for (const [place, leaf] of leaves.entries()) {
        const proof = prove(place);
        expect(merkle.verify(root, leaf, proof)).toBe(true);
        expect(proof.siblings).toHaveLength(siblingsCount(place, size));
        const { siblings } = proof;
        const wrong: readonly MerkleProof[] = [
          ...[...leaves.keys()].map((other) => ({ ...proof, leaf: other })),
          { ...proof, siblings: siblings.slice(1) },
          { ...proof, siblings: [...siblings, root] },
          { ...proof, siblings: siblings.map((sibling) => sibling.slice(1)) },
          { ...proof, leaf: size },
          { ...proof, leaf: -1 },
          { ...proof, leaf: place + 0.5 },
          { ...proof, leaves: 0 },
          { ...proof, leaves: size * 4 },
        ].filter(({ leaf: at, siblings: path, leaves: of }) => {
          const isTheProof = at === place && of === size && path.length === siblings.length;
          return !isTheProof || path.some(({ length }) => length !== 32);
        });
        for (const forged of wrong) expect(merkle.verify(root, leaf, forged)).toBe(false);
        expect(merkle.verify(root, Buffer.from('another'), proof)).toBe(false);
      }
    }
  });

  it('fails with any bit of root, leaf or path turned over', () => {
    const bytesOf = fc.array(fc.uint8Array({ minLength: 1, maxLength: 80 }), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(bytesOf, fc.nat(), fc.nat(), (leaves, place, turn) => {
        const at = place % leaves.length;
        const { root, prove } = createTree(leaves);
        const proof = prove(at);
        const leaf = leaves[at]!;
        expect(merkle.verify(root, leaf, proof)).toBe(true);
        const bit = turn % 8;
        expect(merkle.verify(withBitTurned(root, turn % 32, bit), leaf, proof)).toBe(false);
        const turned = withBitTurned(leaf, turn % leaf.length, bit);
        expect(merkle.verify(root, turned, proof)).toBe(false);
        for (const level of proof.siblings.keys()) {
          const siblings = proof.siblings.with(
            level,
            withBitTurned(proof.siblings[level]!, turn % 32, bit),
          );
          expect(merkle.verify(root, leaf, { ...proof, siblings })).toBe(false);
        }
      }),
    );
  });

  it('refuses the forgery of the doubled last leaf: a, b, c is not a, b, c, c', () => {
    const [a, b, c] = leavesOf(3) as [Uint8Array, Uint8Array, Uint8Array];
    const root = merkle.root([a, b, c]);
    expect(root).not.toEqual(merkle.root([a, b, c, c]));
    const doubled = merkle.prove([a, b, c, c], 3);
    expect(merkle.verify(root, c, doubled)).toBe(false);
    expect(merkle.verify(root, c, { ...doubled, leaves: 3 })).toBe(false);
  });

  it('refuses the forgery of the node that poses as a leaf: a, b, c, d is not ab, cd', () => {
    const leaves = leavesOf(4);
    const root = merkle.root(leaves);
    const [left, right] = [leaves.slice(0, 2), leaves.slice(2)].map(rootByDefinition);
    expect(root).not.toEqual(merkle.root([left!, right!]));
    const pair = Buffer.concat(leaves.slice(0, 2).map((leaf) => rootByDefinition([leaf])));
    for (const leaf of [left!, pair, Buffer.concat([Buffer.of(1), pair])]) {
      const proof = { leaf: 0, leaves: 2, siblings: [right!] };
      expect(merkle.verify(root, leaf, proof)).toBe(false);
    }
  });

  it('asks for a leaf that is there', () => {
    for (const place of [-1, 3, 0.5, NaN]) {
      expect(() => merkle.prove(leavesOf(3), place)).toThrow(/expected a leaf below 3/);
    }
  });
});
