/**
 * The Merkle tree of RFC 6962, 2.1, over BLAKE3: 0x00 before a leaf, 0x01 before a node, and a node
 * without a neighbour goes up as it is. Pairing level by level with promotion gives the same tree as
 * the recursive cut at the largest power of two that the RFC describes.
 *
 * The original hashes leaves and nodes alike and doubles the odd one, so [a, b, c] and [a, b, c, c] have
 * one root (CVE-2012-2459), and so have [a, b, c, d] and the two nodes above them.
 */
import assert from 'node:assert/strict';
import type { Merkle, MerkleProof } from '#contracts/swarm.ts';
import { blake3, HASH_BYTES } from './hash.ts';

/** Leaves have numbers of 32 bits on the wire. */
export const LEAVES_MAX = 2 ** 32 - 1;

/** A tree that is built once and asked often: 64 bytes a leaf. */
export interface MerkleTree {
  readonly leaves: number;
  readonly root: Uint8Array;
  prove(leaf: number): MerkleProof;
}

/** Hashes the leaves and everything above them. */
export const createTree = (leaves: readonly Uint8Array[]): MerkleTree => {
  const levels = [hashLeaves(leaves)];
  for (let level = levels[0]!; level.length > HASH_BYTES;) {
    level = levelAbove(level);
    levels.push(level);
  }
  return {
    leaves: leaves.length,
    root: leaves.length === 0 ? blake3(new Uint8Array()) : levels.at(-1)!,
    prove: (leaf) => ({
      leaf,
      leaves: leaves.length,
      siblings: siblingsOf(levels, leaf, leaves.length),
    }),
  };
};

/** The root that a proof leads to; undefined where it has not the form of one. */
export const rootOf = (leaf: Uint8Array, proof: MerkleProof): Uint8Array | undefined => {
  const { leaf: place, leaves, siblings } = proof;
  if (!isPlace(place, leaves)) return undefined;
  if (siblings.some((sibling) => sibling.length !== HASH_BYTES)) return undefined;
  let hash = leafHash(leaf);
  let taken = 0;
  let [at, width] = [place, leaves];
  while (width > 1) {
    if (hasNeighbour(at, width)) {
      const sibling = siblings[taken++];
      if (sibling === undefined) return undefined;
      hash = isRight(at) ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
    }
    [at, width] = [Math.floor(at / 2), Math.ceil(width / 2)];
  }
  return taken === siblings.length ? hash : undefined;
};

/** How many siblings a proof of that leaf has: at most ceil(log2 leaves), fewer where a node went up alone. */
export const siblingsCount = (place: number, leaves: number): number => {
  let count = 0;
  for (let [at, width] = [place, leaves]; width > 1;) {
    if (hasNeighbour(at, width)) count++;
    [at, width] = [Math.floor(at / 2), Math.ceil(width / 2)];
  }
  return count;
};

/** See the contract. */
export const merkle: Merkle = {
  root: (leaves) => createTree(leaves).root,
  prove: (leaves, leaf) => createTree(leaves).prove(leaf),
  verify: (root, leaf, proof) => {
    const reached = rootOf(leaf, proof);
    return reached !== undefined && Buffer.compare(reached, root) === 0;
  },
};

const LEAF = 0x00;
const NODE = 0x01;

const leafHash = (leaf: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(1 + leaf.length);
  bytes[0] = LEAF;
  bytes.set(leaf, 1);
  return blake3(bytes);
};

const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(1 + 2 * HASH_BYTES);
  bytes[0] = NODE;
  bytes.set(left, 1);
  bytes.set(right, 1 + HASH_BYTES);
  return blake3(bytes);
};

const hashLeaves = (leaves: readonly Uint8Array[]): Uint8Array => {
  assert(leaves.length <= LEAVES_MAX, `expected at most ${LEAVES_MAX} leaves`);
  const level = new Uint8Array(leaves.length * HASH_BYTES);
  leaves.forEach((leaf, place) => level.set(leafHash(leaf), place * HASH_BYTES));
  return level;
};

const levelAbove = (level: Uint8Array): Uint8Array => {
  const nodes = level.length / HASH_BYTES;
  const above = new Uint8Array(Math.ceil(nodes / 2) * HASH_BYTES);
  for (let at = 0; at < nodes; at += 2) {
    const left = hashAt(level, at);
    above.set(at + 1 < nodes ? nodeHash(left, hashAt(level, at + 1)) : left, (at / 2) * HASH_BYTES);
  }
  return above;
};

const siblingsOf = (
  levels: readonly Uint8Array[],
  place: number,
  leaves: number,
): readonly Uint8Array[] => {
  assert(isPlace(place, leaves), `expected a leaf below ${leaves}, came ${place}`);
  const siblings: Uint8Array[] = [];
  let at = place;
  for (const level of levels) {
    if (hasNeighbour(at, level.length / HASH_BYTES)) {
      siblings.push(hashAt(level, isRight(at) ? at - 1 : at + 1).slice());
    }
    at = Math.floor(at / 2);
  }
  return siblings;
};

const hashAt = (level: Uint8Array, at: number): Uint8Array =>
  level.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);

const isRight = (at: number): boolean => at % 2 === 1;

const hasNeighbour = (at: number, width: number): boolean => isRight(at) || at + 1 < width;

const isPlace = (place: number, leaves: number): boolean =>
  Number.isSafeInteger(place) &&
  Number.isSafeInteger(leaves) &&
  place >= 0 &&
  place < leaves &&
  leaves <= LEAVES_MAX;
