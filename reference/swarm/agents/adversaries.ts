/**
 * Liars as data: a run names a lie and who tells it, and the same data gives the same lies.
 *
 * They act together, know every correct agent, call whomever they like as often as they like, and tell
 * different things to different agents. They sign with their own keys and no others: the engine hands
 * them no more. What correct agents say to each other they can neither delay nor change.
 */
import type {
  AcceptanceRule,
  AgentNumber,
  Lie,
  Proposal,
  Standing,
  SwarmAgent,
  SwarmDigest,
  SwarmKeys,
  SwarmMessage,
  Vote,
} from '#contracts/swarm.ts';
import { addVoter, noVoters, type Goods } from './holding.ts';
import { blake3, toHex } from '../hash.ts';
import { signState, stateId, stateMessage, VERSION_MAX } from '../state.ts';
import { signVote, voteMessage } from '../vote.ts';

/** Who lies in a run, and how. */
export interface Adversary {
  readonly lie: Lie;
  /** Sorted. For `equivocate` the first of them is the writer. */
  readonly liars: readonly AgentNumber[];
  /** equivocate: who is shown the first state; unless told, every other correct agent. */
  readonly shownFirst?: readonly AgentNumber[];
  /** equivocate: everybody is shown the first state until this round, and the second from it on. */
  readonly lateRound?: number;
  /** flood: contacts that each liar opens with each correct agent in each round. */
  readonly callsPerVictim?: number;
}

/** What the liars know. */
export interface Scene {
  readonly rule: AcceptanceRule;
  readonly agents: number;
  readonly start: Standing;
  readonly correct: readonly AgentNumber[];
  /** Whose votes count. */
  readonly voters: readonly AgentNumber[];
  /** They sign for the liars alone. */
  readonly keys: SwarmKeys;
}

/** A liar calls whom it likes beside those whom the draws give it. */
export interface Liar extends SwarmAgent {
  calls(round: number): Iterable<AgentNumber>;
}

export const CALLS_PER_VICTIM_DEFAULT = 20;

/** The liars of a run, in the order of their numbers. */
export const createLiars = (adversary: Adversary, scene: Scene): readonly Liar[] => {
  switch (adversary.lie) {
    case 'silent':
      return adversary.liars.map(() => createSilent(scene));
    case 'forge':
      return createForgers(adversary.liars, scene, []);
    case 'bad-hash':
      return adversary.liars.map(() => createSwapper(scene));
    case 'equivocate':
      return createEquivocators(adversary, scene);
    case 'flood': {
      const { correct } = scene;
      const times = adversary.callsPerVictim ?? CALLS_PER_VICTIM_DEFAULT;
      return createForgers(
        adversary.liars,
        scene,
        Array.from({ length: times }, () => correct).flat(),
      );
    }
  }
};

/** A proposal as its writer makes it. */
export const propose = (keys: SwarmKeys, standing: Standing, value: Uint8Array): Proposal => {
  const { epoch, version, id, writer } = standing;
  const valueHash = toHex(blake3(value));
  const fields = { epoch, version: version + 1, previousHash: id, valueHash, writer };
  return Object.freeze({ state: Object.freeze(signState(keys, fields)), value });
};

/** What a liar shows to one agent in one round. */
interface Show {
  readonly digest: SwarmDigest;
  readonly goods: Goods;
}

interface Script {
  show(to: AgentNumber, round: number): Show | undefined;
  calls?: (round: number) => Iterable<AgentNumber>;
  overheard?: (message: SwarmMessage) => void;
}

/** A liar that keeps to the form of a contact: it lures with a digest and hands over its goods. */
const createLiar = ({ start }: Scene, { show, calls, overheard }: Script): Liar => {
  let now = 0;
  return {
    begin: (round) => {
      now = round;
    },
    open(to) {
      const shown = show(to, now);
      return shown && { type: 'push_pull', digest: shown.digest };
    },
    hear(from, message) {
      overheard?.(message);
      const shown = show(from, now);
      if (shown === undefined || message.type === 'ack' || message.type === 'push') return [];
      const push: SwarmMessage = { type: 'push', ...shown.goods };
      return message.type === 'pull' ? [push] : [push, { type: 'pull', digest: shown.digest }];
    },
    held: () => start,
    calls: calls ?? (() => []),
  };
};

/** Neither asks nor answers. */
const createSilent = (scene: Scene): Liar => createLiar(scene, { show: () => undefined });

/**
 * Invent a state and everybody's votes for it. Where only the hash is looked at, the highest number
 * there is; elsewhere the next version in the writer's name, signed with the key they have: their own.
 */
