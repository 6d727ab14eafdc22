/** Layer 12, swarm consensus: many agents agree on one versioned state by push-pull rounds. */

/** One proposal of a value. Its id covers every field; no wall clock takes part in any order. */
export interface VersionedState {
  readonly epoch: number;
  /** The accepted version plus one. */
  readonly version: number;
  readonly previousHash: string;
  readonly valueHash: string;
  readonly writer: string;
  readonly signature: string;
}

export interface RoundReport {
  readonly round: number;
  /** Correct agents that hold the newest accepted state. */
  readonly informed: number;
  readonly contacts: number;
}

export interface Swarm {
  /** One synchronous round: every agent contacts `fanOut` others; each sees the end of the round before. */
  round(): RoundReport;
}

export interface SwarmOptions {
  readonly agents: number;
  readonly fanOut: number;
  readonly random: () => number;
}

export type CreateSwarm = (options: SwarmOptions) => Swarm;
