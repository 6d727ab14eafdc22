/**
 * Entries of a world: records by nodes with names, signed without cryptography.
 *
 * Shape, network, id and topic are judged by the reference's records layer. The signature is a keyed
 * hash that stands in for Ed25519, forged ones included: lab 06 is about signatures, and real ones
 * would cost this lab a second.
 */
import { createHash } from 'node:crypto';
import type { Did, Json, NetworkId, RecordId, Topic } from '#contracts/identifiers.ts';
import type { Records, SignedRecord, Signer } from '#contracts/records.ts';
import { create as createContent } from '#reference/content/content.ts';
import { create as createRecords } from '#reference/records/records.ts';
import { createSigner } from '#reference/records/signer.ts';
import type { Name } from './step.ts';

export const TOPIC: Topic = 'ledger:hours';
const NETWORK = createHash('sha256').update('a world of labs').digest('hex') as NetworkId;

export const content = createContent();

const seal = (did: Did, message: Uint8Array): Buffer =>
  createHash('sha512').update(did).update(message).digest();

const judge: Records = createRecords({
  content,
  network: NETWORK,
  verify: (did, message, signature) => seal(did, message).equals(signature),
});

type Opened = ReturnType<Records['open']>;
const opened = new WeakMap<object, Opened>();

/** What a claim was judged to be is remembered, once for all nodes, and no node can change it. */
const open = (claim: Json): Opened => {
  const known = typeof claim === 'object' && claim !== null ? opened.get(claim) : undefined;
  if (known) return known;
  const outcome = judge.open(claim);
  if (outcome.ok) Object.freeze(outcome.value);
  if (typeof claim === 'object' && claim !== null) opened.set(Object.freeze(claim), outcome);
  return outcome;
};

/** Every node is handed the same one: no node can change it. */
export const records: Records = Object.freeze({ ...judge, open });

const signers = new Map<string, Signer>();

/** The signer of that name: the same in every run. */
export const signerOf = (name: string): Signer => {
  const known = signers.get(name);
  if (known) return known;
  const { did } = createSigner(createHash('sha256').update(`world ${name}`).digest());
  const signer: Signer = { did, sign: (message) => seal(did, message) };
  signers.set(name, signer);
  return signer;
};

/** The name of a DID, or its last letters if it is nobody's. */
export const nameOf = (did: unknown): string => {
  for (const [name, signer] of signers) if (signer.did === did) return name;
  return `stranger ${String(did).slice(-6)}`;
};

/** Nodes, a liar from outside, and somebody whom nobody lets publish. */
export type Author = Name | 'mallory' | 'outlaw';

/** What is said of an entry; the rest is filled in. */
export interface Wish {
  readonly sequence: number;
  readonly previous: RecordId | null;
  readonly parents?: readonly RecordId[];
  readonly topic?: Topic;
  readonly memo?: string;
}

/** An entry without lines: a ledger would count nothing in it, and gossip carries it all the same. */
export const write = (author: Author, wish: Wish): SignedRecord => {
  const signer = signerOf(author);
  return records.sign(
    {
      kind: 'icn/entry/1',
      network: NETWORK,
      topic: wish.topic ?? TOPIC,
      author: signer.did,
      sequence: wish.sequence,
      previous: wish.previous,
      parents: [...(wish.parents ?? [])].sort(),
      timestamp: wish.sequence,
      body: { accounts: [], memo: wish.memo ?? '' },
    },
    signer,
  );
};

/** A name that no record has. */
export const inventedId = (text: string): RecordId =>
  createHash('sha256').update(`invented ${text}`).digest('hex') as RecordId;

export const asJson = (record: SignedRecord): { readonly [key: string]: Json } =>
  record as unknown as { readonly [key: string]: Json };
