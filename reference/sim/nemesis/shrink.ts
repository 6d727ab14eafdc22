/**
 * Shrinking: from a plan that fails to a smaller one that still does, by leaving actions out.
 *
 * Delta debugging (Zeller and Hildebrandt, IEEE TSE 2002), complements only: first halves are left out,
 * then quarters, down to single actions, and what is not needed stays out. A run is a function of seed
 * and plan, so a plan that failed once fails always. The result is small, not the smallest.
 */

export interface Shrunk {
  /** What could not be left out, by number from 1, sorted. */
  readonly numbers: readonly number[];
  readonly runs: number;
}

/** `fails` runs what is given; it is called at most `runsMax` times. */
export const shrink = async (
  count: number,
  fails: (numbers: ReadonlySet<number>) => Promise<boolean>,
  runsMax: number,
): Promise<Shrunk> => {
  let needed = Array.from({ length: count }, (_, index) => index + 1);
  let runs = 0;
  let chunk = Math.ceil(needed.length / 2);
  while (chunk >= 1 && needed.length > 0) {
    let wasSmaller = false;
    for (let from = 0; from < needed.length && runs < runsMax;) {
      const rest = [...needed.slice(0, from), ...needed.slice(from + chunk)];
      runs += 1;
      if (await fails(new Set(rest))) {
        needed = rest;
        wasSmaller = true;
      } else from += chunk;
    }
    if (runs >= runsMax || (chunk === 1 && !wasSmaller)) break;
    chunk = chunk === 1 ? 1 : Math.ceil(chunk / 2);
  }
  return { numbers: needed, runs };
};
