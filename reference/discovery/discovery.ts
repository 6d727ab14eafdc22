/**
 * Who could be dialled: a table of claims that forgets.
 *
 * Each sighting is a claim by anybody on the local network, so it is believed only as far as it costs
 * nothing: one entry per DID, a bounded number of them, an address that a link could be dialled at, and
 * no longer than its record says. Whether the claim is true, the handshake finds out.
 *
 * An entry expires when `now` reaches the moment of its last sighting plus the TTL; a goodbye is a TTL
 * of 0 and works at once.
 *
 * Rejected: remembering every address of a DID (a liar fills the table under one name), and names in
 * place of IP addresses (whoever announces one makes us ask a resolver for it).
 */
import { CANDIDATES_MAX } from '#contracts/discovery.ts';
import type { CreateDiscovery, DiscoveryEvent, Sighting } from '#contracts/discovery.ts';
import type { Did } from '#contracts/identifiers.ts';
import { isDialable } from './dialable.ts';

/** An Ed25519 did:key: 34 bytes that begin with 0xed01 have 47 base58 digits, the first three `6Mk`. */
const DID_PATTERN = /^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/;
const VERSION_PATTERN = /^[\x21-\x7e]{1,32}$/;
/** RFC 6762 section 10 recommends 75 minutes for long-lived records; a day is more than any honest one. */
const TTL_SECONDS_MAX = 86_400;

interface Entry {
  readonly address: string;
  readonly expiresAt: number;
}

const isCredible = (sighting: Sighting): boolean =>
  DID_PATTERN.test(sighting.did) &&
  VERSION_PATTERN.test(sighting.version) &&
  Number.isFinite(sighting.ttlSeconds) &&
  sighting.ttlSeconds >= 0;

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** The table of one node. Not credible sightings are ignored, whatever they hold. */
export const create: CreateDiscovery = ({ self }) => {
  const entries = new Map<Did, Entry>();

  const tick = (now: number): DiscoveryEvent[] => {
    const lost: DiscoveryEvent[] = [];
    for (const [did, { expiresAt }] of entries) {
      if (now < expiresAt) continue;
      entries.delete(did);
      lost.push({ event: 'lost', did });
    }
    return lost;
  };

  const take = (now: number, { did, address, ttlSeconds }: Sighting): DiscoveryEvent[] => {
    if (ttlSeconds === 0) return entries.delete(did) ? [{ event: 'lost', did }] : [];
    if (!isDialable(address)) return [];
    const known = entries.get(did);
    if (known === undefined && entries.size >= CANDIDATES_MAX) return [];
    const expiresAt = now + Math.min(ttlSeconds, TTL_SECONDS_MAX) * 1_000;
    entries.set(did, { address, expiresAt });
    return known?.address === address ? [] : [{ event: 'found', did, address }];
  };

  return {
    sighted: (now, sighting) => {
      // First, so that what has expired neither takes a place nor answers for a peer that came back.
      const lost = tick(now);
      if (sighting.did === self || !isCredible(sighting)) return lost;
      return [...lost, ...take(now, sighting)];
    },
    tick,
    candidates: () =>
      Array.from(entries, ([did, { address }]) => ({ did, address })).sort((left, right) =>
        compare(left.did, right.did),
      ),
  };
};
