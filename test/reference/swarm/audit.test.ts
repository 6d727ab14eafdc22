/** The audit proof: its size, and that nothing in it can be changed. */
import { describe, expect, it } from 'vitest';
import {
  auditBytesMax,
  encodeAudit,
  openAudit,
  reportLeaf,
  rootMessage,
} from '#reference/swarm/audit.ts';
import { createTree } from '#reference/swarm/merkle.ts';
import { firstState, hashOf, KEYS, numbersBelow, withBitTurned } from './support.ts';

const AGGREGATOR = 7;
const { version, id } = firstState();

const proofsOf = (agents: number) => {
  const report = (agent: number) => ({ agent, version, id });
  const tree = createTree(numbersBelow(agents).map((agent) => reportLeaf(report(agent))));
  const signature = KEYS.sign(AGGREGATOR, rootMessage(tree.root, agents));
  return (agent: number) => encodeAudit(tree, report(agent), signature);
};

const proofOf = proofsOf(1_000);
const open = (bytes: Uint8Array) => openAudit(KEYS, AGGREGATOR, bytes);

describe('an audit proof', () => {
  it('takes 112 bytes and 32 for each level: 752 for a million agents', () => {
    expect([1, 2, 10, 100, 1_000, 1_000_000].map(auditBytesMax)).toEqual([
      112, 144, 240, 336, 432, 752,
    ]);
    expect(proofOf(0)).toHaveLength(432);
    expect(proofsOf(1)(0)).toHaveLength(112);
  });

  it('gives back what each agent reported', () => {
    for (const agent of [0, 1, 500, 511, 512, 998, 999]) {
      expect(open(proofOf(agent))).toEqual({ ok: true, value: { agent, version, id } });
    }
  });

  it('proves nothing with any of its bytes changed', () => {
    const bytes = proofOf(999);
    for (let at = 0; at < bytes.length; at++) {
      expect(open(withBitTurned(bytes, at, at % 8)).ok, `byte ${at}`).toBe(false);
    }
  });

  it('proves nothing for another place, length, or aggregator', () => {
    const bytes = proofOf(3);
    const moved = Buffer.from(bytes);
    moved.writeUInt32BE(4, bytes.length - 72);
    expect(open(moved)).toMatchObject({ ok: false, status: 'signature_invalid' });
    moved.writeUInt32BE(1_000, bytes.length - 72);
    expect(open(moved)).toMatchObject({ ok: false, status: 'leaf_out_of_range' });
    const shorter = Buffer.concat([bytes.subarray(0, 40), bytes.subarray(72)]);
    const longer = Buffer.concat([
      bytes.subarray(0, 40),
      bytes.subarray(40, 72),
      bytes.subarray(40),
    ]);
    for (const wrong of [shorter, longer, bytes.subarray(1), bytes.subarray(0, 111)]) {
      expect(open(wrong)).toMatchObject({ ok: false, status: 'length_wrong' });
    }
    expect(openAudit(KEYS, 8, bytes).ok).toBe(false);
  });

  it('does not take a node of the tree for a leaf', () => {
    const tree = createTree(numbersBelow(4).map((agent) => reportLeaf({ agent, version, id })));
    const signature = KEYS.sign(AGGREGATOR, rootMessage(tree.root, 4));
    const above = createTree([tree.prove(2).siblings[1]!, tree.prove(0).siblings[1]!]);
    const forged = encodeAudit(above, { agent: 0, version, id: hashOf('node') }, signature);
    expect(open(forged).ok).toBe(false);
  });
});
