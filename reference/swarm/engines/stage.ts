/** Who plays in a run of the message engine: keys, correct agents, liars, and when it is over. */
import type { AgentNumber, Proposal, Standing, SwarmAgent } from '#contracts/swarm.ts';
import { createLiars, pairOf, propose, type Liar } from '../agents/adversaries.ts';
import { createAgent, type CorrectAgent, type Drop } from '../agents/agent.ts';
import { createChecks, type Checks } from './checks.ts';
import type { Seat } from '../agents/holding.ts';
import { createKeys, keysOf } from './keys.ts';
import { createHolding, isFinal } from '../agents/ladder.ts';
import { refuseNonsense, type MessageOptions } from './options.ts';
import { quorumOf } from '../quorum.ts';
import { genesis } from '../state.ts';
import type { SwarmTelemetry } from './telemetry.ts';

export interface Stage {
  /** By number. */
  readonly everybody: readonly SwarmAgent[];
  readonly correct: ReadonlyMap<AgentNumber, CorrectAgent>;
  readonly liars: readonly AgentNumber[];
  /** What a correct writer proposed; undefined: the writer lies. */
  readonly proposal: Proposal | undefined;
  readonly start: Standing;
  readonly checks: Checks;
  readonly drops: ReadonlyMap<Drop, number>;
  callsOf(liar: AgentNumber, round: number): Iterable<AgentNumber>;
  /** Whether nothing can change any more, as far as correct agents go. */
  isOver(round: number): boolean;
}

/** Contacts in the inbox of a round: a sender in ten million is turned away at a fan-out of 1 (Poisson). */
const inboxOf = (fanOut: number): number => 4 * fanOut + 32;

/** Sets the stage. */
export const createStage = (options: MessageOptions, telemetry: SwarmTelemetry): Stage => {
  refuseNonsense(options);
  const { agents, fanOut, rule, adversary } = options;
  const liarNumbers = adversary?.liars ?? [];
  const isLiar = new Set(liarNumbers);
  const numbers = Array.from({ length: agents }, (_, agent) => agent);
  const correctNumbers = numbers.filter((agent) => !isLiar.has(agent));
  const writer = options.writer ?? (adversary?.lie === 'equivocate' ? liarNumbers[0]! : 0);
  const start = genesis(writer);
  const keys = createKeys(agents);
  const checks = createChecks(keys);
  const committee = rule === 'committee' ? options.committee : undefined;
  const voters = committee ?? numbers;
  const quorum = quorumOf(voters.length);
  const proposal = isLiar.has(writer) ? undefined : propose(keys, start, Buffer.from('proposed'));
  // Of a writer that lies, the first of its two states: before it changed its mind.
  const held = proposal ?? pairOf(keys, start)[0];
  const holders = new Set([writer, ...(options.holders ?? [])]);
  const drops = new Map<Drop, number>();
  const electorate = committee && new Set(committee);

  const createCorrect = (number: AgentNumber): CorrectAgent => {
    const seat: Seat = {
      number,
      agents,
      start,
      committee: electorate,
      quorum,
      keys: keysOf(keys, new Set([number])),
      checks,
      counting: () => telemetry.span('gossip.majority_vote', { 'gossip.agent_id': number }),
    };
    return createAgent({
      holding: createHolding(rule, seat, holders.has(number) ? held : undefined),
      inboxMax: options.inboxMax ?? inboxOf(fanOut),
      dropped: (why) => drops.set(why, (drops.get(why) ?? 0) + 1),
      shuns(whom) {
        telemetry.count('gossip.byzantine.detected', 1);
        telemetry.event('gossip.byzantine.detected', {
          'gossip.agent_id': number,
          'gossip.peer_id': whom,
          'gossip.byzantine_detected': true,
        });
      },
      merging(from) {
        const done = telemetry.span('gossip.state.merge', {
          'gossip.agent_id': number,
          'gossip.peer_id': from,
        });
        return (taken) => {
          if (taken === 'news') telemetry.count('gossip.state.merged', 1);
          done();
        };
      },
    });
  };

  const correct = new Map(correctNumbers.map((number) => [number, createCorrect(number)]));
  const lying = createLiars(adversary ?? { lie: 'silent', liars: [] }, {
    rule,
    agents,
    start,
    correct: correctNumbers,
    voters,
    keys: keysOf(keys, isLiar),
  });
  const liars = new Map(
    liarNumbers.map((number, place): [AgentNumber, Liar] => [number, lying[place]!]),
  );

  return {
    everybody: numbers.map((number) => correct.get(number) ?? liars.get(number)!),
    correct,
    liars: liarNumbers,
    proposal,
    start,
    checks,
    drops,
    callsOf: (liar, round) => liars.get(liar)!.calls(round),
    isOver(round) {
      if (round < (adversary?.lateRound ?? 0)) return false;
      const held = [...correct.values()].map((agent) => agent.held());
      if (held.some(({ version }) => version === start.version)) return false;
      return isFinal(rule) || held.every(({ id }) => id === held[0]!.id);
    },
  };
};
