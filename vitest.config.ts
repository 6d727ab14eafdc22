/** The everyday tests: everything but `test/long`, in under two minutes on two cores. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/long/**', 'node_modules/**'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Two cores are what CI has; processes that tests start want a share of them too.
    maxWorkers: 2,
    // A golden that is not there is a failing test, not a file to be written: `vitest run -u` writes it.
    update: 'none',
  },
});
