/** Simulations that cost minutes: fresh mixtures, every canary, large partitions, a stricter JavaScript. */
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createPool } from '#reference/commands/sim/pool.ts';
import { replayCommand, succeeded, type Trial } from '#reference/commands/sim/trial.ts';
import { canaries } from '#reference/sim/canary/canary.ts';
import { NEMESES } from '#reference/sim/nemesis/draw.ts';
import {
  alone,
  halves,
  majoritiesRing,
  minorityThird,
  oneWay,
} from '#reference/sim/nemesis/shapes.ts';
import { allAgree, run, runUntil } from '#test/support/clusters.ts';
import { exportsOf, settled, sumOf } from '#test/support/lives.ts';

/** SIM_SEED repeats all of it. */
const seed = process.env['SIM_SEED'] ?? String(randomInt(1, 2 ** 47));
const pool = await createPool(1);

const trialOf = (name: string, more: Partial<Trial>): Trial => ({
  seed: `${seed}-${name}`,
  knobs: undefined,
  nemeses: [],
  canary: undefined,
  kept: undefined,
  ...more,
});

/**
 * One mixture in two hundred shows nothing (a disk that was full before the first payment), and another
 * is drawn in its place. Three such in a row are a simulator that tries nothing.
 */
const wrongIn = async (trial: Trial, drawsMax = 3): Promise<unknown> => {
  const outcome = await pool.run(trial);
  const verdict = 'report' in outcome ? outcome.report.verdict : 'broken';
  if (verdict === 'held') return undefined;
  if (verdict === 'unknown' && drawsMax > 1) {
    return wrongIn({ ...trial, seed: `${trial.seed}-again` }, drawsMax - 1);
  }
  return { replay: replayCommand(trial), outcome };
};

describe(`fresh mixtures (SIM_SEED=${seed})`, () => {
  it.each(Object.keys(NEMESES))('with %s in them hold every law', async (name) => {
    expect(await wrongIn(trialOf(name, { nemeses: [name] }))).toBeUndefined();
  });
});

describe(`a canary (SIM_SEED=${seed})`, () => {
  it.each(Object.entries(canaries))('%s is caught by some seed below 200', async (name) => {
    let caught: number | undefined;
    for (let tried = 1; tried < 200 && caught === undefined; tried++) {
      const trial = trialOf(`${name}-${tried}`, { canary: name });
      const outcome = await pool.run(trial);
      if ('report' in outcome && succeeded(outcome.report, trial)) caught = tried;
    }
    expect(caught).toBeDefined();
  });
});

describe('F5: a partition of 25 nodes', () => {
  const order = Array.from({ length: 25 }, (_, index) => index);
  it.each([
    ['one', alone(order)],
    ['halves', halves(order, 12)],
    ['minority third', minorityThird(order)],
    ['majorities ring', majoritiesRing(order)],
    ['one way', oneWay(order, 13)],
  ])('(%s) stops nobody, and all agree within two digest rounds after it', async (shape, cuts) => {
    const cluster = await settled(`large ${shape}`, 25);
    const addressesOf = (indices: readonly number[]): string[] =>
      indices.map((index) => cluster.places[index]!.address);
    for (const { from, to } of cuts) cluster.network.block(addressesOf(from), addressesOf(to));
    await run(cluster, 5_000);
    for (const { index } of cluster.places) cluster.pay(index, (index + 1) % 25, 10n);
    await run(cluster, 7_000);
    expect(cluster.acknowledged.size).toBe(25);
    expect(cluster.places.map(sumOf)).toEqual(cluster.places.map(() => 0n));
    cluster.network.heal();
    expect(await runUntil(cluster, () => allAgree(cluster))).toBeLessThanOrEqual(24_000);
    expect(exportsOf(cluster.places)).toBe(1);
  });
});

describe('F15: a cluster', () => {
  it('does the same where touching __proto__ by name is an error', () => {
    const words = 'sim seed 15 nodes 3 entries 6 nemeses forge,digest json'.split(' ');
    const traceOf = (...flags: string[]): unknown => {
      const typed = [...flags, 'reference/start/start.mjs', 'reference/main.ts', ...words];
      const line = execFileSync(process.execPath, typed, { encoding: 'utf8' });
      return (JSON.parse(line) as { traceHash: string }).traceHash;
    };
    expect(traceOf('--disable-proto=throw')).toBe(traceOf());
  });
});
