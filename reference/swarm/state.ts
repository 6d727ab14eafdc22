/**
 * A state, its name, and who signed it.
 *
 * The name is BLAKE3 over every field in a fixed layout, behind a tag: in the original the hash covers
 * the value alone, and anybody may rewrite version, source and time. No clock is among the fields.
 */
import assert from 'node:assert/strict';
import {
  GENESIS_STATE_ID,
  type AgentNumber,
  type SignedState,
  type Standing,
  type StateId,
  type SwarmKeys,
  type VersionedState,
} from '#contracts/swarm.ts';
import { blake3, fromHex, HASH_BYTES, isHash, toHex } from './hash.ts';
import { MEMBERS_MAX } from './quorum.ts';

/** 2^53 - 1 is no version: nothing exact follows it. */
export const VERSION_MAX = Number.MAX_SAFE_INTEGER - 1;

/** Before anything was accepted, in an epoch with that writer. */
export const genesis = (writer: AgentNumber, epoch = 0): Standing => ({
  epoch,
  version: 0,
  id: GENESIS_STATE_ID,
  writer,
});

/** Why a state is not the next one, in order of precedence. */
export const STATE_STATUSES = [
  /** It may follow. */
  'fits',
  'malformed',
  'epoch_differs',
  /** It is not this writer's turn. */
  'writer_differs',
  /** Accepted already, or something newer. */
  'stale',
  /** One above the accepted version is expected. */
  'version_jumps',
  'link_differs',
  /** The id is not the hash of the fields. */
  'id_differs',
  'signature_invalid',
] as const;
export type StateStatus = (typeof STATE_STATUSES)[number];

/** The bytes that are hashed: tag, epoch, version, previous hash, value hash, writer. */
export const stateBytes = (state: VersionedState): Uint8Array => {
  assert(isWellFormed(state), `no state: ${JSON.stringify(state)}`);
  const bytes = Buffer.alloc(STATE_BYTES);
  STATE_TAG.copy(bytes);
  let at = STATE_TAG.length;
  at = bytes.writeBigUInt64BE(BigInt(state.epoch), at);
  at = bytes.writeBigUInt64BE(BigInt(state.version), at);
  bytes.set(fromHex(state.previousHash), at);
  bytes.set(fromHex(state.valueHash), at + HASH_BYTES);
  bytes.writeUInt32BE(state.writer, at + 2 * HASH_BYTES);
  return bytes;
};

/** See the contract. */
export const stateId = (state: VersionedState): StateId => toHex(blake3(stateBytes(state)));

/** The writer puts its name to a state. */
export const signState = (keys: SwarmKeys, state: VersionedState): SignedState => {
  const id = stateId(state);
  return { ...state, id, signature: keys.sign(state.writer, stateMessage(id)) };
};

/** Whether the id is that of the fields and the writer signed it; where it fits is not asked. */
export const isAuthentic = (keys: SwarmKeys, state: SignedState): boolean =>
  isWellFormed(state) && state.id === stateId(state) && isSigned(keys, state);

/** Whether a state may follow what was accepted: the cheap checks first, the signature last. */
export const judgeState = (
  keys: SwarmKeys,
  standing: Standing,
  state: SignedState,
): StateStatus => {
  const place = judgePlace(standing, state);
  if (place !== 'fits') return place;
  if (state.id !== stateId(state)) return 'id_differs';
  return isSigned(keys, state) ? 'fits' : 'signature_invalid';
};

/** The part of it that costs no hash: whether it is the next version, linked, by the writer whose turn it is. */
export const judgePlace = (standing: Standing, state: SignedState): StateStatus => {
  if (!isWellFormed(state)) return 'malformed';
  if (state.epoch !== standing.epoch) return 'epoch_differs';
  if (state.writer !== standing.writer) return 'writer_differs';
  if (state.version <= standing.version) return 'stale';
  if (state.version !== standing.version + 1) return 'version_jumps';
  return state.previousHash === standing.id ? 'fits' : 'link_differs';
};

/** Whether every field is one that the layout can hold. */
export const isWellFormed = (state: VersionedState): boolean =>
  isCount(state.epoch, VERSION_MAX) &&
  isCount(state.version, VERSION_MAX) &&
  state.version >= 1 &&
  isHash(state.previousHash) &&
  isHash(state.valueHash) &&
  isCount(state.writer, MEMBERS_MAX - 1);

/** What a writer signs. */
export const stateMessage = (id: StateId): Uint8Array =>
  Buffer.concat([STATE_SIGNATURE_TAG, fromHex(id)]);

/** A whole number from 0 up to a bound. */
export const isCount = (value: unknown, max: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max;

const isSigned = (keys: SwarmKeys, { writer, id, signature }: SignedState): boolean =>
  keys.verify(writer, stateMessage(id), signature);

const STATE_TAG = Buffer.from('murmuration/swarm/state/1\0');
const STATE_SIGNATURE_TAG = Buffer.from('murmuration/swarm/state-signature/1\0');
const STATE_BYTES = STATE_TAG.length + 2 * 8 + 2 * HASH_BYTES + 4;
