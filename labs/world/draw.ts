/** Schedules drawn from a seed, and the smaller ones that a failing schedule is cut down to. */
import type { Random } from '#reference/sim/random.ts';
import type { Play } from './run.ts';
import type { Name, Step } from './step.ts';

/** A play with an ending that is never cut away: links come back, and time passes. */
export interface Schedule extends Play {
  readonly ending: readonly Step[];
}

/** The whole play of a schedule. */
export const wholePlay = (schedule: Schedule): Play => ({
  ...schedule,
  steps: [...schedule.steps, ...schedule.ending],
});

/** Steps that may be drawn: each kind as often as it is listed. */
export type Kind = 'write' | 'cut' | 'mend' | 'part' | 'meet' | 'lose' | 'twice' | 'late' | 'wait';

/** So many steps among these nodes. */
export const drawSteps = (
  random: Random,
  names: readonly Name[],
  kinds: readonly Kind[],
  count: number,
): Step[] =>
  Array.from({ length: count }, (): Step => {
    const kind = random.pick(kinds);
    const [left, right] = random.shuffle(names) as [Name, Name];
    if (kind === 'write') return `write ${left}`;
    if (kind === 'wait') return `wait ${1 + random.integer(20)}`;
    return `${kind} ${left} ${right}`;
  });

/** Every pair of nodes, once. */
export const pairsOf = (names: readonly Name[]): readonly (readonly [Name, Name])[] =>
  names.flatMap((left, index) => names.slice(index + 1).map((right) => [left, right] as const));

/** Every cut is mended, and everybody is linked. */
export const healed = (names: readonly Name[]): Step[] =>
  pairsOf(names).flatMap(([left, right]): Step[] => [
    `mend ${left} ${right}`,
    `meet ${left} ${right}`,
  ]);

/** Schedules with fewer steps: halves first, then quarters, down to all but one step. */
export const smallerSchedules = <Given extends Schedule>(schedule: Given): Given[] => {
  const { steps } = schedule;
  const smaller: Given[] = [];
  for (
    let size = Math.ceil(steps.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let from = 0; from < steps.length; from += size) {
      smaller.push({ ...schedule, steps: [...steps.slice(0, from), ...steps.slice(from + size)] });
    }
  }
  return smaller;
};
