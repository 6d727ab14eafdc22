/**
 * A real process that saves snapshots, killed at each of its writes, syncs and renames, and hindered at
 * each: what is on the real disk afterwards is the old generation or the new one. strace plays the fate.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSnapshotFile } from '#reference/host/snapshot-file.ts';
import { cleanUp, environment, temporary } from '#test/support/command.ts';
import { generationOf, snapshot, stateOf } from '#test/support/snapshots.ts';

afterAll(cleanUp);

const SAVES = 3;
/** Other machines have other names for one thing. */
const CALLS = {
  write: 'pwrite64',
  sync: 'fsync',
  rename: '?rename,?renameat,?renameat2',
  remove: '?unlink,?unlinkat',
};
type Call = keyof typeof CALLS;

/** Why a test cannot run here, if it cannot; where it must, that is a failure. */
const lacking = (mustRun: boolean, tool: string, ...words: readonly string[]) => {
  if (spawnSync(tool, words).status === 0) return undefined;
  const reason = `"${[tool, ...words].join(' ')}" does not work here: apt-get install ${tool}, as root`;
  if (mustRun) throw new Error(reason);
  process.stderr.write(`skipped: ${reason}\n`);
  return reason;
};
const inCi = process.env['CI'] === 'true';

let saver: string;
beforeAll(async () => {
  // One file without imports: it starts in a tenth of the time.
  saver = join(temporary(), 'saver.mjs');
  const entry = fileURLToPath(new URL('../support/saver.ts', import.meta.url));
  await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: saver,
    logLevel: 'error',
  });
});

const spawn = (program: string, words: readonly string[]) => {
  const { stdout, stderr, status, signal } = spawnSync(program, words, {
    encoding: 'utf8',
    // strace counts the calls of each thread by itself: with one, every number means one call.
    env: environment({ UV_THREADPOOL_SIZE: '1' }),
    timeout: 30_000,
  });
  return { lines: stdout.split('\n').filter((line) => line !== ''), stderr, status, signal };
};

/** Saves some generations under strace. */
const traced = (directory: string, ...options: readonly string[]) =>
  spawn('strace', [
    '-f',
    '-qq',
    ...options,
    process.execPath,
    saver,
    'save',
    directory,
    String(SAVES),
  ]);

const injecting = (directory: string, call: Call, fate: string, when: number) => {
  const inject = `inject=${CALLS[call]}:${fate}:when=${when}`;
  return traced(directory, '-o', '/dev/null', '-e', `trace=${CALLS[call]}`, '-e', inject);
};

/** A folder with one generation in it. */
const begun = async (): Promise<string> => {
  const directory = temporary();
  await fileIn(directory).save(stateOf(1));
  return directory;
};

