/** A trial: one run as words say it, and what became of it. */
import { referenceLayers } from '#reference/layers.ts';
import { canaries, type Canary } from '#reference/sim/canary/canary.ts';
import { drawMixture, planWith, type Knobs } from '#reference/sim/nemesis/draw.ts';
import { keep, numbersText, type Plan } from '#reference/sim/nemesis/plan.ts';
import { shrink } from '#reference/sim/nemesis/shrink.ts';
import {
  simulate,
  type SimulationOptions,
  type SimulationReport,
} from '#reference/sim/simulation.ts';

/** What decides a run. Everything is in the words that replay it. */
export interface Trial {
  readonly seed: string;
  /** Faults chosen by hand; undefined: a mixture drawn from the seed. */
  readonly knobs: Omit<Knobs, 'seed' | 'nemeses'> | undefined;
  /** Nemeses that take part whatever is drawn. */
  readonly nemeses: readonly string[];
  readonly canary: string | undefined;
  /** Numbers of the actions that are kept; undefined: all. */
  readonly kept: readonly number[] | undefined;
}

/** Every action of the trial, those left out included. */
export const fullPlanOf = ({ seed, knobs, nemeses, canary }: Trial): Plan => {
  const forced = [...new Set([...nemeses, ...(canaryOf(canary)?.nemeses ?? [])])];
  return knobs ? planWith({ ...knobs, seed, nemeses: forced }) : drawMixture(seed, forced);
};

export const planOfTrial = (trial: Trial): Plan =>
  trial.kept === undefined ? fullPlanOf(trial) : keep(fullPlanOf(trial), new Set(trial.kept));

/** The planted fault of this name. */
export const canaryOf = (name: string | undefined): Canary | undefined =>
  name !== undefined && Object.hasOwn(canaries, name) ? canaries[name] : undefined;

/** The words that run the very same again. */
export const replayCommand = ({ seed, knobs, nemeses, canary, kept }: Trial): string =>
  [
    'npm run sim',
    ...(knobs
      ? [
          `seed ${seed} nodes ${knobs.nodes} entries ${knobs.entries}`,
          `loss ${knobs.loss} duplicates ${knobs.duplicates}${knobs.reorder ? '' : ' order'}`,
          `partitions ${knobs.partitions} crashes ${knobs.crashes}`,
        ]
      : [`mixture seed ${seed}`]),
    ...(nemeses.length === 0 ? [] : [`nemeses ${nemeses.join(',')}`]),
    ...(canary === undefined ? [] : [`canary ${canary}`]),
    ...(kept === undefined ? [] : [`keep ${numbersText(kept)}`]),
  ].join(' ');

/** Runs a trial. Rejects with what a broken assertion threw. */
export const runTrial = (
  trial: Trial,
  log?: SimulationOptions['log'],
): Promise<SimulationReport> => {
  const canary = canaryOf(trial.canary);
  const isHit = (index: number): boolean => canary !== undefined && index >= 0 && index < canary.on;
  return simulate({
    plan: planOfTrial(trial),
    layersOf: (index) =>
      isHit(index) ? (canary?.plant?.(referenceLayers) ?? referenceLayers) : referenceLayers,
    hostOf: (index, host) => (isHit(index) ? (canary?.plantHost?.(host) ?? host) : host),
    ...(log ? { log } : {}),
  });
};

/** Whether a planted fault was caught, as the law that it breaks. */
const isCaught = ({ violations, verdict }: SimulationReport, canary: Canary): boolean =>
  canary.laws.some((wanted) =>
    wanted === 'stalled' ? verdict === 'stalled' : violations.some(({ law }) => law === wanted),
  );

/** Whether a run came out as it should: every law held, or the planted fault was caught. */
export const succeeded = (report: SimulationReport, { canary }: Trial): boolean => {
  const planted = canaryOf(canary);
  return planted === undefined ? report.verdict === 'held' : isCaught(report, planted);
};

/** A smaller trial that goes wrong in the same way; of at most so many runs. */
export const shrinkTrial = async (
  trial: Trial,
  report: SimulationReport,
  runsMax: number,
): Promise<{ readonly trial: Trial; readonly runs: number }> => {
  const whole = trial.kept ?? fullPlanOf(trial).actions.map((_, index) => index + 1);
  const laws = new Set(report.violations.map(({ law }) => law));
  const trialWith = (numbers: Iterable<number>): Trial => ({
    ...trial,
    kept: [...numbers].map((number) => whole[number - 1]!),
  });
  const fails = async (numbers: ReadonlySet<number>): Promise<boolean> => {
    const { verdict, violations } = await runTrial(trialWith(numbers));
    return verdict === report.verdict && violations.some(({ law }) => laws.has(law));
  };
  const { numbers, runs } = await shrink(whole.length, fails, runsMax);
  return { trial: trialWith(numbers), runs };
};
