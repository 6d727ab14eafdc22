/** The names of things: people, records, topics, networks. Branded, so that one is never taken for another. */

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/**
 * Who: `did:key:z6Mk...`, the one spelling of an Ed25519 public key (W3C did:key, multicodec 0xed01,
 * base58btc). An account, an author and a peer are all named by a DID.
 */
export type Did = Branded<'Did'>;

/** Which record: the SHA-256 of its canonical bytes without `id` and `signature`, 64 lower-case hex digits. */
export type RecordId = Branded<'RecordId'>;

/** Which cooperative: the SHA-256 of its genesis in canonical form, 64 lower-case hex digits. */
export type NetworkId = Branded<'NetworkId'>;

/** Which stream of records: `ledger:hours`. */
export type Topic = string;

/** `ledger:` and a currency of 1 to 32 letters, digits, `_` or `-`. */
export const LEDGER_TOPIC_PATTERN = /^ledger:[A-Za-z0-9_-]{1,32}$/;

/** The topic that carries a currency. */
export const ledgerTopic = (currency: string): Topic => `ledger:${currency}`;

/** Where members say how far they trust each other. */
export const TRUST_TOPIC: Topic = 'trust:attestations';

/** 64 lower-case hexadecimal digits: the shape of a RecordId and of a NetworkId. */
export const HASH_PATTERN = /^[0-9a-f]{64}$/;

/** What survives JSON and back. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
