/** What the message engine counts of a round, tells its watchers, and folds into the trace of the run. */
import { blake3 } from '@noble/hashes/blake3.js';
import type { AgentNumber, RoundReport, SwarmMessage, SwarmMessageType } from '#contracts/swarm.ts';
import type { MessageOptions } from './options.ts';
import { fromHex, toHex } from '../hash.ts';
import { messageBytes } from './messages.ts';
import type { Stage } from './stage.ts';
import type { SwarmTelemetry } from './telemetry.ts';
import { createTracker, type Convergence } from '../tracker.ts';

export interface MessageRound extends RoundReport {
  readonly messages: Readonly<Record<SwarmMessageType, number>>;
  readonly bytes: number;
  /** What liars said beside the contacts that were drawn. */
  readonly liarsMessages: number;
  /** The slowest contact, there and back. */
  readonly latencyMs: number;
  readonly convergence: Convergence;
}

export interface Meter {
  /** A round begins; what is returned ends it. */
  begin(round: number): () => MessageRound;
  /** A contact begins; what is returned carries its messages. */
  contact(from: AgentNumber, to: AgentNumber): Carry;
  /** Carries what liars say beside the drawn contacts. */
  readonly liarsSay: Carry;
  readonly history: () => readonly Convergence[];
  /** 64 hex digits: equal if and only if two runs went alike, agent by agent and round by round. */
  traceHash(): string;
}

type Carry = (from: AgentNumber, to: AgentNumber, message: SwarmMessage) => () => void;

/** The seed's default for all pairs. */
const LATENCY_MS_DEFAULT = 10;

/** A meter for one run. */
export const createMeter = (
  options: MessageOptions,
  stage: Stage,
  telemetry: SwarmTelemetry,
): Meter => {
  const { agents, fanOut, latencyMs = () => LATENCY_MS_DEFAULT } = options;
  const settings = { 'gossip.swarm_size': agents, 'gossip.peer_sample_size': fanOut };
  const expected = stage.proposal?.state.id;
  const tracker = createTracker({
    correct: [...stage.correct.keys()],
    ...(expected === undefined ? {} : { expected }),
  });
  const levels = createLevels(options, telemetry);
  const trace = blake3.create().update(Buffer.from(JSON.stringify(settled(options))));
  let now = 0;
  let count = nothing();
  let isAchieved = false;

  const carry: Carry = (from, to, message) => {
    const { type } = message;
    count.messages[type]++;
    count.bytes += messageBytes(message);
    const attributes = {
      'gossip.agent_id': from,
      'gossip.peer_id': to,
      'gossip.message_type': type,
      'gossip.round': now,
    };
    const sent = telemetry.span('gossip.message.send', attributes);
    telemetry.count('gossip.message.sent', 1, { 'gossip.message_type': type });
    sent();
    levels.say();
    const received = telemetry.span('gossip.message.receive', {
      ...attributes,
      'gossip.agent_id': to,
      'gossip.peer_id': from,
    });
    telemetry.count('gossip.message.received', 1, { 'gossip.message_type': type });
    return received;
  };

  const look = (): Convergence => {
    const done = telemetry.span('gossip.convergence.check', { 'gossip.round': now });
    for (const [number, agent] of stage.correct) {
      const { id } = agent.held();
      tracker.report(number, id);
      trace.update(fromHex(id));
    }
    const seen = tracker.check(now);
    telemetry.gauge('gossip.convergence.percentage', seen.percentage, {
      'gossip.swarm_size': agents,
    });
    telemetry.measure('gossip.state_hash.distribution', seen.holders.size);
    done();
    return seen;
  };

  const end = (): MessageRound => {
    const { contacts, bytes, messages, liarsMessages } = count;
    const convergence = look();
    trace.update(Buffer.from(JSON.stringify([now, contacts, bytes, messages])));
    telemetry.measure('gossip.round.latency', count.latencyMs);
    telemetry.event('gossip.round.completed', {
      'gossip.round': now,
      'gossip.convergence_percentage': convergence.percentage,
    });
    if (convergence.state === 'converged' && !isAchieved) {
      isAchieved = true;
      levels.converged(now);
      const [[id] = ['']] = convergence.holders;
      telemetry.event('gossip.convergence.achieved', {
        'gossip.round': now,
        'gossip.state_hash': id,
        'gossip.state_version': [...stage.correct.values()][0]!.held().version,
      });
    }
    const informed = informedOf(convergence, expected, stage.start.id);
    const { latencyMs } = count;
    return {
      round: now,
      informed,
      contacts,
      messages,
      bytes,
      liarsMessages,
      latencyMs,
      convergence,
    };
  };

  return {
    begin(round) {
      now = round;
      count = nothing();
      telemetry.count('gossip.round.count', 1, settings);
      telemetry.event('gossip.round.started', { 'gossip.round': round, ...settings });
      const executed = telemetry.span('gossip.round.execute', {
        'gossip.round': round,
        ...settings,
      });
      levels.begin(round);
      return () => {
        levels.end();
        const report = end();
        executed();
        return report;
      };
    },
    contact(from, to) {
      levels.next();
      let isOpen = false;
      return (sender, receiver, message) => {
        if (!isOpen) {
          isOpen = true;
          count.contacts++;
          const took = latencyMs(from, to);
          count.latencyMs = Math.max(count.latencyMs, took);
          telemetry.measure('gossip.peer.latency', took);
        }
        return carry(sender, receiver, message);
      };
    },
    liarsSay(from, to, message) {
      count.liarsMessages++;
      return carry(from, to, message);
    },
    history: tracker.history,
    traceHash: () => toHex(trace.clone().digest()),
  };
};

