/**
 * The council: proposals and votes go in, in any order, and the chain of certificates comes out.
 *
 * A certificate is a proposal that follows the one before, with the votes of a quorum of those in office.
 * Two quorums share a steward who does not lie, and such a one votes once for a number: so no second
 * proposal of that number can have its votes as well (`swarm.quorum` has the arithmetic). A steward's
 * second vote is evidence and counts too. Would it take the first one back, what was certified by it
 * would not be certified any more, here and not there.
 *
 * A vote may come before its proposal, and a number before the one below it: nothing is thrown away.
 */
import type {
  Certificate,
  Council,
  CouncilEvidence,
  CouncilStatus,
  CreateCouncil,
  Office,
  ProposalState,
  ProposalView,
} from '#contracts/certificates.ts';
import type { Did, RecordId } from '#contracts/identifiers.ts';
import type { RecordKind, SignedRecord } from '#contracts/records.ts';
import { faultOf, faultOfOffice } from './decisions.ts';

type Proposal = SignedRecord<'icn/proposal/1'>;
type Vote = SignedRecord<'icn/vote/1'>;

const is = <Kind extends RecordKind>(
  record: SignedRecord,
  kind: Kind,
): record is SignedRecord<Kind> => record.kind === kind;

/** What a record says for its number: of a proposal itself, of a vote whom it is for. */
const wordOf = (record: Proposal | Vote): RecordId =>
  is(record, 'icn/vote/1') ? record.body.proposal : record.id;

const byAuthor = (left: SignedRecord, right: SignedRecord): number =>
  left.author === right.author
    ? left.id < right.id
      ? -1
      : 1
    : left.author < right.author
      ? -1
      : 1;

/** Everything that one steward said for one number, in one kind of record. */
interface Sayings {
  readonly steward: Did;
  readonly epoch: number;
  readonly number: number;
  /** By what they say; of those that say the same, the smallest id. */
  readonly records: Map<RecordId, Proposal | Vote>;
}

