/**
 * What the network does to frames: the knobs, their defaults and who they hold for. One set holds for
 * the whole network; a pair of addresses may override any of them, in one direction.
 */
import assert from 'node:assert/strict';

export interface Conditions {
  /** How long a frame is on its way: uniform between the two. 1 and 10. */
  readonly delayMsMin: number;
  readonly delayMsMax: number;
  /** Share of frames that vanish, 0 to 1. At 1 the direction is silent, as if it were blocked. 0. */
  readonly dropRate: number;
  /** Share of frames that arrive twice, each copy after its own delay. 0. */
  readonly duplicateRate: number;
  /** true: each frame keeps its own delay and may overtake; false: they wait for those before. */
  readonly reorder: boolean;
  /** Bandwidth of one link in one direction. Infinity. */
  readonly bytesPerSecondMax: number;
  /** true: frames are handed over in pieces, cut at random places. */
  readonly cut: boolean;
}

/** A short cable. */
const CALM: Conditions = {
  delayMsMin: 1,
  delayMsMax: 10,
  dropRate: 0,
  duplicateRate: 0,
  reorder: false,
  bytesPerSecondMax: Infinity,
  cut: false,
};

export interface ConditionTable {
  of(from: string, to: string): Conditions;
  set(changes: Partial<Conditions>): void;
  /** Replaces what was overridden for this direction; undefined lifts it. */
  setPair(from: string, to: string, changes: Partial<Conditions> | undefined): void;
}

export const createConditionTable = (changes: Partial<Conditions>): ConditionTable => {
  let base = merge(CALM, changes);
  const overrides = new Map<string, Partial<Conditions>>();
  // Asked for with every frame, changed a few times in a run.
  const merged = new Map<string, Conditions>();
  const nameOf = (from: string, to: string): string => `${from} ${to}`;

  return {
    of(from, to) {
      if (overrides.size === 0) return base;
      const name = nameOf(from, to);
      const known = merged.get(name) ?? merge(base, overrides.get(name) ?? {});
      merged.set(name, known);
      return known;
    },
    set(wanted) {
      base = merge(base, wanted);
      merged.clear();
    },
    setPair(from, to, wanted) {
      const name = nameOf(from, to);
      if (wanted === undefined) overrides.delete(name);
      else {
        merge(base, wanted);
        overrides.set(name, wanted);
      }
      merged.clear();
    },
  };
};

const merge = (base: Conditions, changes: Partial<Conditions>): Conditions => {
  const all = { ...base, ...changes };
  assert(
    all.delayMsMin >= 0 && all.delayMsMax >= all.delayMsMin && all.delayMsMax < Infinity,
    `delays from ${all.delayMsMin} to ${all.delayMsMax} ms`,
  );
  for (const rate of [all.dropRate, all.duplicateRate]) {
    assert(rate >= 0 && rate <= 1, `a rate is from 0 to 1, not ${rate}`);
  }
  assert(all.bytesPerSecondMax > 0, `bandwidth is above 0: to cut a link off, block it`);
  return all;
};
