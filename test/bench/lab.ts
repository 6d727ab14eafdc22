/**
 * `lab`: how long a learner waits for a verdict.
 *
 * Cold, the whole command as it is typed, beside an empty test file under the project's test runner, as it
 * would be typed. In watch, from the moment a file is saved until the last line of the verdict is there.
 */
import { execFile, spawn } from 'node:child_process';
import { appendFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median, timedAsync } from './measure.ts';
import type { Bench } from './report.ts';

const REPETITIONS = 7;
const SAVES = 7;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOLUTION = join(ROOT, 'solutions', 'lab-07-gossip-sync');
const run = promisify(execFile);

/** An empty test, where the runner finds it and nobody else does. */
const EMPTY = join(ROOT, '.state', 'bench');
const CONFIG = `export default { test: { root: ${JSON.stringify(EMPTY)}, include: ['*.test.ts'] } };`;

/** Starts a watch of a folder, and gives the time from each save to its verdict. */
const watched = async (folder: string, file: string): Promise<number[]> => {
  const words = ['run', 'lab', '07', 'watch', 'of', folder];
  const child = spawn('npm', words, { cwd: ROOT, detached: true });
  let text = '';
  let wake = (): void => {};
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    wake();
  });
  /** Resolves when the last line of a verdict is there. */
  const verdict = async (): Promise<void> => {
    while (!/^ +next .*\n/m.test(text)) await new Promise<void>((resolve) => (wake = resolve));
    text = '';
  };
  await verdict();
  const times: number[] = [];
  for (let save = 0; save < SAVES; save++) {
    // A person reads, thinks and types meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const waiting = verdict();
    times.push(
      await timedAsync(async () => {
        await appendFile(file, `// ${save}\n`);
        await waiting;
      }),
    );
  }
  // As Ctrl-C does it: to all of them. npm itself hands nothing on.
  process.kill(-child.pid!, 'SIGINT');
  return times;
};

export const lab: Bench = {
  summary: 'a verdict of lab 07: the whole command, and from a save in watch',
  async run() {
    const folder = await mkdtemp(join(tmpdir(), 'lab-'));
    try {
      await cp(SOLUTION, folder, { recursive: true });
      await mkdir(EMPTY, { recursive: true });
      await writeFile(
        join(EMPTY, 'empty.test.ts'),
        "import { it } from 'vitest';\nit('is empty', () => {});\n",
      );
      await writeFile(join(EMPTY, 'vitest.config.mjs'), CONFIG);
      const graded: number[] = [];
      const stubs: number[] = [];
      const empties: number[] = [];
      const command = (...words: readonly string[]) =>
        timedAsync(() => run('npm', ['run', ...words], { cwd: ROOT }).catch(() => {}));
      const config = join(EMPTY, 'vitest.config.mjs');
      for (let repetition = 0; repetition <= REPETITIONS; repetition++) {
        const times = [
          await command('lab', '07', 'of', 'solutions/lab-07-gossip-sync'),
          await command('lab', '07', 'of', 'labs/lab-07-gossip-sync/stub'),
          await command('test', '--', '--config', config),
        ] as const;
        // The first of each builds what the others find.
        if (repetition === 0) continue;
        graded.push(times[0]);
        stubs.push(times[1]);
        empties.push(times[2]);
      }
      const saves = await watched(folder, join(folder, 'gossip.ts'));
      return {
        name: 'lab',
        about: [
          `npm run lab 07 with the solution and with the stub, beside npm test of an empty file; medians of ${REPETITIONS}`,
          `watch: from a save of the solution's gossip.ts to the last line of the verdict; median of ${SAVES}`,
        ],
        figures: [
          {
            name: 'verdict, cold',
            value: median(graded),
            unit: 'ms',
            limit: median(empties),
            timesMax: 1,
          },
          { name: 'verdict of the stub', value: median(stubs), unit: 'ms', limit: median(empties) },
          { name: 'save to verdict', value: median(saves), unit: 'ms', valueMax: 300 },
          { name: 'slowest save', value: Math.max(...saves), unit: 'ms' },
        ],
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
      await rm(EMPTY, { recursive: true, force: true });
    }
  },
};
