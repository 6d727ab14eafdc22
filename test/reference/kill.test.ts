/** The short form of test/long/kill.test.ts: three kills, one store. */
import { randomInt } from 'node:crypto';
import { afterAll, expect, it } from 'vitest';
import { killRounds } from '#test/suites/kill.ts';
import { cleanUp, temporary } from '#test/support/command.ts';

afterAll(cleanUp);

const seed = process.env['KILL_SEED'] ?? String(randomInt(1, 2 ** 47));

it(`a node that is killed while it writes keeps every promise (seed ${seed})`, async () => {
  const options = { rounds: 3, roundsPerStore: 3, seed, directory: temporary() };
  const report = await killRounds(options);
  expect(report.problems).toEqual([]);
  expect(report.acknowledged).toBeGreaterThan(5);
}, 60_000);
