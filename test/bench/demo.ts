/** `demo`: the whole demonstration, as a person starts it, beside a program that does nothing. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median, timedAsync } from './measure.ts';
import type { Bench } from './report.ts';

const REPETITIONS = 3;
const run = promisify(execFile);

export const demo: Bench = {
  summary: 'npm run demo from beginning to end',
  async run() {
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    const demos: number[] = [];
    const empties: number[] = [];
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      demos.push(await timedAsync(() => run('npm', ['run', 'demo'], { cwd })));
      empties.push(await timedAsync(() => run(process.execPath, ['--eval', '0'], { cwd })));
    }
    return {
      name: 'demo',
      about: [
        `npm run demo: four node processes started, four acts, all stopped; median of ${REPETITIONS}`,
        'for comparison: node with an empty program; the demo starts two such after the other, behind npm',
      ],
      figures: [
        { name: 'npm run demo', value: median(demos), unit: 'ms' },
        { name: 'an empty program', value: median(empties), unit: 'ms' },
      ],
    };
  },
};
