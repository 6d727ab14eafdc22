/**
 * The founding document of a cooperative: `network.json`. Its hash is the network's id, so every
 * record and every Hello names the very same agreement, and nobody can be moved to another.
 */
import type { Did } from './identifiers.ts';

/** A unit of account. `name` is part of its topic: `ledger:{name}`. */
export interface Currency {
  readonly name: string;
  /** Digits after the point: 2 means that 10 hours are 1000 minor units. */
  readonly decimals: number;
}

/** A lease of credit: who may owe how much, in which currency, and until which of their own records. */
export interface Grant {
  readonly account: Did;
  readonly currency: string;
  /** Minor units that the account may owe before it ever provided anything. */
  readonly baseline: number;
  /** Minor units that its limit never exceeds, whatever it provides. */
  readonly cap: number;
  /** The last sequence of the account's own chain in which the grant counts. */
  readonly untilSequence: number;
}

/** How far one member trusts another from the first day, 0 to 1. */
export interface TrustEdge {
  readonly from: Did;
  readonly to: Did;
  readonly score: number;
}

/** The founding document, as `network.json` has it. */
export interface Genesis {
  readonly kind: 'icn/genesis/1';
  readonly name: string;
  /** Who may certify, and how many of them it takes. */
  readonly stewards: readonly Did[];
  readonly quorum: number;
  readonly currencies: readonly Currency[];
  readonly grants: readonly Grant[];
  readonly trust: readonly TrustEdge[];
  /** Names for people's eyes and the command line; they carry no meaning in the protocol. */
  readonly names: { readonly [name: string]: Did };
}

/** Services provided are worth a higher limit: one unit of limit for so many units provided. */
export const PROVIDED_PER_LIMIT_UNIT = 20n;
/** 100 hours at two decimals. */
export const BASELINE_DEFAULT = 10_000;
/** 1000 hours at two decimals. */
export const CAP_DEFAULT = 100_000;
