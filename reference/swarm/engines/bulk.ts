/**
 * The bulk engine: one state among up to a million agents, in bits.
 *
 * `knew` has a bit for every agent that knew the state at the end of the round before, `knows` for every
 * one that knows it now; at the end of a round the second becomes the first. So nobody tells in a round
 * what it has heard in it. A contact costs a draw and one random read of a bit: of a million agents they
 * are 125 KB, which stay in the second-level cache where a byte an agent would not. 32 contacts are
 * drawn and read before anything is decided, so that the reads overlap, and one XOR with the agents' own
 * word says in which of them one side knew and the other did not. Most contacts of most rounds end there.
 *
 * What the processor cannot foresee is arithmetic, not a branch: who of the two hears, whether it is news.
 * With branches in their place, on bytes, a run took twice as long. Measured at a million, fan-out 1, in
 * turn with the bare loop of `npm run swarm`: 1.0 to 1.4 times that, where it was 2.4 to 3.0.
 *
 * `stamps[i]` is the round in which agent i learned the state: written once, and hashed as the trace.
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

/** A bit for each of so many places. */
const bitsFor = (places: number): Int32Array => new Int32Array(Math.ceil(places / 32));

const bitOf = (bits: Int32Array, at: number): number => (bits[at >>> 5]! >>> at) & 1;

const setBit = (bits: Int32Array, at: number): void => {
  bits[at >>> 5]! |= 1 << at;
};

/** The bits of the places from `first` to before `last`, which are of one word. */
const bitsBetween = (first: number, last: number): number => (-1 << first) & (-1 >>> -last);

const lowestBit = (word: number): number => 31 - Math.clz32(word & -word);

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
  stamps[source] = 0;
  const [knew, knows, mute] = [bitsFor(agents), bitsFor(agents), bitsFor(agents)];
  for (const bits of [knew, knows]) setBit(bits, source);
  for (const agent of silent) {
    stamps[agent] = SILENT;
    setBit(mute, agent);
  }
  const peers = new Uint32Array(32);
  const correct = agents - silent.length;
  const contacts = fanOut * callersIn(overlay, stamps);

  let round = 0;
  let word = 0;
  let informed = 1;
  let transfers = 0;

  /**
   * One of the two knew, and tells the other. Who hears it twice in a round is counted once by arithmetic,
   * and stamped again with the same stamp: no branch waits here for memory.
   */
  const tell = (agent: AgentNumber, peer: AgentNumber): void => {
    const hearer = agent + (peer - agent) * bitOf(knew, agent);
    if (bitOf(mute, hearer) === 1) return;
    transfers++;
    if (verify && (bitOf(knows, hearer) === 1 || !verify())) return;
    informed += 1 - bitOf(knows, hearer);
    setBit(knows, hearer);
    stamps[hearer] = round;
  };

  /** A group of neighbours by number, word by word of their bits. */
  const sweepNeighbours = (start: number, end: number): void => {
    // Locals: a variable of the closure is read again in every turn of the loop.
    const [bits, called, others] = [knew, peers, end - start - 1];
    let drawn = word;
    for (let first = start; first < end;) {
      const last = Math.min(end, (first | 31) + 1);
      let peersKnew = 0;
      for (let agent = first; agent < last; agent++) {
        drawn = nextWord(drawn);
        const peer = start + peerAt(drawn, agent - start, others);
        called[agent & 31] = peer;
        peersKnew |= bitOf(bits, peer) << agent;
      }
      let uneven = (bits[first >>> 5]! ^ peersKnew) & bitsBetween(first, last);
      for (; uneven !== 0; uneven &= uneven - 1) {
        const place = lowestBit(uneven);
        tell((first & ~31) + place, called[place]!);
      }
      first = last;
    }
    word = drawn;
  };

  /** The same where numbers and places differ: an agent in a hundred or so, so contact by contact. */
  const sweepMembers = (members: Uint32Array, start: number, end: number): void => {
    const others = end - start - 1;
    for (let at = start; at < end; at++) {
      word = nextWord(word);
      const [agent, peer] = [members[at]!, members[start + peerAt(word, at - start, others)]!];
      if (bitOf(knew, agent) !== bitOf(knew, peer)) tell(agent, peer);
    }
  };

  const sweepLevel = ({ members, groupStarts }: Level): void => {
    for (let group = 0; group + 1 < groupStarts.length; group++) {
      const [start, end] = [groupStarts[group]!, groupStarts[group + 1]!];
      if (end - start < 2) continue; // Alone: nobody to draw.
      for (let slot = 0; slot < fanOut; slot++) {
        if (members) sweepMembers(members, start, end);
        else sweepNeighbours(start, end);
      }
    }
  };

  const isOver = (): boolean => informed === correct || round >= Math.min(roundsMax, ROUNDS_MAX);

  function* rounds(): Generator<BulkRound> {
    while (!isOver()) {
      round++;
      word = streamOf(seed, round);
      transfers = 0;
      for (const level of overlay.levels) sweepLevel(level);
      knew.set(knows);
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
