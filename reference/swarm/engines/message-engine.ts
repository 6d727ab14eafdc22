/**
 * The message engine: a whole swarm of agents that send real messages with real signatures, liars among
 * them, up to about a thousand. A run is a pure function of its options.
 *
 * Rounds are strictly synchronous: all agents begin a round before the first contact of it, and tell in
 * it what they knew then. An engine that lets them tell what they have learned since is up to a third
 * faster than it may be. The contacts are those of the bulk engine, draw by draw.
 */
import type { AgentNumber, SwarmMessage } from '#contracts/swarm.ts';
import { contactsOf, flatOverlay } from './draws.ts';
import { createMeter, type MessageRound } from './meter.ts';
import type { MessageOptions } from './options.ts';
import { summarize, type SwarmRun } from './run.ts';
import { createStage, type Stage } from './stage.ts';
import { noSwarmTelemetry } from './telemetry.ts';

/** Messages in one contact; correct agents need four. */
const CONTACT_MESSAGES_MAX = 8;

/** Plays a run to its end. */
export const runMessages = (options: MessageOptions): SwarmRun => {
  const rounds = playMessages(options);
  for (;;) {
    const step = rounds.next();
    if (step.done === true) return step.value;
  }
};

/** Plays a run, and shows each round as it ends. */
export function* playMessages(options: MessageOptions): Generator<MessageRound, SwarmRun> {
  const telemetry = options.telemetry ?? noSwarmTelemetry;
  const stage = createStage(options, telemetry);
  const meter = createMeter(options, stage, telemetry);
  const rounds: MessageRound[] = [];
  for (let round = 1; round <= options.roundsMax; round++) {
    const end = meter.begin(round);
    for (const agent of stage.everybody) agent.begin(round);
    for (const liar of stage.liars) {
      for (const victim of stage.callsOf(liar, round)) meet(stage, meter.liarsSay, liar, victim);
    }
    for (const [from, to] of options.contacts?.(round) ?? drawn(options, round)) {
      meet(stage, meter.contact(from, to), from, to);
    }
    const report = end();
    rounds.push(report);
    yield report;
    if (stage.isOver(round)) break;
  }
  return summarize(options, stage, rounds, meter);
}

const drawn = ({ agents, fanOut, seed, overlay }: MessageOptions, round: number) =>
  contactsOf({ overlay: overlay ?? flatOverlay(agents), fanOut, seed }, round);

type Carry = (from: AgentNumber, to: AgentNumber, message: SwarmMessage) => () => void;

/** One contact, with all that is said in it. */
const meet = (
  { everybody }: Stage,
  carry: Carry,
  opener: AgentNumber,
  other: AgentNumber,
): void => {
  const opening = everybody[opener]!.open(other);
  if (opening === undefined) return;
  const under: [AgentNumber, AgentNumber, SwarmMessage][] = [[opener, other, opening]];
  for (let at = 0; at < under.length && at < CONTACT_MESSAGES_MAX; at++) {
    const [from, to, message] = under[at]!;
    const received = carry(from, to, message);
    for (const answer of everybody[to]!.hear(from, message)) under.push([to, from, answer]);
    received();
  }
};
