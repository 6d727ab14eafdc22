/**
 * Keys of a whole swarm for the engine: Ed25519 by OpenSSL, each agent's made from the seed of the run.
 *
 * A signature is the same bytes wherever it is checked, so the answer is kept, and what the checks
 * would have cost is counted apart: a thousand agents that check 667 votes each are 667 000
 * verifications, 70 seconds of one core, and 667 of them are really made.
 */
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import type { AgentNumber, SwarmKeys } from '#contracts/swarm.ts';
import { blake3, toHex } from './hash.ts';

/** What signing and checking cost. */
export interface KeyCosts {
  readonly signed: number;
  /** Checks that the agents asked for: each of them would have made its own. */
  readonly asked: number;
  /** Checks that were made: the others were answered from memory. */
  readonly verified: number;
}

export interface RunKeys extends SwarmKeys {
  costs(): KeyCosts;
}

/** Keys for `agents`; the memory holds `answersMax` answers and then begins anew. */
export const createKeys = (seed: number, agents: number, answersMax = 100_000): RunKeys => {
  const pairs = new Map<AgentNumber, Pair>();
  const answers = new Map<string, boolean>();
  let [signed, asked, verified] = [0, 0, 0];

  const pairOf = (agent: AgentNumber): Pair | undefined => {
    if (!Number.isSafeInteger(agent) || agent < 0 || agent >= agents) return undefined;
    const pair = pairs.get(agent) ?? createPair(seed, agent);
    pairs.set(agent, pair);
    return pair;
  };

  return {
    sign(agent, message) {
      const pair = pairOf(agent);
      if (pair === undefined) throw new RangeError(`no agent has the number ${agent}`);
      signed++;
      return sign(null, message, pair.privateKey);
    },
    verify(agent, message, signature) {
      asked++;
      const pair = pairOf(agent);
      if (pair === undefined || signature.length !== 64) return false;
      const question = `${agent}/${toHex(signature)}/${toHex(message)}`;
      const known = answers.get(question);
      if (known !== undefined) return known;
      verified++;
      if (answers.size >= answersMax) answers.clear();
      const answer = verify(null, message, pair.publicKey, signature);
      answers.set(question, answer);
      return answer;
    },
    costs: () => ({ signed, asked, verified }),
  };
};

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const createPair = (seed: number, agent: AgentNumber): Pair => {
  const secret = blake3(Buffer.from(`murmuration/swarm/key/${seed}/${agent}`));
  const der = Buffer.concat([PKCS8_PREFIX, secret]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
};

/** What stands before the 32 bytes of an Ed25519 secret in PKCS #8 (RFC 8410, 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
