/**
 * The council in the node: records of its topic come in, certificates enter the ledger, and a steward's
 * node says what it has to say.
 *
 *   council/council.ts      proposals and votes become a chain of certificates
 *   council/acceptance.ts   each enters the ledger when this node's own fold agrees
 *   node/council/steward.ts a steward's node proposes and votes
 *   node/council/ballot.ts  it votes for checkpoints by itself, once for a number
 *
 * Votes and proposals are ordinary records of the own chain in COUNCIL_TOPIC: durable before they are
 * sent, and signed only once peers had a chance to say how far they know that chain. Whether this node
 * has voted is read from those records in the very step that signs, never from a note beside them.
 */
import {
  COUNCIL_TOPIC,
  HEADS_MAX,
  type Certified,
  type Council,
  type CouncilView,
  type NodeCouncil,
  type OpenProposal,
  type ProposalView,
  type VoteBody,
} from '#contracts/certificates.ts';
import type { Genesis } from '#contracts/genesis.ts';
import { ledgerTopic, type Did, type RecordId, type Topic } from '#contracts/identifiers.ts';
import type { Cut, Ledger, LedgerChange } from '#contracts/ledger.ts';
import type { NodeEvent } from '#contracts/node.ts';
import type { CouncilCounts } from '../operator/observing.ts';
import { accepted, refused, type Refused } from '#contracts/outcome.ts';
import type { SignedRecord } from '#contracts/records.ts';
import type { Swarm } from '#contracts/swarm.ts';
import type { TrustLayer } from '#contracts/trust.ts';
import { createAcceptance } from '#reference/council/acceptance.ts';
import { checkpointOf } from '#reference/council/checkpoint.ts';
import { create as createCouncil } from '#reference/council/council.ts';

/** What a record led to: for the step that brought it. */
export interface CouncilStep {
  /** Certificates accepted by now. */
  readonly accepted: number;
  /** Those that have their votes since: entries may have waited for them. */
  readonly certified: readonly RecordId[];
  readonly changes: readonly LedgerChange[];
  readonly events: readonly NodeEvent[];
}

export interface CouncilHearing {
  /** A record of the council was delivered. */
  heard(record: SignedRecord): CouncilStep;
  /** A record of the ledger was delivered. */
  entered(id: RecordId): CouncilStep;
}

export interface NodeCouncilOptions {
  readonly self: Did;
  readonly genesis: Genesis;
  readonly ledger: Ledger;
  readonly swarm: Swarm;
}

/** Everything about the council that needs neither a signature nor a clock. */
export interface CouncilDesk extends CouncilHearing {
  readonly self: Did;
  /** At start, before anything is read back: so many certificates this node accepted in earlier runs. */
  trust(count: number): void;
  /** Whether a certificate has its votes here. */
  isCertified(id: RecordId): boolean;
  /** Whether a checkpoint that anybody ever proposed names this record. */
  isNamed(id: RecordId): boolean;
  readonly accepted: readonly Certified[];
  /** Why the next certificate is not accepted. */
  readonly hindrance: CouncilView['hindrance'];
  /** Why this node may say nothing at all now; undefined where it may. */
  objection(): Refused<CouncilObjection> | undefined;
  readonly council: Council;
  /** Open proposals of the next number, by id. */
  open(): readonly ProposalView[];
  /** Who proposes first for the next number, and how many turns others are after that. */
  turnOf(steward: Did): number;
  checkpoint: NodeCouncil['checkpoint'];
  /** Children of undecided forks that a cut would settle. */
  decides(cut: Cut): readonly RecordId[];
  view(judge: (proposal: ProposalView) => OpenProposal['abstention']): CouncilView;
  /** Something changed that a steward may have to answer. */
  onChange(listener: () => void): void;
  counts(): CouncilCounts;
}

export type CouncilObjection =
  'council_impossible' | 'not_a_steward' | 'council_stopped' | 'council_behind';

/** Trust as a node needs it: in the council's topic only who is or was a steward is heard. */
export const trustWithCouncil = (trust: TrustLayer, council: Council): TrustLayer => ({
  ...trust,
  mayPublish: (topic, author) =>
    topic === COUNCIL_TOPIC ? council.isSteward(author) : trust.mayPublish(topic, author),
});

