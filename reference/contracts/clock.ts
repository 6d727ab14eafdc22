/**
 * Vector clocks: who has seen how much of whom.
 *
 * A component is a count of one author's records. A missing component is 0, and a component of 0 is
 * never written, so that equal knowledge has one spelling. Lamport 1978, Fidge and Mattern 1988.
 */
import type { Did } from './identifiers.ts';

/** Counts of records by author; nobody has a count of 0. */
export type VectorClock = ReadonlyMap<Did, number>;

/** `before`: every component at most, one less. `concurrent`: each has seen something the other has not. */
export type ClockOrder = 'before' | 'after' | 'equal' | 'concurrent';

/** Arithmetic of clocks: none of it changes what it is given. */
export interface VectorClocks {
  compare(left: VectorClock, right: VectorClock): ClockOrder;
  /** The component-wise maximum. */
  merge(left: VectorClock, right: VectorClock): VectorClock;
  /** Only records that are all there count: merge of the links' clocks, own component = own sequence. */
  ofRecord(author: Did, sequence: number, links: readonly VectorClock[]): VectorClock;
}