const createForgers = (
  liars: readonly AgentNumber[],
  scene: Scene,
  calls: readonly AgentNumber[],
): readonly Liar[] => {
  const [forger] = liars;
  if (forger === undefined) return [];
  const { rule, start, keys, voters, agents } = scene;
  const value = Buffer.from('forged');
  const fields = {
    epoch: start.epoch,
    version: rule === 'highest-version' ? VERSION_MAX : start.version + 1,
    previousHash: start.id,
    valueHash: toHex(blake3(value)),
    writer: start.writer,
  };
  const id = stateId(fields);
  const state = Object.freeze({ ...fields, id, signature: keys.sign(forger, stateMessage(id)) });
  const { epoch, version } = fields;
  const signature = keys.sign(forger, voteMessage({ epoch, version, id }));
  const votes = voters.map((voter): Vote =>
    Object.freeze({ epoch, version, id, voter, signature }),
  );
  const goods: Goods = { proposals: [Object.freeze({ state, value })], votes };
  const shown: Show = { digest: digestOf(agents, goods), goods };
  return liars.map(() => createLiar(scene, { show: () => shown, calls: () => calls }));
};

/** Hands on a true state with another value under it. */
const createSwapper = (scene: Scene): Liar => {
  let shown: Show | undefined;
  return createLiar(scene, {
    show: () => shown,
    overheard(message) {
      const [heard] = message.type === 'push' ? message.proposals : [];
      if (shown !== undefined || heard === undefined) return;
      const proposal = Object.freeze({ state: heard.state, value: Buffer.from('swapped') });
      const goods: Goods = { proposals: [proposal], votes: [] };
      shown = { digest: digestOf(scene.agents, goods), goods };
    },
  });
};

/**
 * The writer signs two states, all liars vote for both, and each correct agent is shown one. The liars
 * have one mind: in the first round the writer makes everybody vote, in the second it gathers the votes,
 * and another liar hands each half its own before the halves have spoken with each other.
 */
const createEquivocators = (adversary: Adversary, scene: Scene): readonly Liar[] => {
  const { liars, lateRound } = adversary;
  const { start, keys, voters, correct } = scene;
  const stories = pairOf(keys, start).map((proposal) => {
    const ours = liars.filter((liar) => voters.includes(liar));
    const votes = ours.map((liar): Vote => Object.freeze(signVote(keys, liar, proposal.state)));
    return createStory(scene, proposal, votes);
  });
  const first = new Set(adversary.shownFirst ?? correct.filter((_, place) => place % 2 === 0));
  const isShownFirst = (to: AgentNumber, round: number): boolean =>
    lateRound === undefined ? first.has(to) : round < lateRound;
  const callsOf = (liar: AgentNumber, round: number): readonly AgentNumber[] => {
    if (liar === liars[0]) return round <= 2 || round === lateRound ? correct : [];
    return liar === liars[1] && round === 2 ? correct : [];
  };
  return liars.map((liar) =>
    createLiar(scene, {
      show: (to, round) => stories[isShownFirst(to, round) ? 0 : 1]!.show(),
      calls: (round) => callsOf(liar, round),
      overheard(message) {
        if (message.type === 'push') for (const story of stories) story.learn(message.votes);
      },
    }),
  );
};

/** One of the two states, with all votes for it that the liars have or heard. */
const createStory = ({ agents }: Scene, proposal: Proposal, own: readonly Vote[]) => {
  const votes = new Map(own.map((vote) => [vote.voter, vote]));
  let shown: Show | undefined;
  return {
    learn(heard: readonly Vote[]): void {
      for (const vote of heard) {
        if (vote.id !== proposal.state.id || votes.has(vote.voter)) continue;
        votes.set(vote.voter, vote);
        shown = undefined;
      }
    },
    show(): Show {
      const goods: Goods = { proposals: [proposal], votes: [...votes.values()] };
      return (shown ??= { digest: digestOf(agents, goods), goods });
    },
  };
};

/** Two states of one version. The second has the greater id: where ids are compared, it wins. */
export const pairOf = (keys: SwarmKeys, start: Standing): readonly [Proposal, Proposal] => {
  const one = propose(keys, start, Buffer.from('one'));
  const other = propose(keys, start, Buffer.from('other'));
  return one.state.id < other.state.id ? [one, other] : [other, one];
};

/** The digest of an agent that would hold these goods. */
const digestOf = (agents: number, { proposals, votes }: Goods): SwarmDigest => {
  const { version, id } = proposals[0]!.state;
  const voters = noVoters(agents);
  for (const { voter } of votes) addVoter(voters, voter);
  return { version, id, candidates: [{ id, voters }] };
};
