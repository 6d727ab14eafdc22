/**
 * Layer 12, swarm consensus: agents agree on one versioned state, from ten of them to a million.
 *
 * Three things are kept apart. To *hear* a state: push-pull rounds spread it. To *vouch* for it: one
 * signed vote per version, for the first state that fits. To *accept* it: by a rule, and only the
 * rules from DIRECT_VOTES on survive a liar (see ACCEPTANCE_RULES). Time is a count of rounds: no
 * clock takes part in any order.
 *
 * One round, in both engines: every agent contacts `fanOut` others, drawn evenly from all but itself.
 * A contact exchanges both ways, and each side says what it knew at the end of the round before.
 */

/** Which state: BLAKE3 over all of its fields, 64 lower-case hex digits. */
export type StateId = string;

/** An agent's place among the members, from 0. Its key is found by it. */
export type AgentNumber = number;

/** The state that nobody wrote: version 0, the link of the first one. */
export const GENESIS_STATE_ID: StateId = '0'.repeat(64);

/** One proposal of a value. */
export interface VersionedState {
  readonly epoch: number;
  /** The accepted version plus one: a jump is refused, so no liar can use the numbers up. */
  readonly version: number;
  /** The id of the accepted state that it follows. */
  readonly previousHash: StateId;
  /** BLAKE3 of the value, 64 hex digits; the value itself travels apart. */
  readonly valueHash: string;
  readonly writer: AgentNumber;
}

export interface SignedState extends VersionedState {
  readonly id: StateId;
  /** The writer's Ed25519 over a domain tag and the id; 64 bytes. */
  readonly signature: Uint8Array;
}

/** "I vouch for this state, and for no other of its version." */
export interface Vote {
  readonly epoch: number;
  readonly version: number;
  readonly id: StateId;
  readonly voter: AgentNumber;
  /** The voter's Ed25519 over a domain tag, epoch, version and id; 64 bytes. */
  readonly signature: Uint8Array;
}

/** Two votes of one voter, or two states of one writer, for one (epoch, version): it convinces anybody who has the keys. */
export type Equivocation =
  | { readonly by: AgentNumber; readonly votes: readonly [Vote, Vote] }
  | { readonly by: AgentNumber; readonly states: readonly [SignedState, SignedState] };

/** Enough distinct votes for one state. Whoever holds it needs to trust nobody who handed it on. */
export interface QuorumCertificate {
  readonly state: SignedState;
  /** Sorted by voter. */
  readonly votes: readonly Vote[];
}

/**
 * How many of `members` may lie, and how many votes decide: faultsMax = floor((members - 1) / 3),
 * votesMin = floor((members + faultsMax) / 2) + 1. Two quorums share a member that does not lie, and
 * the honest alone make one.
 */
export interface Quorum {
  readonly members: number;
  readonly faultsMax: number;
  readonly votesMin: number;
}

/** When an agent takes a state as its own: a ladder, each rung with the liar that fells it (rungs 0 to 2) or its price. */
export const ACCEPTANCE_RULES = [
  /** The highest version whose hash is right. Felled by one liar: a hash proves integrity, not authority. */
  'highest-version',
  /** And its writer signed it, one above, linked. Felled by a writer that signs twice: who hears later is rewritten. */
  'signed-writer',
  /** And enough agents hold that version, whatever its hash. Felled by mixing: votes for one count for another. */
  'version-votes',
  /** Enough votes for that very id, each heard from its voter. Holds; slow as collecting coupons. */
  'direct-votes',
  /** Enough signed votes for that very id, from whomever: a quorum certificate. */
  'relayed-votes',
  /** A sampled committee certifies, gossip spreads the certificate. */
  'committee',
] as const;
/** One of ACCEPTANCE_RULES. */
export type AcceptanceRule = (typeof ACCEPTANCE_RULES)[number];

/** What a liar does. All are data: a run names one and a share or a count. */
export const LIES = ['silent', 'forge', 'bad-hash', 'equivocate', 'flood'] as const;
/** One of LIES. */
export type Lie = (typeof LIES)[number];

/** Who may sign and check in the place of which agent. */
export interface SwarmKeys {
  sign(agent: AgentNumber, message: Uint8Array): Uint8Array;
  verify(agent: AgentNumber, message: Uint8Array, signature: Uint8Array): boolean;
}

/** What an agent stands on: the state it accepted last, and whose turn it is to write the next. */
export interface Standing {
  readonly epoch: number;
  readonly version: number;
  readonly id: StateId;
  /** The writer of the epoch; nobody else's states count. */
  readonly writer: AgentNumber;
}

