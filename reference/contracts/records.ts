/**
 * Layer 6, identity and signed records: who wrote this, and is it what they wrote?
 *
 * A record is the one signed unit of the system. Its id is the hash of what it says, its signature
 * covers the id, and its links (`previous`, `parents`) name the records its author had seen. Three
 * facts stay apart: who is on the wire (the link proves it), who wrote it (the signature proves it),
 * and whether that author may (policy decides).
 */
import type { ProposalBody, VoteBody } from './certificates.ts';
import type { Content } from './content.ts';
import type { Did, Json, NetworkId, RecordId, Topic } from './identifiers.ts';
import type { Outcome } from './outcome.ts';

/** At most this many heads by others are named by one record. */
export const PARENTS_MAX = 16;
/** Canonical bytes of one signed record. */
export const RECORD_BYTES_MAX = 65_536;
/** Account lines of one journal entry. */
export const LINES_MAX = 256;
/** Bytes of UTF-8 in a memo. */
export const MEMO_BYTES_MAX = 4_096;
/** Bytes of UTF-8 in a note. */
export const NOTE_BYTES_MAX = 16_384;

/** One account line of a journal entry: exactly one of `debit` and `credit`, a decimal string of an integer. */
export interface EntryLine {
  readonly account: Did;
  /** The account provided: its balance rises, it is owed. */
  readonly debit?: string;
  /** The account received: its balance falls, it owes. */
  readonly credit?: string;
}

/** The body of a record of kind `icn/entry/1`. */
export interface EntryBody {
  readonly accounts: readonly EntryLine[];
  readonly memo?: string;
  readonly contract?: string;
  /** The entry that this one gives back, in whole or in part. Judged as any entry; see Dispute. */
  readonly refunds?: RecordId;
}

/** The body of a record of kind `icn/dispute/1`: a party of an entry says that something is wrong with it. */
export interface DisputeBody {
  readonly entry: RecordId;
  /** At most MEMO_BYTES_MAX. */
  readonly reason: string;
}

/** The body of a record of kind `icn/trust/1`: how far the author trusts `subject`, until `expiresAt`. */
export interface TrustBody {
  readonly subject: Did;
  /** 0 to 1. */
  readonly score: number;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** The body of a record of kind `icn/note/1`: something said in an open topic. */
export interface NoteBody {
  readonly text: string;
}

/** Every kind of record, by the name that is hashed with it, so that one is never taken for another. */
export interface RecordBodies {
  readonly 'icn/entry/1': EntryBody;
  readonly 'icn/dispute/1': DisputeBody;
  readonly 'icn/trust/1': TrustBody;
  readonly 'icn/note/1': NoteBody;
  readonly 'icn/proposal/1': ProposalBody;
  readonly 'icn/vote/1': VoteBody;
}
/** The name of a kind of record. */
export type RecordKind = keyof RecordBodies;

/** What an author says, before it has a name and a signature. */
export interface Draft<Kind extends RecordKind = RecordKind> {
  readonly kind: Kind;
  readonly network: NetworkId;
  readonly topic: Topic;
  readonly author: Did;
  /** Counts the author's records in this topic from 1. */
  readonly sequence: number;
  /** The author's record before this one in this topic; null for sequence 1. */
  readonly previous: RecordId | null;
  /** The heads by others that the author knew in this topic, sorted, at most PARENTS_MAX. */
  readonly parents: readonly RecordId[];
  /** Milliseconds since 1970, by the author's clock; in a ledger never earlier than that of `previous`. */
  readonly timestamp: number;
  /** In topics that evict: the first sequence that anybody need still await. */
  readonly floor?: number;
  /**
   * Of an entry: a certificate that its author had seen. What stewards granted up to it counts for the
   * entry, and for all that has it in its past. Until it is certified here, the entry waits.
   */
  readonly certificate?: RecordId;
  readonly body: RecordBodies[Kind];
}

export interface SignedRecord<Kind extends RecordKind = RecordKind> extends Draft<Kind> {
  readonly id: RecordId;
  /** Ed25519 over the domain tag and the id, base64url without padding. */
  readonly signature: string;
}

/** Refusals in order of precedence. Nothing refused here is a record at all. */
export const RECORD_STATUSES = [
  'malformed',
  'network_mismatch',
  'id_mismatch',
  'signature_invalid',
] as const;
/** One of RECORD_STATUSES. */
export type RecordStatus = (typeof RECORD_STATUSES)[number];

/** A private key that can sign and nothing else. */
export interface Signer {
  readonly did: Did;
  /** 64 bytes, RFC 8032 Ed25519. */
  sign(message: Uint8Array): Uint8Array;
}

/** What both sides of a new link say first. */
export interface HelloFacts {
  readonly did: Did;
  readonly network: string;
  /** `icn/gossip/1`. */
  readonly protocol: string;
  /** 16 random bytes, base64url. */
  readonly nonce: string;
}

/** Everything that a Hello signature covers: both sides, and the link that carries them. */
export interface HelloTranscript {
  readonly mine: HelloFacts;
  readonly theirs: HelloFacts;
  /** What the transport says of this very link, alike at both ends: a recorded Hello fits no other. */
  readonly binding: string;
}

/** Layer 6: DIDs, signatures, Hellos. Pure, but for the memory of keys that makes it fast. */
export interface Records {
  /** The DID of a 32-byte Ed25519 public key. */
  did(publicKey: Uint8Array): Did;

  /** The public key a DID spells. One spelling per key: what re-encodes differently is refused. */
  publicKey(did: string): Outcome<Uint8Array, 'did_invalid'>;

  /** Names and signs a draft. Throws where the draft has no canonical form: that is a bug of the caller. */
  sign<Kind extends RecordKind>(draft: Draft<Kind>, signer: Signer): SignedRecord<Kind>;

  /**
   * Turns something that claims to be a record into one: shape (own keys only, known kind, body of
   * that kind), network, id recomputed, signature. The claimed id is never believed.
   */
  open(value: Json): Outcome<SignedRecord, RecordStatus>;

  /**
   * The one meaning of a valid signature: RFC 8032 with the cofactor, every point in its one encoding,
   * no key of small order. False for a DID that spells no key.
   */
  verify(did: Did, message: Uint8Array, signature: Uint8Array): boolean;

  /**
   * My answer to their Hello: a signature over both nonces and the link's binding. Throws where no
   * answer could be right (equal DIDs or nonces, another network or protocol, another's signer): the
   * caller compares the facts before it answers.
   */
  proveHello(transcript: HelloTranscript, signer: Signer): string;

  /** Whether `signature` is their answer to my Hello on this link; false where `proveHello` throws. */
  checkHello(transcript: HelloTranscript, signature: string): boolean;
}

/** What layer 6 stands on, and the network whose records it opens. */
export interface RecordsOptions {
  readonly content: Content;
  readonly network: NetworkId;
  /**
   * Replaces the strict verifier by one of the same meaning: the simulator remembers answers here,
   * once for all its nodes. Left out, the strict one is used.
   */
  readonly verify?: Records['verify'];
}

/** Makes layer 6. */
export type CreateRecords = (options: RecordsOptions) => Records;
