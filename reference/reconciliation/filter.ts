/**
 * The adaptive Bloom filter (Bloom 1970; two hashes give all the others: Kirsch and Mitzenmacher 2006).
 *
 * It says "I have seen this" of everything that was put in and of few other ids: at most 2.2 % of them up
 * to 8 192 ids, 4.3 % at 10 000, 78 % at 100 000. An id that it takes for another is asked for in vain,
 * once: the next filter has another salt.
 */
import type { RecordId } from '#contracts/identifiers.ts';
import { FILTER_BITS_MAX, FILTER_HASHES_MAX, type Filter } from '#contracts/messages.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';
import { keyOf, SALT_CHARACTERS, saltedHash } from './salted.ts';

/** Beyond this many ids a filter of the largest size is wrong too often. */
export const FILTER_IDS_MAX = 8_192;
const FILTER_BITS_MIN = 64;
const BITS_PER_ID = 8;
/** How far count and filter may part where both are small. */
const COUNT_SLACK = 4;

/** A filter that was looked at and is sound. */
export interface OpenFilter {
  has(id: RecordId): boolean;
}

const powerOfTwoFrom = (size: number): number => 2 ** Math.ceil(Math.log2(size));

/** Bits and hash functions for so many ids: half of the bits will be set. */
export const shapeOf = (count: number): Pick<Filter, 'bits' | 'hashes'> => {
  const wanted = Math.max(FILTER_BITS_MIN, BITS_PER_ID * count);
  const bits = Math.min(FILTER_BITS_MAX, powerOfTwoFrom(wanted));
  const best = Math.round((bits / Math.max(1, count)) * Math.LN2);
  return { bits, hashes: Math.min(FILTER_HASHES_MAX, Math.max(1, best)) };
};

/** A filter of these ids. */
export const fill = (ids: readonly RecordId[], salt: string): Filter => {
  const shape = shapeOf(ids.length);
  const key = keyOf(salt);
  const data = Buffer.alloc(shape.bits / 8);
  // The places of an id: first + i * step, where the step is odd and so never meets a place twice.
  for (const id of ids) {
    const [first, second] = saltedHash(key, id);
    for (let index = 0; index < shape.hashes; index++) {
      const place = (first + index * (second | 1)) & (shape.bits - 1);
      data[place >> 3]! |= 1 << (place & 7);
    }
  }
  return { salt, ...shape, count: ids.length, data: data.toString('base64url') };
};

const bitsSetIn = (data: Uint8Array): number => {
  let set = 0;
  for (const byte of data) for (let rest = byte; rest > 0; rest &= rest - 1) set += 1;
  return set;
};

/** How many ids a filter with so many bits set holds, most likely. */
export const estimate = ({ bits, hashes }: Pick<Filter, 'bits' | 'hashes'>, set: number): number =>
  set >= bits ? Infinity : -(bits / hashes) * Math.log(1 - set / bits);

/** Looks at a filter that somebody sent; the reason says what is wrong with it. */
export const openFilter = (filter: Filter): Outcome<OpenFilter, 'filter_refused'> => {
  const { salt, bits, hashes, count } = filter;
  const refuse = (reason: string) => refused('filter_refused' as const, reason);
  const isPower = Number.isInteger(Math.log2(bits));
  if (!isPower || bits < FILTER_BITS_MIN || bits > FILTER_BITS_MAX) {
    return refuse(`expected a power of two from 64 to ${FILTER_BITS_MAX} bits, came ${bits}`);
  }
  if (!Number.isInteger(hashes) || hashes < 1 || hashes > FILTER_HASHES_MAX) {
    return refuse(`expected 1 to ${FILTER_HASHES_MAX} hashes, came ${hashes}`);
  }
  if (salt.length !== SALT_CHARACTERS) return refuse('expected a salt of 8 bytes');
  const data = Buffer.from(filter.data, 'base64url');
  if (data.length !== bits / 8) {
    return refuse(`expected ${bits / 8} bytes for ${bits} bits, came ${data.length}`);
  }
  const likely = estimate(filter, bitsSetIn(data));
  if (likely === Infinity) return refuse('every bit is set: it claims everything');
  if (likely > 2 * count + COUNT_SLACK || count > 2 * likely + COUNT_SLACK) {
    return refuse(`it claims ${count} ids and holds about ${Math.round(likely)}`);
  }
  const key = keyOf(salt);
  return accepted({
    has(id) {
      const [first, second] = saltedHash(key, id);
      for (let index = 0; index < hashes; index++) {
        const place = (first + index * (second | 1)) & (bits - 1);
        if ((data[place >> 3]! & (1 << (place & 7))) === 0) return false;
      }
      return true;
    },
  });
};
