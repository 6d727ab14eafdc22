/**
 * Long searches with a bounded budget: `npm run test:long`, and in CI. The everyday files that try only a
 * part of what they know (`test/support/depth.ts`) are run again, and try all of it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** Found by what they import: no list that somebody has to keep. */
const deeper = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .map((name) => `test/${name.replaceAll('\\', '/')}`)
  .filter((file) => file.endsWith('.test.ts') && !file.startsWith('test/long/'))
  .filter((file) => readFileSync(file, 'utf8').includes("'#test/support/depth.ts'"));

export default defineConfig({
  test: {
    include: ['test/long/**/*.test.ts', ...deeper],
    env: { MURMURATION_TESTS: 'long' },
    testTimeout: 600_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    // As every day: a golden that is not there is a failing test.
    update: 'none',
  },
});
