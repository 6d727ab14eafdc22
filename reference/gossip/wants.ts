/**
 * Wants: records asked for by id, one peer after the other, until they come or nobody has them.
 *
 * An id becomes wanted because somebody announced it, or because a record that waits names it. The
 * one who named it is asked first. When everybody was asked in vain, the next round waits longer, and
 * after `ROUNDS_MAX` the want is given up: an invented ancestor must not keep a network busy, and one
 * that everybody dropped as surplus never comes. Bounded: beyond `WANTS_MAX` new wants are not noted.
 * What was given up wrongly anti-entropy brings later.
 */
import type { Did, RecordId } from '#contracts/identifiers.ts';
import { BATCH_MAX } from '#contracts/messages.ts';

/** Ids wanted at one time. */
export const WANTS_MAX = 10_000;
/** Peers remembered as likely holders of one id. */
const SOURCES_MAX = 8;
/** The pause between two rounds doubles so often: 16 times the retry time. */
const DOUBLINGS_MAX = 4;
/** Rounds in vain until a want is given up: about four minutes. */
const ROUNDS_MAX = 16;

interface Want {
  readonly sources: Did[];
  /** Everybody who was ever asked: their answers are welcome, however late. */
  readonly asked: Set<Did>;
  /** Those asked since the last time that all had been. */
  readonly round: Set<Did>;
  /** Rounds in vain. */
  rounds: number;
  /** When the next peer may be asked. */
  nextAt: number;
}

/** What to do now: whom to ask, and which ids that something waits for are given up. */
export interface Due {
  readonly asks: readonly Ask[];
  readonly vain: readonly RecordId[];
}

/** A request to send. */
export interface Ask {
  readonly peer: Did;
  readonly ids: readonly RecordId[];
}

export interface Wants {
  readonly size: number;
  /** Notes a want, or another source of one; without a source, whoever is there is asked. */
  add(id: RecordId, source: Did | undefined): void;
  /** Whether this id was asked of this peer: only then is its answer welcome. */
  askedOf(id: RecordId, peer: Did): boolean;
  /** It came, or is no longer wanted. */
  remove(id: RecordId): void;
  /** The peer does not have it: the next one may be asked at once. */
  lacks(id: RecordId, peer: Did): void;
  /**
   * Whom to ask now. A want whose peers have all been asked begins again if `needed` says so (a
   * record waits for it), a few times, and is dropped otherwise.
   */
  due(now: number, peers: readonly Did[], needed: (id: RecordId) => boolean): Due;
}

export const createWants = (retryMs: number): Wants => {
  const wants = new Map<RecordId, Want>();

  const nextPeer = (want: Want, peers: readonly Did[]): Did | undefined =>
    [...want.sources.filter((source) => peers.includes(source)), ...peers].find(
      (peer) => !want.round.has(peer),
    );

  return {
    get size() {
      return wants.size;
    },
    add(id, source) {
      const want = wants.get(id);
      if (!want) {
        if (wants.size >= WANTS_MAX) return;
        wants.set(id, {
          sources: source === undefined ? [] : [source],
          asked: new Set(),
          round: new Set(),
          rounds: 0,
          nextAt: -Infinity,
        });
      } else if (source !== undefined && want.sources.length < SOURCES_MAX) {
        if (!want.sources.includes(source)) want.sources.push(source);
      }
    },
    askedOf: (id, peer) => wants.get(id)?.asked.has(peer) ?? false,
    remove: (id) => void wants.delete(id),
    lacks(id, peer) {
      const want = wants.get(id);
      if (want?.round.has(peer)) want.nextAt = -Infinity;
    },

    due(now, peers, needed) {
      const asks = new Map<Did, RecordId[]>();
      const vain: RecordId[] = [];
      for (const [id, want] of wants) {
        if (now < want.nextAt) continue;
        const peer = nextPeer(want, peers);
        if (peer === undefined) {
          // A round without anybody to ask is none.
          if (want.round.size > 0) want.rounds += 1;
          want.round.clear();
          want.nextAt = now + retryMs * 2 ** Math.min(want.rounds, DOUBLINGS_MAX);
          const awaited = needed(id);
          if (awaited && want.rounds < ROUNDS_MAX) continue;
          wants.delete(id);
          if (awaited) vain.push(id);
          continue;
        }
        const ids = asks.get(peer) ?? [];
        // The rest is asked for the next time: what one answer may bring has a bound too.
        if (ids.length >= BATCH_MAX) continue;
        asks.set(peer, ids);
        ids.push(id);
        want.asked.add(peer);
        want.round.add(peer);
        want.nextAt = now + retryMs;
      }
      return { asks: [...asks].map(([peer, ids]) => ({ peer, ids })), vain };
    },
  };
};
