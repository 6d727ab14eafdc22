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
import { isIPv4, isIPv6 } from 'node:net';
import { CANDIDATES_MAX } from '#contracts/discovery.ts';
import type { CreateDiscovery, DiscoveryEvent, Sighting } from '#contracts/discovery.ts';
import type { Did } from '#contracts/identifiers.ts';

/** An Ed25519 did:key: 34 bytes that begin with 0xed01 have 47 base58 digits, the first three `6Mk`. */
const DID_PATTERN = /^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/;
const VERSION_PATTERN = /^[\x21-\x7e]{1,32}$/;
const ADDRESS_PATTERN = /^(?:([0-9.]{7,15})|\[([0-9A-Fa-f:.]{2,45})\]):([1-9][0-9]{0,4})$/;
/** RFC 6762 section 10 recommends 75 minutes for long-lived records; a day is more than any honest one. */
const TTL_SECONDS_MAX = 86_400;

interface Entry {
  readonly address: string;
  readonly expiresAt: number;
}

/** 0.0.0.0/8 is "this host", 224.0.0.0/4 multicast, 240.0.0.0/4 reserved and broadcast. */
const isDialableIPv4 = (host: string): boolean => {
  const first = Number(host.split('.')[0]);
  return isIPv4(host) && first > 0 && first < 224;
};

/** Neither unspecified nor multicast (ff00::/8) nor an IPv4 address in disguise, which would evade the rule above. */
const isDialableIPv6 = (host: string): boolean =>
  isIPv6(host) &&
  /[1-9a-f]/i.test(host) &&
  !/^ff/i.test(host) &&
  !/^[0:]+(?:ffff:|.*\.)/i.test(host);

const isDialable = (address: string): boolean => {
  const match = ADDRESS_PATTERN.exec(address);
  if (match === null || Number(match[3]) > 65_535) return false;
  const [, v4, v6] = match;
  return v4 === undefined ? isDialableIPv6(v6 ?? '') : isDialableIPv4(v4);
};

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
