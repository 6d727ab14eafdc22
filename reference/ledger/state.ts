/**
 * What the ledger keeps in memory, and nothing else: the shapes that the other rooms work on.
 *
 * Bodies stay in the record store. Of a record the ledger keeps what a descendant may ask of it: where
 * it is in its author's chain, what it moves, and how far its author could see.
 */
import type { Verdict } from '#contracts/ledger.ts';
import type { Did, RecordId, Topic } from '#contracts/identifiers.ts';

/** A record whose ancestors are all held, and which has its verdict. */
export interface Held {
  readonly id: RecordId;
  readonly timestamp: number;
  readonly verdict: Verdict;
  /** What it says of each account it names, counted or not. */
  readonly nets: readonly Net[];
  /** Its past and itself, chain by chain (see sight.ts). */
  readonly sight: Int32Array;
  /** Number of the newest certificate that it or a record in its past names; 0 without one. */
  readonly seen: number;
  /** Undefined: unlinked. */
  readonly place: Place | undefined;
}

/** Debits minus credits of one account in one record, in minor units. */
export interface Net {
  readonly account: Account;
  readonly amount: bigint;
}

/** One account in one topic. */
export interface Account {
  readonly topic: Topic;
  readonly did: Did;
  balance: bigint;
  /** Records that count and rulings, as far as they name it. */
  mentions: number;
  /** What rulings moved, and how many of them. */
  ruled: bigint;
  rulings: number;
  /** Records that name it, counted or not, in order of arrival. */
  named: Held[];
  /** What it was given by others (see receipts.ts). */
  readonly payers: Set<Chain>;
  readonly receipts: Map<Branch, Receipts>;
}

/** What an account was given along one branch: at which sequences, and how much in all by then. */
export interface Receipts {
  readonly sequences: number[];
  readonly totals: bigint[];
}

/** The records of one author in one topic: a path if the author is honest, a tree if not. */
export interface Chain {
  /** Its column in every sight. */
  readonly index: number;
  readonly topic: Topic;
  readonly author: Did;
  /** Before the first record: sequence 0. */
  readonly root: Place;
  /** Every branch that has places, the root's first. */
  readonly branches: Set<Branch>;
  /** Places with two children or more. */
  readonly forks: Set<Place>;
  /** How far it stands, all that is held considered (see sight.ts). */
  sighting: number;
  /** How far it stands for ever (see settlement.ts); undefined where nothing is settled. */
  settled: Place | undefined;
}

/** A linked record as a place in its author's chain. */
export interface Place {
  /** Its row among all places, from 1; 0 for a root. */
  readonly index: number;
  /** Empty for a root. */
  readonly id: RecordId;
  readonly sequence: number;
  /** Null for a root. */
  readonly previous: Place | null;
  readonly chain: Chain;
  readonly branch: Branch;
  /** Linked records that follow it, in order of arrival. */
  children: readonly Place[];
  /** What it moves if it stands: nothing unless it was accepted. */
  readonly counts: readonly Net[];
  /** The author's own net over the accepted records up to and including this one; never positive. */
  readonly spent: bigint;
}

/** A run of places, each the first-arrived child of the one before. */
export interface Branch {
  /** The sequence of its first place. */
  readonly from: number;
  /** The place it left; null for the branch of the root. */
  readonly fork: Place | null;
  readonly places: Place[];
}
