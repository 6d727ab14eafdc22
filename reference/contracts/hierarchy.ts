/** Layer 13, hierarchy: groups and ambassadors; more rounds, far less traffic across groups. */

export interface Group {
  readonly members: readonly number[];
  /** Chosen by hash; five or more, because one silent leader would cut off its group. */
  readonly ambassadors: readonly number[];
}

export interface Hierarchy {
  /** Groups of one level; level 0 holds the agents themselves. */
  level(level: number): readonly Group[];
  readonly levels: number;
}

export interface HierarchyOptions {
  readonly agents: number;
  readonly groupSize: number;
  readonly ambassadors: number;
  readonly seed: number;
}

export type CreateHierarchy = (options: HierarchyOptions) => Hierarchy;
