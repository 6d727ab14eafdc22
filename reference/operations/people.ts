/** Names for people's eyes: a member's name, a whole DID, or the beginning of one that fits nobody else. */
import type { Genesis } from '#contracts/genesis.ts';
import type { Did } from '#contracts/identifiers.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';

/** Characters of a DID that all DIDs share. */
const COMMON = 'did:key:z6Mk';

/** Everybody the genesis names. */
const membersOf = (genesis: Genesis): readonly Did[] => [
  ...new Set([
    ...Object.values(genesis.names),
    ...genesis.stewards,
    ...genesis.grants.map(({ account }) => account),
  ]),
];

/**
 * Finds who is meant. A beginning that fits two people is refused with both; somebody outside the
 * genesis can only be named by the whole DID, which `isDid` decides.
 */
export const resolvePerson = (
  text: string,
  genesis: Genesis,
  isDid: (text: string) => boolean,
): Outcome<Did, 'person_unknown' | 'person_ambiguous'> => {
  const byName = Object.entries(genesis.names).find(
    ([name]) => name.toLowerCase() === text.toLowerCase(),
  );
  if (byName) return accepted(byName[1]);
  if (isDid(text)) return accepted(text as Did);
  const matches =
    text.length > COMMON.length ? membersOf(genesis).filter((did) => did.startsWith(text)) : [];
  if (matches.length === 1) return accepted(matches[0]!);
  if (matches.length > 1) {
    return refused('person_ambiguous', `${text} may be any of ${matches.join(', ')}`);
  }
  const names = Object.keys(genesis.names).join(', ') || 'no names in this network';
  return refused('person_unknown', `expected a name (${names}) or a whole DID, got ${text}`);
};

/** A name where there is one, else the DID's end, which is where DIDs differ. */
export const nameOf = (did: Did, genesis: Genesis): string => {
  const found = Object.entries(genesis.names).find(([, each]) => each === did);
  return found ? found[0] : `...${did.slice(-8)}`;
};
