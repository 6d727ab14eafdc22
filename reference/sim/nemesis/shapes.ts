/**
 * Shapes in which a network falls apart (Jepsen's partition specs, and one-way cuts). A shape takes
 * nodes in a drawn order and says who does not hear whom.
 */
import type { Cut } from './plan.ts';

const apart = (left: readonly number[], right: readonly number[]): Cut[] => [
  { from: left, to: right },
  { from: right, to: left },
];

/** Two sets of any size. */
export const halves = (order: readonly number[], size: number): Cut[] =>
  apart(order.slice(0, size), order.slice(size));

/** One node against all others. */
export const alone = (order: readonly number[]): Cut[] => halves(order, 1);

/** A third that is a minority against the rest; one node of two. */
export const minorityThird = (order: readonly number[]): Cut[] =>
  halves(order, Math.max(1, Math.floor(order.length / 3)));

/**
 * Everybody hears a majority, and no two the same one: nodes stand in a ring, and each hears its nearest.
 * Up to three nodes every ring is whole, so there one pair is cut.
 */
export const majoritiesRing = (order: readonly number[]): Cut[] => {
  const count = order.length;
  const reach = Math.floor((Math.floor(count / 2) + 1) / 2);
  const cuts = order.flatMap((node, at) => {
    const unheard = order.filter((_, other) => {
      const distance = Math.abs(other - at);
      return Math.min(distance, count - distance) > reach;
    });
    return unheard.length === 0 ? [] : [{ from: unheard, to: [node] }];
  });
  return cuts.length > 0 ? cuts : apart(order.slice(0, 1), order.slice(1, 2));
};

/** The first few are heard by nobody, and hear everybody. */
export const oneWay = (order: readonly number[], size: number): Cut[] => [
  { from: order.slice(0, size), to: order.slice(size) },
];
