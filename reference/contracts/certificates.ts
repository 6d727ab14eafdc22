/**
 * Certificates: what the stewards of a cooperative decided together, one numbered chain from genesis.
 *
 * A steward proposes in a signed record, stewards vote in signed records, and both spread in one
 * durable topic by the gossip that carries everything else. A certificate is no message of its own: it
 * is a proposal with enough votes of the stewards then in office, each voting once for a number, so
 * whoever holds the records sees it, and whoever is handed them can check it. Two certificates of one
 * number would need a steward who does not lie to vote twice.
 */
import type { Grant } from './genesis.ts';
import type { Did, RecordId, Topic } from './identifiers.ts';
import type { Outcome } from './outcome.ts';
import type { EntryLine, SignedRecord } from './records.ts';

/** Where stewards propose and vote. Everybody reads it; only who is or was a steward is heard. */
export const COUNCIL_TOPIC: Topic = 'stewards:certificates';

/** Who decides: genesis names the first, number 0; each certificate of kind `stewards` the next. */
export interface Office {
  /** Counts the changes of stewards. */
  readonly epoch: number;
  readonly stewards: readonly Did[];
  /** Votes that decide. */
  readonly quorum: number;
}

/** Heads of one checkpoint; so many and the votes' envelope fit RECORD_BYTES_MAX. */
export const HEADS_MAX = 768;
/** Grants of one decision. */
export const COUNCIL_GRANTS_MAX = 128;
/** Stewards at one time. */
export const STEWARDS_MAX = 64;

/**
 * A cut through the ledger: for each author a tip, and every chain up to it. Whoever holds the tips holds
 * their ancestors, folds them and compares both roots; a steward votes only for what it could recompute.
 */
export interface Checkpoint {
  readonly kind: 'checkpoint';
  /**
   * Sorted: the tips of those authors whose chain goes further than the checkpoint before said. All
   * others stay where they were, so a cut always contains the one before it. A tip beyond a fork is the
   * stewards' decision of it.
   */
  readonly heads: readonly RecordId[];
  /** Records of all chains up to their tips. */
  readonly count: number;
  /** Merkle root of their ids, sorted, 64 hex digits. */
  readonly entriesRoot: string;
  /** Merkle root of the balances they come to, earlier rulings included, by topic and account; 64 hex digits. */
  readonly balancesRoot: string;
}

/** Leases of credit that stewards add to those of the genesis. */
export interface GrantDecision {
  readonly kind: 'grant';
  readonly grants: readonly Grant[];
}

/** The end of a dispute: balanced lines, the only ones that may lower somebody else's balance. */
export interface Ruling {
  readonly kind: 'ruling';
  readonly topic: Topic;
  readonly dispute: RecordId;
  readonly accounts: readonly EntryLine[];
  readonly reason: string;
}

/** Who decides from the next number on. */
export interface StewardsDecision {
  readonly kind: 'stewards';
  readonly stewards: readonly Did[];
  readonly quorum: number;
}

/** What a certificate decides. Only a checkpoint is arithmetic, so only for it does a node vote by itself. */
export type Decision = Checkpoint | GrantDecision | Ruling | StewardsDecision;

/** The body of a record of kind `icn/proposal/1`. Its id names the certificate that it may become. */
export interface ProposalBody {
  readonly epoch: number;
  /** The last certificate's plus one; the first is 1. */
  readonly number: number;
  /** The last certificate; null for the first. */
  readonly certificate: RecordId | null;
  readonly decision: Decision;
}

/** The body of a record of kind `icn/vote/1`. */
export interface VoteBody {
  readonly epoch: number;
  readonly number: number;
  readonly proposal: RecordId;
}

/** A proposal and the votes that made it a certificate. */
export interface Certificate {
  readonly proposal: SignedRecord<'icn/proposal/1'>;
  /** Sorted by author, then id; `quorum` different authors or more. */
  readonly votes: readonly SignedRecord<'icn/vote/1'>[];
}

/** What a certificate means to the ledger. */
export interface Certified {
  readonly id: RecordId;
  readonly number: number;
  readonly decision: Decision;
}

/** A file that somebody else can check with `network.json` alone: the chain from the first certificate on. */
export interface CertificateFile {
  readonly kind: 'icn/certificates/1';
  readonly network: string;
  readonly certificates: readonly Certificate[];
}

/** Why a record of the council counts for nothing, in order of precedence. */
export const COUNCIL_STATUSES = [
  'duplicate',
  /** Neither a proposal nor a vote. */
  'not_of_the_council',
  /** It said something else for this number before; it counts all the same. */
  'equivocation',
  'noted',
] as const;
/** One of COUNCIL_STATUSES. */
export type CouncilStatus = (typeof COUNCIL_STATUSES)[number];

/** How a proposal stands. `passed_over`: another one has its number, or it does not follow what was certified. */
export const PROPOSAL_STATES = ['open', 'certified', 'passed_over'] as const;
/** One of PROPOSAL_STATES. */
export type ProposalState = (typeof PROPOSAL_STATES)[number];

/** A proposal and how it stands. */
export interface ProposalView {
  readonly record: SignedRecord<'icn/proposal/1'>;
  readonly state: ProposalState;
  /** Stewards of its epoch who voted for it, sorted. */
  readonly voters: readonly Did[];
}

/**
 * The chain of certificates: a function of the set of records that the council was given, as long as no
 * more stewards lie than a quorum allows for. It only ever grows.
 */