const nothing = () => ({
  contacts: 0,
  bytes: 0,
  liarsMessages: 0,
  latencyMs: 0,
  messages: { push_pull: 0, pull: 0, push: 0, ack: 0 },
});

/** Correct agents with the expected state; where the writer lies, with any. */
const informedOf = (
  { holders }: Convergence,
  expected: string | undefined,
  start: string,
): number => {
  if (expected !== undefined) return holders.get(expected) ?? 0;
  return [...holders].reduce((sum, [id, count]) => sum + (id === start ? 0 : count), 0);
};

/** The options that decide how a run goes, for its trace. */
const settled = ({ telemetry: _telemetry, overlay, ...options }: MessageOptions): unknown => ({
  ...options,
  groups: overlay?.levels.map(({ groupStarts }) => groupStarts.length - 1),
});

/** Tells the contacts of groups and of ambassadors apart, by their place among the draws of a round. */
const createLevels = ({ overlay, fanOut, contacts }: MessageOptions, telemetry: SwarmTelemetry) => {
  const ends: number[] = [];
  for (const { groupStarts } of contacts === undefined ? (overlay?.levels ?? []) : []) {
    let members = 0;
    for (let group = 0; group + 1 < groupStarts.length; group++) {
      const size = groupStarts[group + 1]! - groupStarts[group]!;
      if (size > 1) members += size;
    }
    ends.push((ends.at(-1) ?? 0) + members * fanOut);
  }
  const hasLevels = ends.length > 1;
  let [round, drawn, level] = [0, 0, 0];
  let done: (() => void) | undefined;

  const enter = (next: number): void => {
    done?.();
    level = next;
    done = telemetry.span(
      level === 0 ? 'gossip.hierarchical.local_round' : 'gossip.hierarchical.leader_round',
      { 'gossip.round': round, 'gossip.hierarchy_level': level, 'gossip.is_leader': level > 0 },
    );
  };

  return {
    begin(next: number): void {
      if (!hasLevels) return;
      [round, drawn] = [next, 0];
      enter(0);
    },
    next(): void {
      if (!hasLevels) return;
      while (drawn >= ends[level]! && level + 1 < ends.length) enter(level + 1);
      drawn++;
    },
    say(): void {
      if (!hasLevels) return;
      if (level === 0) telemetry.count('gossip.hierarchical.local_messages', 1);
      else {
        telemetry.count('gossip.hierarchical.leader_messages', 1, {
          'gossip.hierarchy_level': level,
        });
      }
    },
    end(): void {
      done?.();
      done = undefined;
    },
    converged(at: number): void {
      if (hasLevels) telemetry.measure('gossip.hierarchical.convergence_rounds', at);
    },
  };
};
