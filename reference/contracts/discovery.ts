/**
 * Layer 11, discovery: sightings on the local network go in, peers found and lost come out.
 *
 * What an mDNS answer says is a claim: the DID in it is believed only after the handshake proved it.
 * So discovery proposes whom to dial, and forgets them when their DNS records run out.
 */
import type { Did } from './identifiers.ts';

/** One instance of `_icn._tcp.local`, as far as its DNS records told. */
export interface Sighting {
  readonly did: Did;
  /** Protocol version from TXT. */
  readonly version: string;
  /** `host:port`. */
  readonly address: string;
  /** Seconds the record may be believed; 0 is goodbye (RFC 6762 section 10.1). */
  readonly ttlSeconds: number;
}

/** A peer may be dialled at a new address, or is not to be dialled any more. */
export type DiscoveryEvent =
  | { readonly event: 'found'; readonly did: Did; readonly address: string }
  | { readonly event: 'lost'; readonly did: Did };

/** Peers remembered at one time; beyond it new ones are ignored until old ones expire. */
export const CANDIDATES_MAX = 256;

/**
 * Remembers who announced itself, and where. What a TXT record says is a claim: the Hello proves who is there.
 * Times are monotonic milliseconds.
 */
export interface Discovery {
  /** Takes a sighting. Own announcements are ignored; a changed address is found again. */
  sighted(now: number, sighting: Sighting): readonly DiscoveryEvent[];
  /** Forgets what has expired. */
  tick(now: number): readonly DiscoveryEvent[];
  /** Sorted by DID. */
  candidates(): readonly { readonly did: Did; readonly address: string }[];
}

/** Who we are: our own announcements come back to us. */
export interface DiscoveryOptions {
  readonly self: Did;
}

/** Makes layer 11, which has seen nobody yet. */
export type CreateDiscovery = (options: DiscoveryOptions) => Discovery;
