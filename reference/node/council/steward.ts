/**
 * The steward: what a node that has a vote says in the council, each word checked in the step that signs it.
 *
 * Everybody who asks is answered from the records that are held in that very step. So however many ask at
 * one time, and whatever was forgotten in between, one number has one vote.
 */
import {
  COUNCIL_TOPIC,
  type Decision,
  type NodeCouncil,
  type ProposalView,
} from '#contracts/certificates.ts';
import type { Host } from '#contracts/host.ts';
import type { Genesis } from '#contracts/genesis.ts';
import { ledgerTopic, type RecordId } from '#contracts/identifiers.ts';
import type { Ledger } from '#contracts/ledger.ts';
import { refused, type Outcome, type Refused } from '#contracts/outcome.ts';
import type { CouncilSettings } from '#contracts/settings.ts';
import type { Swarm } from '#contracts/swarm.ts';
import { faultOf } from '#reference/council/decisions.ts';
import type { Author } from '../own/author.ts';
import { createBallot, type Ballot } from './ballot.ts';
import { votesMinOf, type CouncilDesk } from './council.ts';
import type { Publish } from '../own/publisher.ts';

export interface StewardOptions {
  readonly desk: CouncilDesk;
  readonly host: Pick<Host, 'after' | 'monotonic' | 'log'>;
  readonly ledger: Ledger;
  readonly swarm: Swarm;
  readonly author: Pick<Author, 'say'>;
  readonly publish: Publish;
  /** Whether a peer has said how far it knows this steward's records, or none need. */
  readonly isWitnessed: () => boolean;
  readonly genesis: Genesis;
  readonly settings: CouncilSettings;
}

/** The council as operators see it, and the votes that the node gives by itself. */
export const createSteward = (
  options: StewardOptions,
): NodeCouncil & Pick<Ballot, 'start' | 'stop'> => {
  const { desk, ledger } = options;
  const voice = createVoice({
    ...options,
    veto: (proposal) => ballot.veto(proposal),
    misfit: createMisfit(options.genesis, ledger),
  });
  const ballot = createBallot({ ...options, merkle: options.swarm.merkle, vote: voice.vote });
  return {
    view: () => desk.view(ballot.abstention),
    certificates: () => desk.council.certificates(),
    checkpoint: desk.checkpoint,
    ...voice,
    start: ballot.start,
    stop: ballot.stop,
  };
};

/** Why a decision means nothing in this network; undefined where it does. */
const createMisfit =
  ({ currencies }: Genesis, ledger: Ledger) =>
  (decision: Decision): string | undefined => {
    const names = currencies.map(({ name }) => name);
    switch (decision.kind) {
      case 'grant': {
        const stray = decision.grants.find(({ currency }) => !names.includes(currency));
        return stray && `no currency ${stray.currency}: expected one of ${names.join(', ')}`;
      }
      case 'ruling': {
        const { topic, dispute } = decision;
        if (!names.some((name) => topic === ledgerTopic(name))) return `no currency in ${topic}`;
        const found = ledger.disputes(topic).find(({ id }) => id === dispute);
        if (!found) return `no dispute ${dispute} stands in ${topic}`;
        return found.state === 'ruled' ? `dispute ${dispute} is ruled already` : undefined;
      }
      default:
        return undefined;
    }
  };

/** Signs what a steward says. */
export type CouncilVoice = Pick<NodeCouncil, 'propose' | 'vote'>;

interface VoiceOptions extends StewardOptions {
  /** Why this node may not vote for a proposal, whoever wishes it to. */
  readonly veto: (
    proposal: ProposalView,
  ) => Refused<'cut_not_held' | 'checkpoint_wrong'> | undefined;
  readonly misfit: (decision: Decision) => string | undefined;
}

const createVoice = (options: VoiceOptions): CouncilVoice => {
  const { desk, author, publish, swarm, veto, misfit } = options;
  const votesMin = votesMinOf(swarm);
  const { council, self } = desk;

  const voteOf = (): RecordId | undefined =>
    council.voteOf(self, council.office.epoch, council.next.number);

  const objectionNow = () =>
    desk.objection() ??
    (options.isWitnessed()
      ? undefined
      : refused('council_unheard', 'no peer has said since the start what it has of this steward, or some of that is on its way: a vote that was forgotten must not be given twice')); // prettier-ignore

  const place = () => ({ epoch: council.office.epoch, ...council.next });

  const vote: CouncilVoice['vote'] = (id) =>
    publish(COUNCIL_TOPIC, () => {
      const objection = objectionNow();
      if (objection) return objection;
      const proposal = council.proposal(id);
      if (!proposal) return refused('proposal_unknown', `no proposal ${id} is held`);
      if (!desk.open().some(({ record }) => record.id === id)) {
        const { epoch, number } = proposal.record.body;
        return refused('proposal_not_open', `it is for number ${number} of epoch ${epoch}; next is ${council.next.number} of epoch ${council.office.epoch}`); // prettier-ignore
      }
      const given = voteOf();
      if (given !== undefined) {
        return refused('already_voted', `this steward voted for ${given}; a number has one vote`);
      }
      const { decision } = proposal.record.body;
      const fault = faultOf(decision, votesMin) ?? misfit(decision);
      if (fault !== undefined) return refused('decision_invalid', fault);
      const { epoch, number } = place();
      return (
        veto(proposal) ??
        signed(author.say('icn/vote/1', COUNCIL_TOPIC, { epoch, number, proposal: id }))
      );
    });

  const propose: CouncilVoice['propose'] = (decision) =>
    publish(COUNCIL_TOPIC, () => {
      const objection = objectionNow();
      if (objection) return objection;
      const own = desk.open().find(({ record }) => record.author === self);
      if (own) {
        return refused('already_proposed', `this steward proposed ${own.record.id} for number ${council.next.number}; vote on that first`); // prettier-ignore
      }
      const given = voteOf();
      if (given !== undefined) {
        return refused('already_voted', `this steward voted for ${given}; a number has one vote`);
      }
      const fault = faultOf(decision, votesMin) ?? misfit(decision);
      if (fault !== undefined) return refused('decision_invalid', fault);
      return signed(author.say('icn/proposal/1', COUNCIL_TOPIC, { ...place(), decision }));
    });

  return { vote, propose };
};

/** Neither the topic nor the right to speak in it can be missing here: `objection` has asked. */
const signed = <Value>(outcome: Outcome<Value, 'topic_unknown' | 'not_permitted'>) => {
  if (!outcome.ok) throw new Error(`council: ${outcome.status}: ${outcome.reason}`);
  return outcome;
};
