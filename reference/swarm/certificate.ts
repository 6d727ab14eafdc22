/**
 * The quorum certificate: a state and enough signatures. Whoever checks it needs the members' keys and
 * nobody's word.
 *
 * As bytes: the state's fields and its writer's signature, how many members there are, a bit for each
 * member that voted, and their signatures in that order. A voter cannot stand in it twice: it has one bit.
 */
import {
  type QuorumCertificate,
  type Quorum,
  type SignedState,
  type SwarmKeys,
  type Vote,
} from '#contracts/swarm.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';
import { fromHex, HASH_BYTES, toHex } from './hash.ts';
import { isAuthentic, isWellFormed, stateId } from './state.ts';
import { isVoteAuthentic } from './vote.ts';

export const SIGNATURE_BYTES = 64;

/** What a certificate proves, or why it proves nothing; in order of precedence. */
export const CERTIFICATE_STATUSES = [
  'valid',
  /** A vote for another state than the one it is to certify. */
  'vote_differs',
  'not_a_member',
  /** Two votes of one member, or votes that are not sorted by member. */
  'signer_repeated',
  'quorum_short',
  /** The id is not that of the fields, or the writer did not sign it. */
  'state_invalid',
  'vote_invalid',
] as const;
export type CertificateStatus = (typeof CERTIFICATE_STATUSES)[number];

/** Puts the votes in their order. Whether they are enough, and of whom, is for the one who checks. */
export const certify = (state: SignedState, votes: Iterable<Vote>): QuorumCertificate => ({
  state,
  votes: [...votes].sort((left, right) => left.voter - right.voter),
});

/** Counting comes before signatures: a certificate that is too short costs no verification. */
export const checkCertificate = (
  keys: SwarmKeys,
  electorate: Pick<Quorum, 'members' | 'votesMin'>,
  { state, votes }: QuorumCertificate,
): CertificateStatus => {
  if (votes.some((vote) => !isFor(state, vote))) return 'vote_differs';
  if (votes.some(({ voter }) => !isMember(voter, electorate.members))) return 'not_a_member';
  const isRepeated = votes.some(({ voter }, at) => at > 0 && voter <= votes[at - 1]!.voter);
  if (isRepeated) return 'signer_repeated';
  if (votes.length < electorate.votesMin) return 'quorum_short';
  if (!isAuthentic(keys, state)) return 'state_invalid';
  return votes.every((vote) => isVoteAuthentic(keys, vote)) ? 'valid' : 'vote_invalid';
};

/** Bytes of a certificate with that many votes: 64 a vote and a bit a member, beside the state. */
export const certificateBytes = (members: number, votes: number): number =>
  HEAD_BYTES + Math.ceil(members / 8) + votes * SIGNATURE_BYTES;

/** For a certificate in order; throws where a voter is no member. */
export const encodeCertificate = (
  members: number,
  { state, votes }: QuorumCertificate,
): Uint8Array => {
  const bytes = Buffer.alloc(certificateBytes(members, votes.length));
  writeState(bytes, state);
  bytes.writeUInt32BE(members, STATE_BYTES);
  const bitmapBytes = Math.ceil(members / 8);
  const bitmap = bytes.subarray(HEAD_BYTES, HEAD_BYTES + bitmapBytes);
  votes.forEach(({ voter, signature }, at) => {
    if (!isMember(voter, members)) throw new RangeError(`no member has the number ${voter}`);
    bitmap[voter >> 3]! |= 1 << (voter & 7);
    bytes.set(signature, HEAD_BYTES + bitmapBytes + at * SIGNATURE_BYTES);
  });
  return bytes;
};

/** Reads one back for an electorate of `members`; no other bytes stand for the same certificate. */
export const decodeCertificate = (
  members: number,
  bytes: Uint8Array,
): Outcome<QuorumCertificate, 'certificate_malformed'> => {
  const bitmapBytes = Math.ceil(members / 8);
  if (bytes.length < HEAD_BYTES + bitmapBytes) return malformed(`${bytes.length} bytes`);
  const buffer = Buffer.from(bytes); // A copy: what is read must not change afterwards.
  if (buffer.readUInt32BE(STATE_BYTES) !== members) return malformed('another electorate');
  const state = readState(buffer);
  if (state === undefined) return malformed('no state');
  const bitmap = buffer.subarray(HEAD_BYTES, HEAD_BYTES + bitmapBytes);
  const voters = membersIn(bitmap);
  if ((voters.at(-1) ?? 0) >= members) return malformed('a member too many');
  const expected = certificateBytes(members, voters.length);
  if (buffer.length !== expected) return malformed(`${buffer.length} bytes, not ${expected}`);
  const { epoch, version, id } = state;
  const votes = voters.map((voter, at): Vote => {
    const from = HEAD_BYTES + bitmapBytes + at * SIGNATURE_BYTES;
    return { epoch, version, id, voter, signature: buffer.subarray(from, from + SIGNATURE_BYTES) };
  });
  return accepted({ state, votes });
};

const malformed = (came: string) =>
  refused('certificate_malformed', `expected a certificate, came ${came}`);

const isFor = (state: SignedState, vote: Vote): boolean =>
  vote.epoch === state.epoch && vote.version === state.version && vote.id === state.id;

const isMember = (voter: number, members: number): boolean =>
  Number.isSafeInteger(voter) && voter >= 0 && voter < members;

const membersIn = (bitmap: Uint8Array): readonly number[] => {
  const members: number[] = [];
  bitmap.forEach((byte, at) => {
    for (let bit = 0; bit < 8; bit++) if ((byte >> bit) & 1) members.push(at * 8 + bit);
  });
  return members;
};

const WRITER_AT = 2 * 8 + 2 * HASH_BYTES;
const SIGNATURE_AT = WRITER_AT + 4;
const STATE_BYTES = SIGNATURE_AT + SIGNATURE_BYTES;
/** The state and the number of members. */
const HEAD_BYTES = STATE_BYTES + 4;

const writeState = (bytes: Buffer, state: SignedState): void => {
  const at = bytes.writeBigUInt64BE(
    BigInt(state.version),
    bytes.writeBigUInt64BE(BigInt(state.epoch)),
  );
  bytes.set(fromHex(state.previousHash), at);
  bytes.set(fromHex(state.valueHash), at + HASH_BYTES);
  bytes.writeUInt32BE(state.writer, WRITER_AT);
  bytes.set(state.signature, SIGNATURE_AT);
};

const readState = (bytes: Buffer): SignedState | undefined => {
  const state = {
    epoch: Number(bytes.readBigUInt64BE(0)),
    version: Number(bytes.readBigUInt64BE(8)),
    previousHash: toHex(bytes.subarray(16, 16 + HASH_BYTES)),
    valueHash: toHex(bytes.subarray(16 + HASH_BYTES, WRITER_AT)),
    writer: bytes.readUInt32BE(WRITER_AT),
  };
  if (!isWellFormed(state)) return undefined;
  const signature = bytes.subarray(SIGNATURE_AT, STATE_BYTES);
  return { ...state, id: stateId(state), signature };
};