export const create: CreateCouncil = ({ first, votesMin }): Council => {
  const seen = new Set<RecordId>();
  const proposals = new Map<RecordId, Proposal>();
  const numbered = new Map<string, Proposal[]>();
  const votesFor = new Map<RecordId, Vote[]>();
  const sayings = new Map<string, Sayings>();
  /** By epoch. */
  const offices: Office[] = [first];
  const chain: Proposal[] = [];
  const stewards = new Set<Did>(first.stewards);
  let broken: Council['broken'];

  const office = (): Office => offices.at(-1)!;
  const next = (): Council['next'] => ({
    number: chain.length + 1,
    certificate: chain.at(-1)?.id ?? null,
  });

  const obstacle = faultOfOffice(first.stewards, first.quorum, votesMin);

  const fits = ({ body: vote }: Vote, { body }: Proposal): boolean =>
    vote.epoch === body.epoch && vote.number === body.number;

  /** Votes for a proposal by those who were in office then, sorted. */
  const votesOf = (proposal: Proposal): readonly Vote[] => {
    const inOffice = offices[proposal.body.epoch]?.stewards ?? [];
    return (votesFor.get(proposal.id) ?? [])
      .filter((vote) => fits(vote, proposal) && inOffice.includes(vote.author))
      .sort(byAuthor);
  };
  const votersOf = (proposal: Proposal): readonly Did[] => [
    ...new Set(votesOf(proposal).map(({ author }) => author)),
  ];

  const keyOf = (epoch: number, number: number): string => `${epoch} ${number}`;
  const numberedAt = (epoch: number, number: number): readonly Proposal[] =>
    numbered.get(keyOf(epoch, number)) ?? [];

  /** Whether a proposal may be certified under an office, its link and its votes apart. */
  const isProper = ({ author, body: { decision } }: Proposal, { stewards }: Office): boolean =>
    stewards.includes(author) && faultOf(decision, votesMin) === undefined;

  const hasVotes = (proposal: Proposal): boolean => {
    const { epoch } = proposal.body;
    const then = offices[epoch];
    return (
      then !== undefined && isProper(proposal, then) && votersOf(proposal).length >= then.quorum
    );
  };

  const follows = ({ body }: Proposal): boolean =>
    body.epoch === office().epoch &&
    body.number === next().number &&
    body.certificate === next().certificate;

  /** The next certificate, and all that were waiting for it. */
  const advance = (): void => {
    for (;;) {
      const { epoch } = office();
      const { number } = next();
      const decided = numberedAt(epoch, number).filter((each) => follows(each) && hasVotes(each));
      const [certified] = decided;
      if (broken || obstacle !== undefined || !certified) return;
      chain.push(certified);
      const { decision } = certified.body;
      if (decision.kind === 'stewards') {
        offices.push({
          epoch: epoch + 1,
          stewards: decision.stewards,
          quorum: decision.quorum,
        });
        for (const did of decision.stewards) stewards.add(did);
      }
      noteBreak(epoch, number);
    }
  };

  /** Whether a second proposal of a number that is decided has its votes too. */
  const noteBreak = (epoch: number, number: number): void => {
    const decided = chain[number - 1];
    if (broken || decided?.body.epoch !== epoch) return;
    const others = numberedAt(epoch, number).filter(
      (each) => each.body.certificate === decided.body.certificate && hasVotes(each),
    );
    if (others.length > 1) broken = { number, proposals: others.map(({ id }) => id).sort() };
  };

  /** Files what a steward said for a number; true if it had said something else for it. */
  const file = (record: Proposal | Vote): boolean => {
    const { author: steward, kind } = record;
    const { epoch, number } = record.body;
    const key = `${kind} ${steward} ${keyOf(epoch, number)}`;
    const filed = sayings.get(key) ?? { steward, epoch, number, records: new Map() };
    sayings.set(key, filed);
    const word = wordOf(record);
    const same = filed.records.get(word);
    if (!same || record.id < same.id) filed.records.set(word, record);
    return filed.records.size > 1 && !same;
  };

  const stateOf = ({ id, body: { epoch, number, certificate } }: Proposal): ProposalState => {
    if (chain[number - 1]?.id === id) return 'certified';
    const ahead = number > next().number || epoch > office().epoch;
    const isNext = epoch === office().epoch && number === next().number;
    return ahead || (isNext && certificate === next().certificate) ? 'open' : 'passed_over';
  };
  const viewOf = (record: Proposal): ProposalView => ({
    record,
    state: stateOf(record),
    voters: votersOf(record),
  });

  return {
    add(record): CouncilStatus {
      if (seen.has(record.id)) return 'duplicate';
      if (!is(record, 'icn/proposal/1') && !is(record, 'icn/vote/1')) return 'not_of_the_council';
      seen.add(record.id);
      const { epoch, number } = record.body;
      if (is(record, 'icn/proposal/1')) {
        proposals.set(record.id, record);
        const key = keyOf(epoch, number);
        numbered.set(key, [...(numbered.get(key) ?? []), record]);
      } else {
        const { proposal } = record.body;
        votesFor.set(proposal, [...(votesFor.get(proposal) ?? []), record]);
      }
      const isSecond = file(record);
      advance();
      noteBreak(epoch, number);
      return isSecond ? 'equivocation' : 'noted';
    },
    certificates: (after = 0) =>
      chain.slice(after).map((proposal): Certificate => ({ proposal, votes: votesOf(proposal) })),
    obstacle,
    get office() {
      return office();
    },
    get next() {
      return next();
    },
    get broken() {
      return broken;
    },
    isSteward: (did) => stewards.has(did),
    voteOf: (steward, epoch, number) =>
      [...(sayings.get(`icn/vote/1 ${steward} ${keyOf(epoch, number)}`)?.records.keys() ?? [])].sort()[0], // prettier-ignore
    proposals: (epoch, number) =>
      [...numberedAt(epoch, number)].sort((a, b) => (a.id < b.id ? -1 : 1)).map(viewOf),
    proposal(id) {
      const found = proposals.get(id);
      return found && viewOf(found);
    },
    evidence: () =>
      [...sayings.values()]
        .filter(({ steward, records }) => records.size > 1 && stewards.has(steward))
        .map(({ steward, epoch, number, records }): CouncilEvidence => {
          const [one, other] = [...records.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
          return { steward, epoch, number, records: [one!, other!] };
        })
        .sort(byPlace),
  };
};

const byPlace = (left: CouncilEvidence, right: CouncilEvidence): number =>
  left.epoch - right.epoch || left.number - right.number || (left.steward < right.steward ? -1 : 1);
