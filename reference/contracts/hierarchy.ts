/**
 * Layer 13, hierarchy: groups and ambassadors. It does not cut rounds, it about doubles them; what it
 * cuts is traffic across groups, to one contact in a hundred for each ambassador of a group of a hundred.
 */
import type { AgentNumber } from './swarm.ts';

/** Agents of a group, of levels, and of ambassadors, unless told otherwise. */
export const GROUP_SIZE_DEFAULT = 100;
/** Levels of one hierarchy, the agents themselves included. */
export const LEVELS_MAX = 3;
/** With one, 10 % silent agents leave a fifth of the swarm uninformed; with five, nobody. */
export const AMBASSADORS_DEFAULT = 5;

/**
 * One level: who takes part, in groups that lie one after another. Every member makes its contacts
 * inside its group, in each level that it takes part in.
 */
export interface Level {
  /** Agents in the order of their groups; undefined: all of them, in their own order. */
  readonly members: Uint32Array | undefined;
  /** Where each group begins in that order, and at last where the final one ends. */
  readonly groupStarts: Uint32Array;
}

/** Who contacts whom. One level with one group of everybody is the flat swarm. */
export interface Overlay {
  readonly agents: number;
  /** Level 0 holds every agent. */
  readonly levels: readonly Level[];
}

/** The size of an overlay, and the seed that chooses its ambassadors. */
export interface HierarchyOptions {
  readonly agents: number;
  readonly groupSize: number;
  /** Of each group, for the level above. */
  readonly ambassadors: number;
  readonly seed: number;
}

/** What an overlay costs, whoever is silent. */
export interface Traffic {
  /** Contacts that an agent makes in a round, on average. */
  readonly contactsPerAgent: number;
  /** The most that any agent makes: who is in every level. */
  readonly contactsMax: number;
  /** Of all contacts, those expected between two groups of level 0. */
  readonly crossGroupShare: number;
}

/** Layer 13: overlays and what they cost. The same options give the same overlay. */
export interface Hierarchy {
  /** Groups of `groupSize` neighbours by number; ambassadors by the smallest hashes of (seed, level, agent). */
  overlay(options: HierarchyOptions): Overlay;
  ambassadors(overlay: Overlay, level: number, group: number): readonly AgentNumber[];
  traffic(overlay: Overlay, fanOut: number): Traffic;
}

/** Makes layer 13. */
export type CreateHierarchy = () => Hierarchy;
