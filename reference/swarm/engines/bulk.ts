/**
 * The bulk engine: one state among up to a million agents, in one array of bytes.
 *
 * `stamps[i]` is the round in which agent i learned the state. "Knew it before this round" is
 * `stamps[i] < round`, so the array is its own double buffer: what is written in a round carries that
 * round's number and fails the test until the next one. A contact costs a draw, one random read in a
 * megabyte that stays in the second-level cache, and one branch: does exactly one side know? Hashes of
 * 32 bytes in the array would cost four times as much, objects forty times (measured at a million).
 *
 * A silent agent has a stamp that never counts as known and is never written over.
 */
import { blake3 } from '@noble/hashes/blake3.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Level, Overlay } from '#contracts/hierarchy.ts';
import type { AgentNumber, RoundReport } from '#contracts/swarm.ts';
import { nextWord, peerAt, streamOf, type Drawing } from './draws.ts';
import { ROUNDS_MAX } from '../sizing/oracle.ts';

/** Has not learned it. */
const NEVER = 255;
/** Neither asks nor answers. */
const SILENT = 254;

export interface BulkOptions extends Drawing {
  /** Who holds the state at first. */
  readonly source: AgentNumber;
  /** Who neither asks nor answers; not the source. */
  readonly silent: Uint32Array;
  /** At most ROUNDS_MAX. */
  readonly roundsMax: number;
  /** Asked before each acceptance: whether the state is what its id says. */
  readonly verify?: () => boolean;
}

export interface BulkRound extends RoundReport {
  /** Contacts in which one side had the state and the other, not silent, had not: the body travels. */
  readonly transfers: number;
}

export interface BulkRun {
  /** Plays one round for each that is asked for; ends when all correct agents know, or at the bound. */
  rounds(): Generator<BulkRound>;
  /** Agents that are not silent. */
  readonly correct: number;
  /** In which round an agent learned it; undefined: not yet, or silent. */
  learnedIn(agent: AgentNumber): number | undefined;
  /** BLAKE3 over who learned in which round, 64 hex digits. */
  traceHash(): string;
}

/** How many of an overlay's places are held by an agent that calls somebody: each round the same. */
const callersIn = ({ levels }: Overlay, stamps: Uint8Array): number => {
  let callers = 0;
  for (const { members, groupStarts } of levels) {
    for (let group = 0; group + 1 < groupStarts.length; group++) {
      const [start, end] = [groupStarts[group]!, groupStarts[group + 1]!];
      if (end - start < 2) continue;
      for (let at = start; at < end; at++) {
        if (stamps[members ? members[at]! : at] !== SILENT) callers++;
      }
    }
  }
  return callers;
};

/** Starts a run: round 0 has passed, and the source knows. */
export const bulkRun = (options: BulkOptions): BulkRun => {
  const { overlay, fanOut, seed, source, silent, roundsMax, verify } = options;
  const { agents } = overlay;
  const stamps = new Uint8Array(agents).fill(NEVER);
  for (const agent of silent) stamps[agent] = SILENT;
  stamps[source] = 0;
  const correct = agents - silent.length;
  const contacts = fanOut * callersIn(overlay, stamps);
  const accepts = (): boolean => verify === undefined || verify();

  let round = 0;
  let word = 0;
  let informed = 1;
  let transfers = 0;

  /** A group of neighbours by number: no list of members between an agent and its stamp. */
  const sweepNeighbours = (start: number, end: number): void => {
    // Locals: a variable of the closure is read again in every turn of the loop.
    const [bytes, now, slots, others] = [stamps, round, fanOut, end - start - 1];
    let [drawn, learned, told] = [word, 0, 0];
    for (let agent = start; agent < end; agent++) {
      const knows = bytes[agent]! < now;
      for (let slot = 0; slot < slots; slot++) {
        drawn = nextWord(drawn);
        const peer = start + peerAt(drawn, agent - start, others);
        if (bytes[peer]! < now === knows) continue;
        const hearer = knows ? peer : agent;
        const stamp = bytes[hearer]!;
        if (stamp === SILENT) continue;
        told++;
        if (stamp !== NEVER || !accepts()) continue;
        bytes[hearer] = now;
        learned++;
      }
    }
    word = drawn;
    informed += learned;
    transfers += told;
  };

  /** The same where numbers and places differ. */
  const sweepMembers = (members: Uint32Array, start: number, end: number): void => {
    const others = end - start - 1;
    for (let at = start; at < end; at++) {
      const agent = members[at]!;
      const knows = stamps[agent]! < round;
      for (let slot = 0; slot < fanOut; slot++) {
        word = nextWord(word);
        const peer = members[start + peerAt(word, at - start, others)]!;
        if (stamps[peer]! < round === knows) continue;
        const hearer = knows ? peer : agent;
        const stamp = stamps[hearer]!;
        if (stamp === SILENT) continue;
        transfers++;
        if (stamp !== NEVER || !accepts()) continue;
        stamps[hearer] = round;
        informed++;
      }
    }
  };

  const sweepLevel = ({ members, groupStarts }: Level): void => {
    for (let group = 0; group + 1 < groupStarts.length; group++) {
      const [start, end] = [groupStarts[group]!, groupStarts[group + 1]!];
      if (end - start < 2) continue; // Alone: nobody to draw.
      if (members) sweepMembers(members, start, end);
      else sweepNeighbours(start, end);
    }
  };

  const isOver = (): boolean => informed === correct || round >= Math.min(roundsMax, ROUNDS_MAX);

  function* rounds(): Generator<BulkRound> {
    while (!isOver()) {
      round++;
      word = streamOf(seed, round);
      transfers = 0;
      for (const level of overlay.levels) sweepLevel(level);
      yield { round, informed, contacts, transfers };
    }
  }

  return {
    rounds,
    correct,
    learnedIn: (agent) => (stamps[agent]! < SILENT ? stamps[agent] : undefined),
    traceHash: () => bytesToHex(blake3(stamps)),
  };
};
