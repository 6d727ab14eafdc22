/** The everyday tests: everything but `test/long`, in about two minutes on two cores. */
import { defineConfig } from 'vitest/config';

/**
 * Files that share a process, one after the other: they start nothing that outlives a test. A process for
 * each of them would cost 0.4 s of a core, most of it for loading the same modules again.
 */
const SHARED = [
  'test/commands/{consensus,contract,dashes,hostile-home,page,quarantine,snapshot,trust,words}.test.ts',
  'test/docs/**/*.test.ts',
  'test/labs/commands/!(cli).test.ts',
  'test/labs/lab-07/**/*.test.ts',
  'test/reference/**/*.test.ts',
  'test/simulation/**/*.test.ts',
  'test/solutions/**/*.test.ts',
];

export default defineConfig({
  test: {
    // They end what hangs. No test fails because a shared machine was slow.
    testTimeout: 90_000,
    hookTimeout: 90_000,
    // Two cores are what CI has.
    maxWorkers: 2,
    // A golden that is not there is a failing test, not a file to be written: `vitest run -u` writes it.
    update: 'none',
    projects: [
      { extends: true, test: { name: 'shared', include: SHARED, isolate: false } },
      {
        extends: true,
        test: {
          name: 'alone',
          // They wait for networks and for processes of their own: a third finds room on two cores.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          include: ['test/**/*.test.ts'],
          exclude: ['test/long/**', ...SHARED],
        },
      },
    ],
  },
});
