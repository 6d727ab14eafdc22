/** Three hundred kills: nothing that was promised is lost, nothing is counted twice, every store opens. */
import { randomInt } from 'node:crypto';
import { afterAll, expect, it } from 'vitest';
import { killRounds } from '#test/suites/kill.ts';
import { cleanUp, temporary } from '#test/support/command.ts';

afterAll(cleanUp);

/** KILL_SEED repeats the moments of a run; what the disk does at them is its own affair. */
const seed = process.env['KILL_SEED'] ?? String(randomInt(1, 2 ** 47));

it(`a node that is killed three hundred times while it writes keeps every promise (seed ${seed})`, async () => {
  const report = await killRounds({
    rounds: 300,
    roundsPerStore: 5,
    seed,
    directory: temporary(),
  });
  const { rounds, acknowledged, unpromised } = report;
  const found = `${acknowledged} promised entries kept, ${unpromised} more found`;
  process.stdout.write(`${rounds} kills, ${found}\n`);
  expect(report.problems).toEqual([]);
  expect(rounds).toBe(300);
  // A writer that hardly writes would prove nothing.
  expect(acknowledged).toBeGreaterThan(3_000);
}, 1_200_000);
