/**
 * Keys of a whole swarm: Ed25519 by OpenSSL. An agent has the same key in every run, made when it is first
 * needed: to make a thousand takes longer than to play a run with them.
 */
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import type { AgentNumber, SwarmKeys } from '#contracts/swarm.ts';
import { SIGNATURE_BYTES } from '../certificate.ts';
import { blake3 } from '../hash.ts';

/** Keys for `agents`, all of them in one hand: what an agent may sign with is up to who hands them on. */
export const createKeys = (agents: number): SwarmKeys => {
  assert(agents <= KEYS_MAX, `expected at most ${KEYS_MAX} agents, came ${agents}`);

  const pairOf = (agent: AgentNumber): Pair | undefined => {
    if (!Number.isSafeInteger(agent) || agent < 0 || agent >= agents) return undefined;
    const pair = pairs.get(agent) ?? createPair(agent);
    pairs.set(agent, pair);
    return pair;
  };

  return {
    sign(agent, message) {
      const pair = pairOf(agent);
      if (pair === undefined) throw new RangeError(`no agent has the number ${agent}`);
      return sign(null, message, pair.privateKey);
    },
    verify(agent, message, signature) {
      const pair = pairOf(agent);
      if (pair === undefined || signature.length !== SIGNATURE_BYTES) return false;
      return verify(null, message, pair.publicKey, signature);
    },
  };
};

/** The same keys, with which only these agents sign: nobody holds another's secret. */
export const keysOf = (keys: SwarmKeys, owners: ReadonlySet<AgentNumber>): SwarmKeys => ({
  sign(agent, message) {
    if (!owners.has(agent)) throw new RangeError(`the key of agent ${agent} is not in this hand`);
    return keys.sign(agent, message);
  },
  verify: keys.verify,
});

const KEYS_MAX = 10_000;

const pairs = new Map<AgentNumber, Pair>();

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const createPair = (agent: AgentNumber): Pair => {
  const secret = blake3(Buffer.from(`murmuration/swarm/key/${agent}`));
  const der = Buffer.concat([PKCS8_PREFIX, secret]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
};

/** What stands before the 32 bytes of an Ed25519 secret in PKCS #8 (RFC 8410, 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
