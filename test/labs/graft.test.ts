/** A learner's layer in a real node: three processes, QUIC over loopback, and whatever the layer does. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stubOf } from '#labs/matrix/field.ts';
import { ROOT } from '#start/built.mjs';
import { everyDay, inLongRun } from '#test/support/depth.ts';
import { LAB, layOut, ownFolder, RECEIVE_LINE } from './variants.ts';

interface Ended {
  readonly code: number | null;
  readonly text: string;
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** The loader's cache of the machine is used: without it every process compiles the kit anew. */
const isCache = (name: string): boolean => name.startsWith('tsx-');

/** A place for what the command leaves behind. */
const temporaryIn = (folder: string): string => {
  const temporary = join(folder, 'temporary');
  mkdirSync(temporary);
  for (const cache of readdirSync(tmpdir()).filter(isCache)) {
    symlinkSync(join(tmpdir(), cache), join(temporary, cache), 'junction');
  }
  return temporary;
};

/** Types the command, and Ctrl-C once `until` was said; nothing may be left behind. */
const graft = async (inside: string, of: string, until?: string): Promise<Ended> => {
  const temporary = temporaryIn(inside);
  const child = spawn(
    process.execPath,
    ['reference/start/start.mjs', 'labs/cli.ts', LAB.number, 'graft', 'of', of],
    {
      cwd: ROOT,
      env: { ...process.env, TMPDIR: temporary, NO_COLOR: '1', FORCE_COLOR: '0' },
      // A group of its own: Ctrl-C reaches everybody in it.
      detached: true,
    },
  );
  let text = '';
  let pressed = false;
  const heard = (chunk: Buffer): void => {
    text += chunk.toString();
    if (until === undefined || pressed || !text.includes(until)) return;
    pressed = true;
    process.kill(-child.pid!, 'SIGINT');
  };
  child.stdout.on('data', heard);
  child.stderr.on('data', heard);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const pids = [...text.matchAll(/ as process (\d+)/g)].map(([, pid]) => Number(pid));
  expect(pids.filter(isAlive)).toEqual([]);
  expect(readdirSync(temporary).filter((name) => !isCache(name))).toEqual([]);
  return { code, text };
};

/**
 * Two at once: each starts three processes, and eight grafts together have them wait longer for a core
 * than a story waits for a start.
 */
const lanes: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];

/** With a folder for it, when it is its turn, and nothing of that afterwards. */
const inFolder = (use: (folder: string) => Promise<void>): Promise<void> => {
  const inOwn = async (): Promise<void> => {
    const folder = ownFolder();
    try {
      await use(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  const done = lanes.shift()!.then(inOwn);
  lanes.push(done.catch(() => {}));
  return done;
};

/** Early in the story, or late in it, when one of the three is gone. */
const MIDDLE = everyDay('linked over QUIC', 'killed with SIGKILL');

describe.concurrent('a graft', { timeout: 150_000 }, () => {
  it('of the solution: finds the others, writes, parts, dies, comes back, agrees', ({ expect }) =>
    inFolder(async (folder) => {
      const { code, text } = await graft(folder, 'solution');
      expect(text).toMatch(/yours +runs as process \d+, listens at 127.0.0.1:\d+ \(your layer\)/);
      expect(text.match(/all 3 agree \(\d+ ms later\)/g)).toHaveLength(3);
      expect(text).toMatch(/on yours +\+6.00 +-2.00 +-4.00 +0.00\n/);
      expect(text).toContain('every record on every node verified again');
      expect(code).toBe(0);
    }));

  it('of one that throws: names its own line, and no line of the kit', ({ expect }) =>
    inFolder(async (folder) => {
      const layer = layOut(folder, 'throws in receive');
      const { code, text } = await graft(folder, layer);
      const place = `${layer}/gossip.ts:${RECEIVE_LINE + 1}`;
      expect(text).toContain(`${place} throws TypeError: no announcements today\n`);
      expect(text).not.toContain('labs/graft');
      expect(code).toBe(1);
    }));

  it('is ended by Ctrl-C in the middle', ({ expect }) =>
    inFolder(async (folder) => {
      const { code, text } = await graft(folder, 'solution', MIDDLE);
      expect(text).toMatch(/interrupted\n$/);
      expect(code).toBe(130);
    }));

  it('of a stub is refused with the task that it lacks', ({ expect }) =>
    inFolder(async (folder) => {
      const { code, text } = await graft(folder, stubOf(LAB));
      expect(text).toMatch(
        /^07\.1 is not written yet: labs\/lab-07-gossip-sync\/stub\/clock.ts:\d+\n/,
      );
      expect(text).not.toContain('process');
      expect(code).toBe(3);
    }));

  it('of one that reaches for the reference is refused by name', ({ expect }) =>
    inFolder(async (folder) => {
      const layer = layOut(folder, 'never pulls');
      const text = "export { create } from '#reference/gossip/gossip.ts';\n";
      writeFileSync(join(layer, 'gossip.ts'), text);
      const ended = await graft(folder, layer);
      expect(ended.text).toContain(`${layer}/gossip.ts:1 imports #reference/gossip/gossip.ts`);
      expect(ended.code).toBe(1);
    }));

  inLongRun(() => {
    it('of one that never pulls: says what yours lacks', ({ expect }) =>
      inFolder(async (folder) => {
        const { code, text } = await graft(folder, layOut(folder, 'never pulls'));
        expect(text).toMatch(/^your layer fails 07\.7, .*: here is what it does/);
        expect(text).toMatch(/waited 6 s for yours to show yours \+6.00, .*; last seen: /);
        expect(text).toMatch(/yours +lacks ann#2\n/);
        expect(text).toMatch(/ben +lacks nothing\n +next +npm run lab 07 of .*layer\n$/);
        expect(code).toBe(1);
      }));

    it('of one that loops for ever: names the function, and what it printed', ({ expect }) =>
      inFolder(async (folder) => {
        const layer = layOut(folder, 'loops for ever');
        const { code, text } = await graft(folder, layer);
        expect(text).toContain(
          `${layer}/gossip.ts:${RECEIVE_LINE} receive runs for 2 s without an end`,
        );
        expect(text).toContain('  heard announce\n');
        expect(code).toBe(1);
      }));

    it('is ended by Ctrl-C while yours loops', ({ expect }) =>
      inFolder(async (folder) => {
        const layer = layOut(folder, 'loops for ever');
        const { code, text } = await graft(folder, layer, 'linked over QUIC');
        expect(text).toMatch(/interrupted\n$/);
        expect(code).toBe(130);
      }));
  });
});
