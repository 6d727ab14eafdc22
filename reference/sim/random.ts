/**
 * Chance that repeats. One seed names a whole tree of streams: `fork` gives the stream of a purpose,
 * and what is drawn from it depends on the seed and the names alone, never on how much was drawn
 * elsewhere. So a new use of chance leaves every other one as it was, and an old seed still shows
 * the old failure.
 *
 * The generator is xoshiro128** 1.1 (Blackman and Vigna, "Scrambled Linear Pseudorandom Number
 * Generators", ACM TOMS 47:4, 2021; prng.di.unimi.it/xoshiro128starstar.c): 128 bits of state, 32-bit
 * operations only, which is what JavaScript does fast. The state is the beginning of SHA-256 over the
 * names, so that near-by seeds (`1`, `2`, ...) give unrelated streams; a weaker mixer such as
 * splitmix32 has 32 bits of state, and two of 65 000 streams would be expected to be the same.
 *
 * Not for keys: whoever sees a few outputs can compute the rest.
 */
import assert from 'node:assert/strict';
import { sha256 } from '@noble/hashes/sha2.js';

export interface Random {
  /** Uniform in [0, 1), 53 bits. */
  next(): number;
  /** Uniform integer from 0 up to and without `belowMax`. */
  integer(belowMax: number): number;
  bytes(length: number): Uint8Array;
  /** One of a list that is not empty. */
  pick<Item>(list: readonly Item[]): Item;
  /** A new list, every order equally likely (Fisher and Yates). */
  shuffle<Item>(list: readonly Item[]): Item[];
  /** The stream of that name below this one; the same however often and whenever it is asked for. */
  fork(name: string): Random;
}

export const createRandom = (seed: string): Random => createStream([seed]);

const createStream = (names: readonly string[]): Random => {
  // JSON keeps ['a', 'b'] and ['a/b'] apart, as joining with any sign would not.
  const digest = sha256(new TextEncoder().encode(JSON.stringify(names)));
  const words = new DataView(digest.buffer, digest.byteOffset, 16);
  const word = xoshiro128starstar([
    words.getUint32(0),
    words.getUint32(4),
    words.getUint32(8),
    words.getUint32(12),
  ]);

  const next = (): number => ((word() >>> 5) * 2 ** 26 + (word() >>> 6)) / 2 ** 53;

  const integer = (belowMax: number): number => {
    assert(Number.isSafeInteger(belowMax) && belowMax > 0, `no integer is below ${belowMax}`);
    return Math.floor(next() * belowMax);
  };

  return {
    next,
    integer,
    bytes: (length) => Uint8Array.from({ length }, () => word() >>> 24),
    pick(list) {
      assert(list.length > 0, 'nothing to pick from');
      return list[integer(list.length)]!;
    },
    shuffle(list) {
      const shuffled = [...list];
      for (let last = shuffled.length - 1; last > 0; last--) {
        const other = integer(last + 1);
        [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
      }
      return shuffled;
    },
    fork: (name) => createStream([...names, name]),
  };
};

/** The bare generator: each call gives the next 32-bit word. Exported for its published vectors. */
export const xoshiro128starstar = (
  state: readonly [number, number, number, number],
): (() => number) => {
  let [s0, s1, s2, s3] = state;
  assert((s0 | s1 | s2 | s3) !== 0, 'a state of zeros gives zeros for ever');
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const shifted = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = rotateLeft(s3, 11);
    return result;
  };
};

const rotateLeft = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));