/** How often each call is made while so many generations are saved. */
const countCalls = async (): Promise<{ readonly [Name in Call]: number }> => {
  const counted: [string, number][] = [];
  for (const [name, call] of Object.entries(CALLS)) {
    const log = join(temporary(), 'log');
    const ran = traced(await begun(), '-o', log, '-e', `trace=${call}`);
    expect(ran.lines).toHaveLength(SAVES);
    const lines = readFileSync(log, 'utf8').split('\n');
    counted.push([name, lines.filter((line) => /^\d+ +\w+\(/.test(line)).length]);
  }
  return Object.fromEntries(counted) as { readonly [Name in Call]: number };
};

const fileIn = (directory: string) =>
  createSnapshotFile({ path: join(directory, 'snapshot'), snapshot });

const generationIn = async (directory: string): Promise<number | string> => {
  const loaded = await fileIn(directory).load();
  if (loaded.ok) return generationOf(loaded.value.state);
  return loaded.status === 'none' ? 0 : loaded.reason;
};

describe('a process that saves snapshots', () => {
  it('killed at each write, sync, rename and removal leaves the old or the new', async ({
    skip,
  }) => {
    const reason = lacking(inCi, 'strace', '-V');
    skip(reason !== undefined, reason);
    const counted = await countCalls();
    expect(counted).toMatchObject({ write: SAVES, sync: 2 * SAVES, rename: 2 * SAVES });
    let kills = 0;
    for (const [call, count] of Object.entries(counted) as [Call, number][]) {
      for (let when = 1; when <= count; when++) {
        const directory = await begun();
        const { lines, signal, status } = injecting(directory, call, 'signal=SIGKILL', when);
        const where = `killed at ${call} ${when}, promised ${lines.join()}`;
        expect([signal, status], `${where}: it was killed`).toContain('SIGKILL');
        const promised = Number(lines.at(-1) ?? 1);
        const loaded = await generationIn(directory);
        expect([promised, promised + 1], `${where}: ${loaded}`).toContain(loaded);
        // The next one sweeps what is half-written, and goes on.
        const file = fileIn(directory);
        await file.sweep();
        await file.save(stateOf(9));
        expect(await generationIn(directory)).toBe(9);
        expect(readdirSync(directory).toSorted()).toEqual(['snapshot', 'snapshot.previous']);
        kills += 1;
      }
    }
    expect(kills).toBeGreaterThanOrEqual(6 * SAVES - 1);
  }, 300_000);

  it('hindered at each write, sync and rename says so, keeps a generation, and goes on', async ({
    skip,
  }) => {
    const reason = lacking(inCi, 'strace', '-V');
    skip(reason !== undefined, reason);
    const fates: { readonly [Name in 'write' | 'sync' | 'rename']: readonly string[] } = {
      write: ['ENOSPC', 'EIO', 'EFBIG'],
      sync: ['EIO', 'ENOSPC'],
      rename: ['EIO', 'EROFS', 'ENOSPC'],
    };
    const times = { write: SAVES, sync: 2 * SAVES, rename: 2 * SAVES };
    for (const [call, codes] of Object.entries(fates) as [keyof typeof fates, string[]][]) {
      for (const code of codes) {
        for (let when = 1; when <= times[call]; when++) {
          const directory = await begun();
          const { lines, status } = injecting(directory, call, `error=${code}`, when);
          const where = `${call} ${when} with ${code}: ${lines.join()}`;
          expect(status, `at ${where}`).toBe(0);
          const failed = lines.filter((line) => line.startsWith('failed'));
          expect(failed, `at ${where}`).toHaveLength(1);
          expect(failed[0], `at ${where}`).toMatch(new RegExp(`^failed \\d store_failed ${code}$`));
          expect(lines, `at ${where}`).toHaveLength(SAVES);
          // The last save may be the one that failed: before its sync of the folder it had its name.
          const last = Number(/\d/.exec(lines.at(-1)!)![0]);
          const isLate = lines.at(-1) === failed[0];
          expect(isLate ? [last - 1, last] : [last], `at ${where}`).toContain(
            await generationIn(directory),
          );
        }
      }
    }
  }, 300_000);

  it('on a disk that is full keeps what was there, and saves again when there is room', ({
    skip,
  }) => {
    const reason = lacking(false, 'unshare', '-m', 'true');
    skip(reason !== undefined, reason);
    const directory = temporary();
    // The mount ends with the process: nobody else ever sees it.
    const script = `mount -t tmpfs -o size=64k none "$1" && exec "$2" "$3" full "$1"`;
    const words = ['-m', 'sh', '-c', script, 'sh', directory, process.execPath, saver];
    const { lines, stderr } = spawn('unshare', words);
    expect({ lines, stderr }).toEqual({
      lines: ['1', 'failed 2 store_failed ENOSPC', 'found 1', '3', 'found 3'],
      stderr: '',
    });
  });

  it('with a limit on the size of files keeps what was there', async () => {
    const directory = temporary();
    spawn(process.execPath, [saver, 'save', directory, '1']);
    const script = 'ulimit -f 1; exec "$0" "$1" save "$2" 1';
    const { lines } = spawn('sh', ['-c', script, process.execPath, saver, directory]);
    expect(lines).toEqual(['failed 2 store_failed EFBIG']);
    expect(await generationIn(directory)).toBe(1);
    expect(readdirSync(directory)).toEqual(['snapshot']);
  });

  it('beside another one leaves whole generations behind', async () => {
    const directory = temporary();
    const script = 'for each in 1 2 3 4; do "$0" "$1" save "$2" 25 & done; wait';
    const { lines } = spawn('sh', ['-c', script, process.execPath, saver, directory]);
    expect(lines.filter((line) => line.startsWith('failed'))).toEqual([]);
    expect(lines).toHaveLength(100);
    expect((await fileIn(directory).read('current')).ok).toBe(true);
    expect((await fileIn(directory).read('previous')).ok).toBe(true);
    expect(readdirSync(directory)).toHaveLength(2);
  });
});
