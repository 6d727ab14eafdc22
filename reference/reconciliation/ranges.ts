/**
 * Range-based set reconciliation (Meyer 2022) over a tree of ids.
 *
 * Who lacks something sends hashes of its sixteen largest ranges; the other says which of them it holds
 * otherwise; those are cut into sixteen again, and so on, until the ranges are so small that their ids
 * can be named in three bytes each. Then the other sends what was not named, causes first:
 *
 *   lacks   branches '': 16 hashes               holds   differing: 3, a
 *   lacks   branches 3, a: 16 hashes each        holds   differing: 3c, a0
 *   lacks   leaves 3c, a0: 3 bytes of each id    holds   the records that are not among them
 *
 * Rounds grow with the logarithm of the set, bytes with the difference. Neither side remembers anything
 * between two rounds. All hashes are salted: what was alike by mistake differs in the next search.
 */
import type { RecordId } from '#contracts/identifiers.ts';
import type { Knowledge } from '#contracts/knowledge.ts';
import { PREFIXES_MAX, type RangeClaims } from '#contracts/messages.ts';
import { DIGITS } from './id-tree.ts';
import { keyOf, SALT_CHARACTERS, saltedHash, type Key } from './salted.ts';
import { inOrder, placeIn, type Placed } from './serving.ts';

export type Index = NonNullable<Knowledge['index']>;

/** Ids of one leaf, about: fewer would be more prefixes than ids. */
const LEAF_IDS = 64;
/** Ranges that are cut further. More of them, and naming ids costs no more than another round. */
const BRANCHES_MAX = 1_024;
/** Ids named in one pull: 384 KiB. What is beyond is found in the next search. */
const NAMED_IDS_MAX = 131_072;
/** A search begins at most so deep, however large a claimed difference. */
const START_LEVEL_MAX = 2;
const BRANCH_BYTES = 4 * DIGITS.length;
const NAME_BYTES = 3;

/** How many digits make a range of so many ids small enough to name them. */
const levelOf = (count: number): number =>
  count <= LEAF_IDS ? 0 : Math.ceil(Math.log2(count / LEAF_IDS) / 4);

/** Four bytes for what lies under a prefix; 0 for nothing. */
const hashAt = (index: Index, key: Key, prefix: string): number => {
  const fingerprint = index.fingerprint(prefix);
  return fingerprint === '' ? 0 : saltedHash(key, fingerprint)[0] || 1;
};

const nameOf = (key: Key, id: RecordId): number => saltedHash(key, id)[0] >>> 8;

const branchAt = (index: Index, key: Key, prefix: string): string => {
  const bytes = Buffer.alloc(BRANCH_BYTES);
  DIGITS.forEach((digit, place) =>
    bytes.writeUInt32BE(hashAt(index, key, prefix + digit), 4 * place),
  );
  return bytes.toString('base64url');
};

const leafOf = (key: Key, ids: readonly RecordId[]): string => {
  const bytes = Buffer.alloc(NAME_BYTES * ids.length);
  ids.forEach((id, place) => bytes.writeUIntBE(nameOf(key, id), NAME_BYTES * place, NAME_BYTES));
  return bytes.toString('base64url');
};

/** All prefixes of so many digits. */
const prefixesAt = (level: number): string[] =>
  level === 0
    ? ['']
    : prefixesAt(level - 1).flatMap((prefix) => DIGITS.map((digit) => prefix + digit));

/** Names the ids that we hold under some prefixes; behind a place alone, if there is one. */
export const nameLeaves = (
  knowledge: Knowledge,
  index: Index,
  prefixes: readonly string[],
  salt: string,
  after?: Placed,
): RangeClaims => {
  const key = keyOf(salt);
  const place = placeIn(knowledge);
  const leaves: Record<string, string> = {};
  let named = 0;
  for (const prefix of prefixes) {
    const ids = index.ids(prefix).filter((id) => !after || inOrder(place(id), after) > 0);
    if (named > 0 && named + ids.length > NAMED_IDS_MAX) break;
    named += ids.length;
    leaves[prefix] = leafOf(key, ids);
  }
  return { salt, branches: {}, leaves };
};

/** What to say of some prefixes of one length: hashes of their parts, or the ids in them. */
export const claimsAt = (
  knowledge: Knowledge,
  index: Index,
  prefixes: readonly string[],
  salt: string,
): RangeClaims => {
  const level = prefixes[0]?.length ?? 0;
  if (level >= levelOf(index.count('')) || prefixes.length > BRANCHES_MAX) {
    return nameLeaves(knowledge, index, prefixes, salt);
  }
  const key = keyOf(salt);
  const branches = prefixes.map((prefix) => [prefix, branchAt(index, key, prefix)]);
  return { salt, branches: Object.fromEntries(branches), leaves: {} };
};

/** The first claims of a search: deeper at once where much is known to be lacking. */
export const firstClaims = (
  knowledge: Knowledge,
  index: Index,
  claimedCount: number,
  salt: string,
): RangeClaims => {
  const count = index.count('');
  const difference = Math.max(1, Math.abs(claimedCount - count));
  const level = Math.min(START_LEVEL_MAX, levelOf(count), Math.floor(Math.log2(difference) / 4));
  return claimsAt(knowledge, index, prefixesAt(level), salt);
};

/** Why claims deserve no answer, if they deserve none. */
export const refusalOf = ({ salt, branches, leaves }: RangeClaims): string | undefined => {
  if (salt.length !== SALT_CHARACTERS) return 'expected a salt of 8 bytes';
  const prefixes = [...Object.keys(branches), ...Object.keys(leaves)];
  if (prefixes.length > PREFIXES_MAX) return `expected at most ${PREFIXES_MAX} prefixes`;
  // Ranges within ranges would be read again and again.
  const level = prefixes[0]?.length ?? 0;
  if (prefixes.some((prefix) => prefix.length !== level)) {
    return 'expected prefixes of one length';
  }
  const bytesOf = (text: string): number => Math.floor((text.length * 3) / 4);
  const isBranch = (text: string): boolean => bytesOf(text) === BRANCH_BYTES;
  if (!Object.values(branches).every(isBranch)) return `expected ${BRANCH_BYTES} bytes a branch`;
  const isLeaf = (text: string): boolean => bytesOf(text) % NAME_BYTES === 0;
  return Object.values(leaves).every(isLeaf) ? undefined : `expected ${NAME_BYTES} bytes an id`;
};

/** Prefixes under which we hold something, and something else than the sender. */
export const differingIn = (index: Index, { salt, branches }: RangeClaims): string[] => {
  const key = keyOf(salt);
  const differing: string[] = [];
  for (const [prefix, text] of Object.entries(branches)) {
    const bytes = Buffer.from(text, 'base64url');
    DIGITS.forEach((digit, place) => {
      const ours = hashAt(index, key, prefix + digit);
      if (ours !== 0 && ours !== bytes.readUInt32BE(4 * place)) differing.push(prefix + digit);
    });
  }
  return differing.slice(0, PREFIXES_MAX);
};

/** What we hold under the sender's leaves and it did not name. */
export const unnamedIn = (index: Index, { salt, leaves }: RangeClaims): RecordId[] => {
  const key = keyOf(salt);
  return Object.entries(leaves).flatMap(([prefix, text]) => {
    const bytes = Buffer.from(text, 'base64url');
    const named = new Set<number>();
    for (let place = 0; place + NAME_BYTES <= bytes.length; place += NAME_BYTES) {
      named.add(bytes.readUIntBE(place, NAME_BYTES));
    }
    return index.ids(prefix).filter((id) => !named.has(nameOf(key, id)));
  });
};
