/**
 * The own chain: an author must not sign one number twice, and a store alone cannot promise that.
 *
 * A disk that was restored from a backup has forgotten the last records that others hold. So before its
 * first record after a start a node hears what its peers know of its own chain: everybody who joins
 * says a digest, and a digest names how far each author has come. Whoever claims more than we hold is
 * believed for a while, until the pull has brought it or nothing came; a liar delays us by that while
 * and no further.
 *
 * Where nobody is linked there is nobody to hear, and a payment may be made all the same. A vote may not,
 * where others decide too: alone it decides nothing, and given twice it does harm. So in a topic that needs
 * a witness nothing is known before somebody has spoken.
 */
import { Fault } from '#contracts/faults.ts';
import type { Cancel, Host } from '#contracts/host.ts';
import type { Did, Topic } from '#contracts/identifiers.ts';
import type { Digest } from '#contracts/messages.ts';

/** Peers that are linked are listened to for so long before the first record. */
export const HEARING_MS_MAX = 2_000;
/** How long a claim to know more of us is waited for, in all. */
export const CATCHING_UP_MS_MAX = 10_000;
/** How often it is looked at. */
const LOOK_MS = 100;

export interface OwnChainOptions {
  readonly self: Did;
  readonly host: Pick<Host, 'after' | 'monotonic' | 'log'>;
  /** Peers linked now. */
  readonly peers: () => readonly Did[];
  /** The length of our own chain as held. */
  readonly lengthOf: (topic: Topic) => number;
  /** Whether somebody must have said how far it knows our chain. */
  readonly needsWitness: (topic: Topic) => boolean;
}

export interface OwnChain {
  /** A peer said how far it knows our chain. */
  heard(peer: Did, digest: Digest): void;
  /** Whether somebody has spoken, or need not have. */
  isWitnessed(topic: Topic): boolean;
  /**
   * Runs when the chain is known as well as it will be: at once after the first time, and where nobody
   * is linked. `lost` in its place if the node stops before. Where a witness is needed and none has spoken
   * in HEARING_MS_MAX it runs too, and the chain is not known.
   */
  whenKnown(topic: Topic, run: () => void, lost: (error: Error) => void): void;
  stop(): void;
}

interface Hearing {
  readonly heard: Set<Did>;
  claimed: number;
  known: boolean;
}

export const createOwnChain = (options: OwnChainOptions): OwnChain => {
  const { self, host, peers, lengthOf, needsWitness } = options;
  const hearings = new Map<Topic, Hearing>();
  /** Authors that wait, and the timer that looks again for them. */
  const waiting = new Map<Cancel, (error: Error) => void>();

  const of = (topic: Topic): Hearing => {
    const known = hearings.get(topic);
    if (known) return known;
    const hearing = { heard: new Set<Did>(), claimed: 0, known: false };
    hearings.set(topic, hearing);
    return hearing;
  };

  /** Whether there is nothing more to hear or to wait for. */
  const isOver = (topic: Topic, { heard, claimed }: Hearing, elapsedMs: number): boolean => {
    if (claimed > lengthOf(topic)) {
      if (elapsedMs < CATCHING_UP_MS_MAX) return false;
      host.log('warn', 'own_chain_behind', { topic, claimed, held: lengthOf(topic) });
      return true;
    }
    if (elapsedMs >= HEARING_MS_MAX) return true;
    return isWitnessed(topic) && peers().every((peer) => heard.has(peer));
  };

  const isWitnessed = (topic: Topic): boolean => of(topic).heard.size > 0 || !needsWitness(topic);

  return {
    heard(peer, { topic, clock }) {
      const hearing = of(topic);
      if (hearing.known) return;
      hearing.heard.add(peer);
      hearing.claimed = Math.max(hearing.claimed, clock[self] ?? 0);
    },
    isWitnessed,
    whenKnown(topic, run, lost) {
      const hearing = of(topic);
      const beganAt = host.monotonic();
      const look = (): void => {
        if (hearing.known) return run();
        if (isOver(topic, hearing, host.monotonic() - beganAt)) {
          hearing.known = isWitnessed(topic);
          return run();
        }
        const cancel = host.after(LOOK_MS, () => {
          waiting.delete(cancel);
          look();
        });
        waiting.set(cancel, lost);
      };
      look();
    },
    stop() {
      const stopped = new Fault('node_not_running', 'the node has stopped');
      for (const [cancel, lost] of waiting) {
        cancel();
        lost(stopped);
      }
      waiting.clear();
    },
  };
};
