/** What a run of the message engine depends on: all of it, and nothing else. */
import assert from 'node:assert/strict';
import type { Overlay } from '#contracts/hierarchy.ts';
import type { AcceptanceRule, AgentNumber } from '#contracts/swarm.ts';
import type { Adversary } from '../agents/adversaries.ts';
import type { SwarmTelemetry } from './telemetry.ts';

/** More agents than that are for the bulk engine. */
export const MESSAGE_AGENTS_MAX = 2_000;

export interface MessageOptions {
  readonly agents: number;
  readonly fanOut: number;
  readonly seed: number;
  readonly rule: AcceptanceRule;
  /** The run ends here at the latest. */
  readonly roundsMax: number;
  /** Unless told, the first liar where it equivocates, and else agent 0. */
  readonly writer?: AgentNumber;
  readonly adversary?: Adversary;
  /** Who votes where the rule is `committee`. */
  readonly committee?: readonly AgentNumber[];
  /** Who holds the writer's (first) state before the first round, as the writer does. */
  readonly holders?: readonly AgentNumber[];
  readonly overlay?: Overlay;
  /** Whom agents contact, in the place of the even draws. */
  readonly contacts?: (round: number) => Iterable<readonly [AgentNumber, AgentNumber]>;
  /** Milliseconds there and back; all alike unless told. */
  readonly latencyMs?: (from: AgentNumber, to: AgentNumber) => number;
  /** Contacts that an agent lets others open in one round. */
  readonly inboxMax?: number;
  readonly telemetry?: SwarmTelemetry;
}

/** Stops where a run would mean nothing. */
export const refuseNonsense = (options: MessageOptions): void => {
  const { agents, fanOut, roundsMax, rule, adversary, committee } = options;
  const isWhole = (value: number, min: number, max: number): boolean =>
    Number.isSafeInteger(value) && value >= min && value <= max;
  assert(
    isWhole(agents, 2, MESSAGE_AGENTS_MAX),
    `expected from 2 to ${MESSAGE_AGENTS_MAX} agents, came ${agents}`,
  );
  assert(isWhole(fanOut, 1, agents), `expected a fan-out of at least 1, came ${fanOut}`);
  assert(isWhole(roundsMax, 1, 1_000_000), `expected at least one round, came ${roundsMax}`);
  assert(
    (rule === 'committee') === (committee !== undefined),
    'a committee goes with the rule of that name',
  );
  const liars = adversary?.liars ?? [];
  assert(liars.length < agents, 'expected an agent that does not lie');
  assert(new Set(liars).size === liars.length, 'expected each liar once');
  assert(
    liars.every((liar) => isWhole(liar, 0, agents - 1)),
    `expected liars below ${agents}`,
  );
  assert(adversary?.lie !== 'equivocate' || liars.length > 0, 'expected a writer that lies');
};