/** Votes that so many stewards need at least. */
export const votesMinOf =
  (swarm: Pick<Swarm, 'quorum'>) =>
  (stewards: number): number =>
    swarm.quorum(stewards).votesMin;

export const createCouncilDesk = (options: NodeCouncilOptions): CouncilDesk => {
  const { self, genesis, ledger, swarm } = options;
  const { merkle } = swarm;
  const topics = genesis.currencies.map(({ name }) => ledgerTopic(name));
  const council = createCouncil({
    first: { epoch: 0, stewards: genesis.stewards, quorum: genesis.quorum },
    votesMin: votesMinOf(swarm),
  });
  const acceptance = createAcceptance({ council, ledger, merkle });
  const named = new Set<RecordId>();
  let changed = (): void => undefined;

  const note = (record: SignedRecord): void => {
    if (record.kind !== 'icn/proposal/1') return;
    const { decision } = record.body as SignedRecord<'icn/proposal/1'>['body'];
    if (decision.kind === 'checkpoint') for (const id of decision.heads) named.add(id);
  };

  /** Certificates that the ledger has learned. */
  const learned = new Set<RecordId>();

  const nothing = (): CouncilStep => ({
    accepted: acceptance.accepted.length,
    certified: [],
    changes: [],
    events: [],
  });

  const advance = (): CouncilStep => {
    const steps = acceptance.advance();
    return {
      accepted: acceptance.accepted.length,
      certified: [],
      changes: steps.map(({ change }) => change),
      events: steps.map(({ certified }): NodeEvent => ({ event: 'certified', certified })),
    };
  };

  /**
   * Tells the ledger of new certificates; gives their ids, and what each freed there: nothing where gossip
   * makes entries wait.
   */
  const learn = (): Pick<CouncilStep, 'certified' | 'changes'> => {
    const certified: RecordId[] = [];
    const changes: LedgerChange[] = [];
    for (const { proposal } of council.certificates(learned.size)) {
      const { number, decision } = proposal.body;
      learned.add(proposal.id);
      certified.push(proposal.id);
      const change = ledger.learn({ id: proposal.id, number, decision });
      if (change.verdicts.length > 0) changes.push(change);
      for (const { id } of change.verdicts) acceptance.concerns(id);
    }
    return { certified, changes };
  };

  /** What a record proves against its author together with an earlier one. */
  const proofWith = ({ author, body }: SignedRecord): NodeEvent[] => {
    const { epoch, number } = body as VoteBody;
    return council
      .evidence()
      .filter((each) => each.steward === author && each.epoch === epoch && each.number === number)
      .map((evidence): NodeEvent => ({ event: 'equivocated', evidence }));
  };

  const objection = (): Refused<CouncilObjection> | undefined => {
    const { obstacle, broken, office } = council;
    const { hindrance } = acceptance;
    if (obstacle !== undefined) return refused('council_impossible', obstacle);
    if (!office.stewards.includes(self)) {
      return refused('not_a_steward', `stewards now: ${office.stewards.join(', ')}`);
    }
    if (broken) {
      return refused('council_stopped', `certificate ${broken.number} exists twice: more stewards lie than a quorum allows for`); // prettier-ignore
    }
    if (!hindrance) return undefined;
    const { number, missing, reason } = hindrance;
    const status = missing.length > 0 ? 'council_behind' : 'council_stopped';
    return refused(status, `certificate ${number}: ${reason}`);
  };

  const turnOf = (steward: Did): number => {
    const { stewards } = council.office;
    const first = council.next.number % stewards.length;
    return (stewards.indexOf(steward) - first + stewards.length) % stewards.length;
  };

  const open = (): readonly ProposalView[] =>
    council
      .proposals(council.office.epoch, council.next.number)
      .filter(
        ({ state, record }) => state === 'open' && council.office.stewards.includes(record.author),
      );

  const undecidedForks = (topic: Topic) =>
    ledger.conflicts(topic).filter(({ children }) => !children.some((id) => ledger.isSettled(id)));

  /** How far each chain may be settled without deciding a fork: not at all where it is already. */
  const endsIn = (topic: Topic): ReadonlyMap<Did, RecordId> => {
    const ends = new Map<Did, RecordId>();
    for (const [author, tips] of ledger.tips(topic)) {
      const end = tips.find((id) => ledger.standing(id) === 'stands');
      if (end !== undefined) ends.set(author, end);
    }
    for (const { author, previous, children } of undecidedForks(topic)) {
      if (!children.some((id) => ledger.standing(id) === 'stands')) continue;
      if (previous === null) ends.delete(author);
      else ends.set(author, previous);
    }
    return ends;
  };

  const decides = (cut: Cut): readonly RecordId[] => {
    const ids = new Set(cut.ids);
    return topics.flatMap((topic) =>
      undecidedForks(topic).flatMap(({ children }) => children.filter((id) => ids.has(id))),
    );
  };

  return {
    heard(record) {
      const status = council.add(record);
      if (status === 'duplicate') return nothing();
      note(record);
      const { certified, changes } = learn();
      const step = advance();
      changed();
      const proof = status === 'equivocation' ? proofWith(record) : [];
      return {
        accepted: step.accepted,
        certified,
        changes: [...changes, ...step.changes],
        events: [...proof, ...step.events],
      };
    },
    entered(id) {
      if (named.has(id)) changed();
      return acceptance.concerns(id) ? advance() : nothing();
    },
    trust: acceptance.trust,
    self,
    isCertified: (id) => learned.has(id),
    isNamed: (id) => named.has(id),
    accepted: acceptance.accepted,
    get hindrance() {
      return acceptance.hindrance;
    },
    objection,
    council,
    open,
    turnOf,
    decides,
    checkpoint(decided) {
      const ends = new Map<string, RecordId>();
      for (const topic of topics) {
        for (const [author, id] of endsIn(topic)) {
          if (!ledger.isSettled(id)) ends.set(`${topic} ${author}`, id);
        }
      }
      // What is decided by hand takes the place of the author's own end.
      const byHand = new Set(decided);
      const forks = topics.flatMap((topic) => undecidedForks(topic));
      for (const id of decided) {
        const cut = ledger.cut([id]);
        if (!cut.ok) return refused('decision_invalid', `${cut.status}: ${cut.reason}`);
        const way = new Set(cut.value.ids);
        const fork = forks.find(({ children }) => children.some((child) => way.has(child)));
        if (!fork) return refused('decision_invalid', `${id} is beyond no undecided fork`);
        ends.delete(`${fork.topic} ${fork.author}`);
      }
      const heads = [...byHand, ...ends.values()].slice(0, HEADS_MAX);
      if (heads.length === 0) return refused('nothing_new', 'everything held is settled');
      const cut = ledger.cut(heads);
      return cut.ok
        ? accepted(checkpointOf(merkle, heads, cut.value))
        : refused('decision_invalid', `${cut.status}: ${cut.reason}`);
    },
    view(judge): CouncilView {
      const { office, next, obstacle, broken } = council;
      const proposals = open();
      const voted = council.voteOf(self, office.epoch, next.number);
      const voters = new Set(proposals.flatMap((each) => each.voters));
      const left = office.stewards.length - voters.size;
      const best = Math.max(0, ...proposals.map((each) => each.voters.length));
      const isSteward = office.stewards.includes(self);
      return {
        office,
        next,
        obstacle,
        broken,
        voted,
        isSteward,
        certified: next.number - 1,
        accepted: acceptance.accepted.length,
        hindrance: acceptance.hindrance,
        onTurn: office.stewards[next.number % Math.max(1, office.stewards.length)],
        open: proposals.map((each) => ({
          ...each,
          abstention: isSteward && voted === undefined ? judge(each) : undefined,
        })),
        undecidable: voters.size > 0 && best + left < office.quorum,
        evidence: council.evidence(),
      };
    },
    counts: () => ({
      certified: council.next.number - 1,
      accepted: acceptance.accepted.length,
      equivocations: council.evidence().length,
    }),
    onChange: (listener) => void (changed = listener),
  };
};