/** A state with its value: what is offered for acceptance. */
export interface Proposal {
  readonly state: SignedState;
  readonly value: Uint8Array;
}

/** What an agent knew at the end of the round before: enough for both sides to see who lacks what. */
export interface SwarmDigest {
  readonly version: number;
  readonly id: StateId;
  /** States under vote, two at most: the second is evidence, a third would add nothing. */
  readonly candidates: readonly {
    readonly id: StateId;
    /** A bit for every agent whose vote it holds: agent n is bit n % 8 of byte n / 8. */
    readonly voters: Uint8Array;
  }[];
}

/**
 * What agents say to each other, by the names of the seed. The digest goes first, and bodies only where
 * digests differ: push_pull is answered by push (what the other lacks), pull (what is lacking here),
 * both, or ack (nothing new either way); pull is answered by push.
 */
export type SwarmMessage =
  | { readonly type: 'push_pull'; readonly digest: SwarmDigest }
  | { readonly type: 'pull'; readonly digest: SwarmDigest }
  | {
      readonly type: 'push';
      readonly proposals: readonly Proposal[];
      readonly votes: readonly Vote[];
    }
  | { readonly type: 'ack'; readonly version: number };
/** The name of a message between agents. */
export type SwarmMessageType = SwarmMessage['type'];

/** One agent, correct or not, as an engine drives it. */
export interface SwarmAgent {
  /** A round begins: what it learned until now is what it tells in this one. */
  begin(round: number): void;
  /** Opens a contact; undefined: it stays silent. */
  open(to: AgentNumber): SwarmMessage | undefined;
  /** Answers, in order. What it learns it tells from the next round on. */
  hear(from: AgentNumber, message: SwarmMessage): readonly SwarmMessage[];
  /** What it stands on, with what it has learned in this round. */
  held(): Standing;
}

/** What one round did. */
export interface RoundReport {
  readonly round: number;
  /** Correct agents that hold the newest accepted state at its end. */
  readonly informed: number;
  readonly contacts: number;
}

/** Where the correct agents stand; what liars say does not count. */
export const CONVERGENCE_STATES = ['diverged', 'partial', 'converged'] as const;
/** One of CONVERGENCE_STATES. */
export type ConvergenceState = (typeof CONVERGENCE_STATES)[number];

/** What became of a vote. */
export const TALLY_STATUSES = ['counted', 'duplicate', 'equivocation', 'not_a_member'] as const;
/** One of TALLY_STATUSES. */
export type TallyStatus = (typeof TALLY_STATUSES)[number];

/**
 * Counts votes whose signatures were checked, by (epoch, version, id). A voter's second word for one
 * version is evidence and counts too: what was decided once stays decided, whatever is heard later.
 */
export interface Tally {
  add(vote: Pick<Vote, 'epoch' | 'version' | 'id' | 'voter'>): TallyStatus;
  /** Who voted for it, sorted. */
  voters(epoch: number, version: number, id: string): readonly AgentNumber[];
  /** What has enough votes, sorted: two only where more lied than a quorum allows for. */
  decided(epoch: number, version: number): readonly string[];
  /** Who voted for two of one version, sorted. */
  equivocators(): readonly AgentNumber[];
}

/** Sibling hashes from a leaf to the root, and where the leaf is. 32 bytes each. */
export interface MerkleProof {
  readonly leaf: number;
  readonly leaves: number;
  readonly siblings: readonly Uint8Array[];
}

/**
 * BLAKE3 with leaves and nodes in domains of their own (RFC 6962, 2.1), an odd node promoted, not
 * doubled: so no two lists have one root.
 */
export interface Merkle {
  /** Of the bytes of every leaf; of none, the hash of nothing. */
  root(leaves: readonly Uint8Array[]): Uint8Array;
  prove(leaves: readonly Uint8Array[], leaf: number): MerkleProof;
  verify(root: Uint8Array, leaf: Uint8Array, proof: MerkleProof): boolean;
}

/** Layer 12, as far as a node needs it too: quorums, tallies, Merkle trees and names of states. */
export interface Swarm {
  quorum(members: number): Quorum;
  /** Counts towards `votesMin`, which may be stricter than the quorum's own. */
  tally(electorate: Pick<Quorum, 'members' | 'votesMin'>): Tally;
  readonly merkle: Merkle;
  stateId(state: VersionedState): StateId;
}

/** Makes layer 12. */
export type CreateSwarm = () => Swarm;
