/**
 * The audit proof: that an aggregator counted this agent with this state. Below a kibibyte for a swarm
 * of any size: 752 bytes for a million agents, 640 of them the path.
 *
 * It shows what the aggregator was told, not that it is right: where all agree all leaves are alike but
 * for the number. Agreement is what the certificate is for.
 *
 * Layout: state id 32, version 8, siblings 32 each, leaf number 4, number of leaves 4, the aggregator's
 * signature 64. The leaf is (agent, version, id), so no field stands outside what is signed.
 */
import type { AgentNumber, StateId, SwarmKeys } from '#contracts/swarm.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';
import { SIGNATURE_BYTES } from './certificate.ts';
import { fromHex, HASH_BYTES, isHash, toHex } from './hash.ts';
import { rootOf, siblingsCount, type MerkleTree } from './merkle.ts';
import { isCount, VERSION_MAX } from './state.ts';

/** What one agent reported. */
export interface Report {
  readonly agent: AgentNumber;
  readonly version: number;
  readonly id: StateId;
}

/** The bytes of a leaf: the hash of RFC 6962 comes on top. */
export const reportLeaf = ({ agent, version, id }: Report): Uint8Array => {
  const bytes = Buffer.alloc(4 + 8 + HASH_BYTES);
  bytes.writeUInt32BE(agent, 0);
  bytes.writeBigUInt64BE(BigInt(version), 4);
  bytes.set(fromHex(id), 12);
  return bytes;
};

/** What the aggregator signs once for all proofs: tag, root, number of leaves. */
export const rootMessage = (root: Uint8Array, leaves: number): Uint8Array => {
  const bytes = Buffer.alloc(ROOT_TAG.length + HASH_BYTES + 4);
  ROOT_TAG.copy(bytes);
  bytes.set(root, ROOT_TAG.length);
  bytes.writeUInt32BE(leaves, ROOT_TAG.length + HASH_BYTES);
  return bytes;
};

/** Bytes of the longest proof among so many agents; 112 beside the path. */
export const auditBytesMax = (agents: number): number =>
  FIXED_BYTES + HASH_BYTES * Math.ceil(Math.log2(agents));

/** The proof of one report, with the aggregator's signature of the root. */
export const encodeAudit = (
  tree: MerkleTree,
  { agent, version, id }: Report,
  signature: Uint8Array,
): Uint8Array => {
  const { siblings, leaves } = tree.prove(agent);
  const bytes = Buffer.alloc(FIXED_BYTES + HASH_BYTES * siblings.length);
  bytes.set(fromHex(id), 0);
  bytes.writeBigUInt64BE(BigInt(version), HASH_BYTES);
  siblings.forEach((sibling, level) => bytes.set(sibling, PATH_AT + HASH_BYTES * level));
  const after = PATH_AT + HASH_BYTES * siblings.length;
  bytes.writeUInt32BE(agent, after);
  bytes.writeUInt32BE(leaves, after + 4);
  bytes.set(signature, after + 8);
  return bytes;
};

/** Why a proof proves nothing, in order of precedence. */
export const AUDIT_STATUSES = ['length_wrong', 'leaf_out_of_range', 'signature_invalid'] as const;
export type AuditStatus = (typeof AUDIT_STATUSES)[number];

/** Reads a proof and checks it: what came out was signed by the aggregator, or nothing comes out. */
export const openAudit = (
  keys: Pick<SwarmKeys, 'verify'>,
  aggregator: AgentNumber,
  bytes: Uint8Array,
): Outcome<Report, AuditStatus> => {
  const pathBytes = bytes.length - FIXED_BYTES;
  if (pathBytes < 0 || pathBytes % HASH_BYTES !== 0 || pathBytes > PATH_BYTES_MAX) {
    return refused(
      'length_wrong',
      `expected ${FIXED_BYTES} bytes and a path, came ${bytes.length}`,
    );
  }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const after = PATH_AT + pathBytes;
  const [agent, leaves] = [buffer.readUInt32BE(after), buffer.readUInt32BE(after + 4)];
  const id = toHex(buffer.subarray(0, HASH_BYTES));
  const version = Number(buffer.readBigUInt64BE(HASH_BYTES));
  if (agent >= leaves) return refused('leaf_out_of_range', `leaf ${agent} of ${leaves}`);
  const levels = pathBytes / HASH_BYTES;
  if (levels !== siblingsCount(agent, leaves)) {
    return refused('length_wrong', `a path of ${levels} is none for leaf ${agent} of ${leaves}`);
  }
  const siblings = Array.from({ length: levels }, (_, level) =>
    buffer.subarray(PATH_AT + HASH_BYTES * level, PATH_AT + HASH_BYTES * (level + 1)),
  );
  const report: Report = { agent, version, id };
  const isReport = isCount(version, VERSION_MAX) && isHash(id);
  const root = isReport && rootOf(reportLeaf(report), { leaf: agent, leaves, siblings });
  const signature = buffer.subarray(after + 8);
  if (!root || !keys.verify(aggregator, rootMessage(root, leaves), signature)) {
    return refused('signature_invalid', 'the aggregator signed no root that this leads to');
  }
  return accepted(report);
};

const ROOT_TAG = Buffer.from('murmuration/swarm/root/1\0');
const PATH_AT = HASH_BYTES + 8;
const FIXED_BYTES = PATH_AT + 4 + 4 + SIGNATURE_BYTES;
/** Numbers of leaves have 32 bits. */
const PATH_BYTES_MAX = 32 * HASH_BYTES;
