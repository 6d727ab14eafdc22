/** What a simulated run looks like to people and to programs. */
import chalk from 'chalk';
import { describePlan } from '#reference/sim/nemesis/plan.ts';
import type { SimulationReport } from '#reference/sim/simulation.ts';
import { canaryOf, planOfTrial, replayCommand, succeeded, type Trial } from './trial.ts';

export const seconds = (milliseconds: number): string => `${(milliseconds / 1_000).toFixed(1)} s`;

/** Violations shown of one run. */
const SHOWN_MAX = 8;

const describe = (report: SimulationReport, tookMs: number): string => {
  const { records, acknowledged, stable, latencies, faultyMs, healedMs, frames, bytes } = report;
  const agreement = healedMs === undefined ? 'not agreed' : `agreed ${seconds(healedMs)} later`;
  const reach = latencies
    ? `, ${stable} on every node after ${seconds(latencies.median)} (half), ${seconds(latencies.all)} (all)`
    : '';
  return [
    `${records} records, ${acknowledged} acknowledged${reach};`,
    `${seconds(faultyMs)} of faults, ${agreement};`,
    `${frames} frames, ${(bytes / 1_024).toFixed(0)} KiB;`,
    `trace ${report.traceHash.slice(0, 16)}; took ${seconds(tookMs)}`,
  ].join(' ');
};

const WORDS = { held: 'held', broken: 'BROKEN', stalled: 'STALLED', unknown: 'UNKNOWN' } as const;

/** Prints a run: its verdict, the figures, what was broken and how to see it again. */
export const printRun = (report: SimulationReport, trial: Trial, tookMs: number): void => {
  const good = succeeded(report, trial);
  const verdict = trial.canary === undefined ? WORDS[report.verdict] : good ? 'caught' : 'MISSED';
  console.log(`${good ? chalk.green(verdict) : chalk.red(verdict)}  ${describe(report, tookMs)}`);
  for (const { law, node, detail } of report.violations.slice(0, SHOWN_MAX)) {
    console.log(`  ${chalk.red(law)} on ${node}: ${detail}`);
  }
  const more = report.violations.length - SHOWN_MAX;
  if (more > 0) console.log(`  and ${more} more`);
  if (report.verdict === 'unknown' && !good) {
    console.log('  nothing was tried: no payment came to be on every node');
  }
  if (!good) console.log(`  replay: ${replayCommand(trial)}`);
};

/** The same as one line of JSON. */
export const jsonOf = (report: SimulationReport, trial: Trial): string => {
  const { knobs, ...rest } = trial;
  const ok = succeeded(report, trial);
  return JSON.stringify({ ...knobs, ...rest, ok, replay: replayCommand(trial), ...report });
};

/** Prints what will be done, a line an action. */
export const printPlan = (trial: Trial): void => {
  const plan = planOfTrial(trial);
  const liars = plan.liars === 0 ? '' : ` and ${plan.liars} liar`;
  console.log(`${plan.nodes} nodes${liars}, ${seconds(plan.spanMs)}:`);
  for (const line of describePlan(plan)) console.log(line);
};

/** What a canary is, for the line that says it was caught. */
export const canaryText = (name: string): string => {
  const canary = canaryOf(name);
  return `canary ${name} (${canary?.summary}): caught by ${canary?.laws.map((law) => `"${law}"`).join(' or ')}`;
};