export interface Council {
  /** Takes a record whose id and signature were checked. Any order, any number of times. */
  add(record: SignedRecord): CouncilStatus;
  /** Those above a number, 0 unless told. */
  certificates(after?: number): readonly Certificate[];
  /** Why nothing can be certified here at all: nobody is a steward, or the quorum is unsafe. */
  readonly obstacle: string | undefined;
  /** Who decides the next number, and what it follows. */
  readonly office: Office;
  readonly next: { readonly number: number; readonly certificate: RecordId | null };
  /**
   * Two proposals of one number have their votes: more stewards lie than a quorum allows for. What was
   * certified first here stays, as everything certified does, and nothing is certified any more.
   */
  readonly broken: { readonly number: number; readonly proposals: readonly RecordId[] } | undefined;
  /** Whether somebody is or was a steward. Never becomes false again. */
  isSteward(did: Did): boolean;
  /** The vote of a steward for a number; the first by id where there are several. */
  voteOf(steward: Did, epoch: number, number: number): RecordId | undefined;
  /** Proposals of one number, sorted by id. */
  proposals(epoch: number, number: number): readonly ProposalView[];
  proposal(id: RecordId): ProposalView | undefined;
  /** Sorted by epoch, number and steward. */
  evidence(): readonly CouncilEvidence[];
}

/** What a council begins with: the office that genesis names, and the arithmetic of quorums. */
export interface CouncilOptions {
  readonly first: Office;
  /** Votes that a number of stewards needs at least, so that two certificates share an honest one. */
  readonly votesMin: (stewards: number) => number;
}

/** Makes a council that has heard of nothing yet. */
export type CreateCouncil = (options: CouncilOptions) => Council;

/** Two votes, or two proposals, of one steward for one number: signed by itself, so anybody can check it. */
export interface CouncilEvidence {
  readonly steward: Did;
  readonly epoch: number;
  readonly number: number;
  readonly records: readonly [SignedRecord, SignedRecord];
}

/** Why a proposal was not signed, in order of precedence. */
export const PROPOSE_STATUSES = [
  /** No stewards, or a quorum that is not safe: nothing can be certified in this network. */
  'council_impossible',
  'not_a_steward',
  /** Two certificates have one number, or one is wrong by this node's own fold: a person has to look. */
  'council_stopped',
  /** The last certificates are not all accepted here: their entries are still on their way. */
  'council_behind',
  /** Nobody is linked who could say what this steward said before: a restored backup would vote twice. */
  'council_unheard',
  'already_proposed',
  /** This steward's vote for the number is given to another proposal. */
  'already_voted',
  'decision_invalid',
  /** Everything held is settled. */
  'nothing_new',
] as const;
/** One of PROPOSE_STATUSES. */
export type ProposeStatus = (typeof PROPOSE_STATUSES)[number];

/** Why a vote was not signed, in order of precedence. */
export const VOTE_STATUSES = [
  'council_impossible',
  'not_a_steward',
  'council_stopped',
  'council_behind',
  'council_unheard',
  'proposal_unknown',
  /** Its number is decided, or not yet due. */
  'proposal_not_open',
  'already_voted',
  /** Its heads are still on their way. */
  'cut_not_held',
  /** This node's own fold says something else. */
  'checkpoint_wrong',
  'decision_invalid',
] as const;
/** One of VOTE_STATUSES. */
export type VoteStatus = (typeof VOTE_STATUSES)[number];

/** What keeps this node from voting for an open proposal by itself. */
export const ABSTENTIONS = [
  'waits_for_turn',
  'cut_not_held',
  'checkpoint_wrong',
  /** It names a child of a fork: a person decides which one stands. */
  'decides_a_fork',
  /** A grant, a ruling, a change of stewards: a person decides. */
  'needs_a_person',
  /** Its author proposed something else for the number, too. */
  'equivocation',
  /** Automatic votes are turned off. */
  'votes_by_hand',
] as const;
/** One of ABSTENTIONS. */
export type Abstention = (typeof ABSTENTIONS)[number];

/** An open proposal as a steward's node sees it. */
export interface OpenProposal extends ProposalView {
  /** Undefined where this node is no steward, or has voted. */
  readonly abstention: { readonly why: Abstention; readonly reason: string } | undefined;
}

/** How the council stands on this node. */
export interface CouncilView {
  readonly office: Office;
  readonly obstacle: string | undefined;
  /** Certified, and accepted by this node's own fold. */
  readonly certified: number;
  readonly accepted: number;
  /** Why the certificate after the last accepted one is not. */
  readonly hindrance:
    | {
        readonly number: number;
        readonly id: RecordId;
        /** Heads still to come; empty where it is refused. */
        readonly missing: readonly RecordId[];
        readonly reason: string;
      }
    | undefined;
  readonly next: Council['next'];
  /** Who votes first for the proposal of whom: the others' votes wait a turn each. */
  readonly onTurn: Did | undefined;
  readonly open: readonly OpenProposal[];
  /** This node's vote for the next number. */
  readonly voted: RecordId | undefined;
  /** No proposal of the next number can have its votes any more, as far as votes are held: see the manual. */
  readonly undecidable: boolean;
  readonly broken: Council['broken'];
  readonly evidence: readonly CouncilEvidence[];
  readonly isSteward: boolean;
}

/** What a steward may say. Rejects as `pay` does. */
export interface NodeCouncil {
  view(): CouncilView;
  /** The chain, for a file; only what is certified. */
  certificates(): readonly Certificate[];
  /** What this node would name: every chain up to its end, or to where it forks; with `decided` beyond that. */
  checkpoint(decided: readonly RecordId[]): Outcome<Checkpoint, ProposeStatus>;
  propose(decision: Decision): Promise<Outcome<RecordId, ProposeStatus>>;
  vote(proposal: RecordId): Promise<Outcome<RecordId, VoteStatus>>;
}
