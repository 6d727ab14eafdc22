/**
 * The ballot: a steward's node votes for checkpoints by itself, once for a number.
 *
 * A checkpoint is arithmetic, so a node can judge one; a grant, a ruling and a choice between two branches
 * of a fork are decisions of people. Votes that split leave a number without a certificate for ever, so
 * there is a turn: for each number one steward proposes first, and for the proposals of the others a node
 * waits a turn each. Every vote waits a moment besides, in which a second proposal of a liar comes to
 * light: of a steward who proposed twice for a number neither counts here. None of this is needed for
 * safety, which one vote a number gives.
 */
import type { Abstention, OpenProposal, ProposalView } from '#contracts/certificates.ts';
import type { Cancel, Host } from '#contracts/host.ts';
import type { RecordId } from '#contracts/identifiers.ts';
import type { Cut, CutStatus, Ledger } from '#contracts/ledger.ts';
import { refused, type Outcome, type Refused } from '#contracts/outcome.ts';
import type { CouncilSettings } from '#contracts/settings.ts';
import type { Merkle } from '#contracts/swarm.ts';
import { examine, type Finding } from '#reference/council/checkpoint.ts';
import type { CouncilDesk } from './council.ts';
import type { CouncilVoice } from './steward.ts';

/** Until a proposal is looked at: what comes with it may say that its author lies. */
const PAUSE_MS = 1_000;

export interface BallotOptions {
  readonly desk: CouncilDesk;
  readonly ledger: Pick<Ledger, 'cut' | 'standing'>;
  readonly merkle: Pick<Merkle, 'root'>;
  readonly host: Pick<Host, 'after' | 'monotonic' | 'log'>;
  readonly settings: CouncilSettings;
  readonly vote: CouncilVoice['vote'];
}

export interface Ballot {
  /** Why this node does not vote for a proposal by itself, at this moment. */
  abstention(proposal: ProposalView): OpenProposal['abstention'];
  /** Why it may not, whoever wishes it to. */
  veto(proposal: ProposalView): Refused<'cut_not_held' | 'checkpoint_wrong'> | undefined;
  start(): void;
  stop(): void;
}

export const createBallot = (options: BallotOptions): Ballot => {
  const { desk, ledger, merkle, host, settings } = options;
  /** When each open proposal of the next number was first seen, and what a fold made of it. */
  let seen = new Map<RecordId, { readonly at: number; finding?: Finding }>();
  let looking: Cancel | undefined;
  let isVoting = false;
  let isRunning = false;

  const noteOpen = (): void => {
    const before = seen;
    const at = host.monotonic();
    seen = new Map(
      desk.open().map(({ record: { id } }) => [id, before.get(id) ?? { at }] as const),
    );
  };

  /** What this node's fold makes of a proposal. Heads say everything, so what was found once holds. */
  const findingOf = ({ record }: ProposalView): Finding | undefined => {
    const { decision } = record.body;
    if (decision.kind !== 'checkpoint') return undefined;
    const note = seen.get(record.id);
    const known = note?.finding;
    if (known && known.finding !== 'waits') return known;
    const finding = examine(merkle, ledger, decision);
    if (note) note.finding = finding;
    return finding;
  };

  const cutOf = ({ record }: ProposalView): Outcome<Cut, CutStatus> =>
    ledger.cut(record.body.decision.kind === 'checkpoint' ? record.body.decision.heads : []);

  const because = (why: Abstention, reason: string) => ({ why, reason });

  /** When a node votes for this by itself, if nothing speaks against it. */
  const dueAt = ({ record: { id, author } }: ProposalView): number =>
    (seen.get(id)?.at ?? host.monotonic()) +
    PAUSE_MS +
    desk.turnOf(author) * settings.councilTurnMs;

  const lies = ({ record: { author } }: ProposalView): boolean =>
    desk.open().filter(({ record }) => record.author === author).length > 1;

  const abstention: Ballot['abstention'] = (proposal) => {
    const { kind } = proposal.record.body.decision;
    if (kind !== 'checkpoint') return because('needs_a_person', `people decide: ${kind}`);
    if (lies(proposal)) {
      return because('equivocation', 'its author proposed something else for this number too');
    }
    const finding = findingOf(proposal);
    if (finding?.finding === 'waits') {
      return because('cut_not_held', `${finding.missing.length} of its heads are not here yet`);
    }
    if (finding?.finding === 'wrong') return because('checkpoint_wrong', finding.reason);
    const cut = cutOf(proposal);
    const decided = cut.ok ? desk.decides(cut.value) : [];
    if (decided.length > 0) {
      return because('decides_a_fork', `it settles ${decided.join(', ')} against another branch`);
    }
    if (settings.councilVotes === 0) return because('votes_by_hand', 'councilVotes is 0');
    const waitMs = dueAt(proposal) - host.monotonic();
    return waitMs > 0
      ? because('waits_for_turn', `votes in ${Math.ceil(waitMs / 1_000)} s`)
      : undefined;
  };

  const veto: Ballot['veto'] = (proposal) => {
    const finding = findingOf(proposal);
    switch (finding?.finding) {
      case 'waits':
        return refused('cut_not_held', `${finding.missing.length} of its heads are not here yet`);
      case 'wrong':
        return refused('checkpoint_wrong', finding.reason);
      default:
        return undefined;
    }
  };

  const look = (): void => {
    looking = undefined;
    noteOpen();
    const { council } = desk;
    const { office, next } = council;
    const self = desk.self;
    if (!isRunning || isVoting || desk.objection()) return;
    if (council.voteOf(self, office.epoch, next.number) !== undefined) return;
    const byTurn = desk.open().toSorted((a, b) => dueAt(a) - dueAt(b));
    for (const proposal of byTurn) {
      const { id } = proposal.record;
      const held = abstention(proposal);
      if (held?.why === 'waits_for_turn') {
        lookIn(dueAt(proposal) - host.monotonic());
        return;
      }
      if (held) {
        host.log('debug', 'council_abstains', { proposal: id, ...held });
        continue;
      }
      isVoting = true;
      void options
        .vote(id)
        .then((outcome) => {
          if (outcome.ok) host.log('info', 'council_voted', { proposal: id, number: next.number });
        })
        // The store failed or the node has stopped: it is said elsewhere.
        .catch(() => undefined)
        .finally(() => {
          isVoting = false;
          lookIn(0);
        });
      return;
    }
  };

  const lookIn = (delayMs: number): void => {
    if (!isRunning || looking) return;
    looking = host.after(Math.max(0, delayMs), look);
  };

  return {
    abstention,
    veto,
    start() {
      isRunning = true;
      desk.onChange(() => {
        // What comes now may be due before what was waited for.
        looking?.();
        looking = undefined;
        lookIn(0);
      });
      lookIn(0);
    },
    stop() {
      isRunning = false;
      looking?.();
      looking = undefined;
    },
  };
};
