/** The short BLAKE3 is BLAKE3: official vectors, the library at every length, and the specification's tree. */
import { blake3 as library } from '@noble/hashes/blake3.js';
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blake3, blake3Parent } from '#reference/swarm/blake3.ts';

/** The input of the official vectors: 0 to 250, again and again. */
const vectorInput = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => index % 251);

/** The first 32 bytes of `hash` in test_vectors.json of BLAKE3-team/BLAKE3. */
const VECTORS: readonly (readonly [length: number, hash: string])[] = [
  [0, 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
  [1, '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213'],
  [1023, '10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11'],
  [1024, '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7'],
  [1025, 'd00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444'],
  [2048, 'e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a'],
  [2049, '5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030'],
  [3072, 'b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd2'],
];

/**
 * The compression as the specification writes it: one state, an index, a loop. Slow, and with a
 * counter, so that it can hash any chunk of a tree.
 */
const IV = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];
const PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
const QUARTERS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

const plainCompress = (
  chaining: readonly number[],
  bytes: Uint8Array,
  counter: number,
  flags: number,
): number[] => {
  const view = new DataView(concatBytes(bytes, new Uint8Array(64 - bytes.length)).buffer);
  let words = Array.from({ length: 16 }, (_, index) => view.getUint32(4 * index, true));
  const state = [...chaining, ...IV.slice(0, 4), counter, 0, bytes.length, flags];
  const turn = (word: number, by: number): number => (word >>> by) | (word << (32 - by));
  for (let round = 0; round < 7; round++) {
    for (const [quarter, [a, b, c, d]] of QUARTERS.entries()) {
      for (const [half, [first, second]] of [
        [16, 12],
        [8, 7],
      ].entries()) {
        state[a] = (state[a]! + state[b]! + words[2 * quarter + half]!) | 0;
        state[d] = turn(state[d]! ^ state[a], first!);
        state[c] = (state[c]! + state[d]) | 0;
        state[b] = turn(state[b]! ^ state[c], second!);
      }
    }
    words = PERMUTATION.map((from) => words[from]!);
  }
  return chaining.map((_, index) => state[index]! ^ state[index + 8]!);
};

const toBytes = (words: readonly number[]): Uint8Array =>
  new Uint8Array(Int32Array.from(words).buffer);

/** The chaining value of one full chunk that is not the only one. */
const chunkValue = (chunk: Uint8Array, counter: number): Uint8Array => {
  let chaining: readonly number[] = IV;
  for (let at = 0; at < 1_024; at += 64) {
    const flags = (at === 0 ? 1 : 0) | (at === 960 ? 2 : 0);
    chaining = plainCompress(chaining, chunk.subarray(at, at + 64), counter, flags);
  }
  return toBytes(chaining);
};

describe('BLAKE3 of short inputs', () => {
  it.each(VECTORS)('gives the official hash of %i bytes', (length, hash) => {
    expect(bytesToHex(blake3(vectorInput(length)))).toBe(hash);
  });

  it('equals the library at every length of a chunk, and beyond', () => {
    for (let length = 0; length <= 1_100; length++) {
      const bytes = vectorInput(length).map((byte) => byte ^ (length & 0xff));
      expect(bytesToHex(blake3(bytes)), `${length} bytes`).toBe(bytesToHex(library(bytes)));
    }
  });

  it('equals the library on random inputs, wherever in a buffer they lie', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_100 }), fc.nat(7), (bytes, before) => {
        const inside = concatBytes(new Uint8Array(before).fill(255), bytes).subarray(before);
        expect(blake3(inside)).toEqual(library(bytes));
      }),
      { numRuns: 500 },
    );
  });

  it('remembers nothing of the input before', () => {
    const [long, short] = [vectorInput(1_000), vectorInput(3)];
    const alone = blake3(short);
    blake3(long);
    blake3Parent(long.subarray(0, 32), long.subarray(32, 64));
    expect(blake3(short)).toEqual(alone);
  });

  it('makes parent nodes as the tree of the library does', () => {
    const chunks = [0, 1, 2, 3].map((index) =>
      vectorInput(1_024).map((byte) => (byte * 7 + index) & 0xff),
    );
    const [first, second, third, last] = chunks.map(chunkValue) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const root = plainCompress(
      IV,
      concatBytes(blake3Parent(first, second), blake3Parent(third, last)),
      0,
      4 | 8,
    );
    expect(toBytes(root)).toEqual(library(concatBytes(...chunks)));
  });

  it('never gives a parent the hash of its 64 bytes', () => {
    const [left, right] = [vectorInput(32), vectorInput(32).reverse()];
    expect(blake3Parent(left, right)).not.toEqual(blake3(concatBytes(left, right)));
  });
});
