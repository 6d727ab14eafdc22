/** Prometheus's own tools, where the machine has them; CI must have them. */
import { spawnSync } from 'node:child_process';

const version = spawnSync('promtool', ['--version'], { encoding: 'utf8' });

/** Why tests with promtool are skipped; undefined where they run. */
export const promtoolMissing: string | undefined =
  version.status === 0
    ? undefined
    : 'promtool is not here: apt-get install prometheus, or https://prometheus.io/download';

if (promtoolMissing !== undefined) {
  if (process.env['CI'] === 'true') throw new Error(promtoolMissing);
  process.stderr.write(`skipped: ${promtoolMissing}\n`);
}

/** Runs promtool; what it said, and its exit code. */
export const promtool = (words: readonly string[], input = '') => {
  const { status, stdout, stderr } = spawnSync('promtool', words, { input, encoding: 'utf8' });
  return { code: status, said: `${stdout}${stderr}` };
};
