/**
 * Vector clocks: one counter per author, and a counter that is not there stands at zero.
 *
 * A clock is a `ReadonlyMap` from author to counter. None of these functions changes what it is given.
 */
import { todo } from '#checkpoint';
import type { VectorClocks } from '#contracts/clock.ts';

/** 07.1 A clock that has heard both: never behind either of them. */
export const merge: VectorClocks['merge'] = (left, right) => {
  const merged = new Map(left);
  todo('07.1');
  return merged;
};

/** 07.2 `before`, `after`, `equal` or `concurrent`: seen from the left. */
export const compare: VectorClocks['compare'] = (left, right) => todo('07.2');

/** 07.3 The clock of an entry: all that its author had seen (the clocks of what it names), and itself. */
export const ofRecord: VectorClocks['ofRecord'] = (author, sequence, links) => todo('07.3');
