/**
 * Conduct: what a peer did on its links to us, as one number that wears off.
 *
 * Each misdeed takes something away, and half of what was taken is back after ten minutes, whether the
 * peer is connected or not: who hangs up and dials again has changed nothing. Bringing good records
 * gives back too. A peer answers for what it does itself, never for what others wrote: honest nodes
 * open a record before they pass it on, so a forged one was forged by whoever sent it, while a copy
 * that comes twice, or a record whose causes are missing, is nobody's fault.
 */
import { CONDUCTS_MAX, type Conduct, type Deed } from '#contracts/trust.ts';
import type { Did } from '#contracts/identifiers.ts';
import { createShelf } from './shelf.ts';

/** What is taken away is half as much after this. */
export const CONDUCT_HALF_LIFE_MS = 600_000;
/** Blame is counted in points, so that sums come out even; a thousand is all there is. */
const POINTS_MAX = 1_000;
/** Above these a peer is served as a lower class, and not listened to at all. */
const POOR_ABOVE = 400;
const IGNORED_ABOVE = 800;

/**
 * Points for one deed. Five forgeries make poor conduct, nine are too many. An answer that comes too late
 * cannot be told from one that nobody asked for, and slow peers are no liars: it weighs little.
 */
const POINTS: { readonly [Each in Deed]: number } = {
  served: -2,
  forged: 100,
  malformed: 50,
  unsolicited: 5,
  spammed: 10,
  overdrew: 20,
};

/** Less than this is forgotten. */
const FORGOTTEN_BELOW = 1;

interface Blame {
  readonly points: number;
  readonly at: number;
}

const levelOf = (points: number): Conduct['level'] => {
  if (points > IGNORED_ABOVE) return 'ignored';
  return points > POOR_ABOVE ? 'poor' : 'good';
};

export const createConduct = () => {
  const blames = createShelf<Did, Blame>(CONDUCTS_MAX);

  const pointsOf = (now: number, peer: Did): number => {
    const blame = blames.get(peer);
    if (!blame) return 0;
    return blame.points * 2 ** (-Math.max(0, now - blame.at) / CONDUCT_HALF_LIFE_MS);
  };

  return {
    noted(now: number, peer: Did, deed: Deed): void {
      const points = Math.min(POINTS_MAX, pointsOf(now, peer) + POINTS[deed]);
      if (points < FORGOTTEN_BELOW) blames.delete(peer);
      else blames.set(peer, { points, at: now });
    },
    of(now: number, peer: Did): Conduct {
      const points = pointsOf(now, peer);
      return { value: 1 - points / POINTS_MAX, level: levelOf(points) };
    },
  };
};
