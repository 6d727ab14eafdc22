/** The snapshot in a real folder: what is kept, and what may stand in its place. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SnapshotStore } from '#contracts/snapshot.ts';
import { createSnapshotFile } from '#reference/host/snapshot-file.ts';
import { createFormat } from '#reference/snapshot/snapshot.ts';
import { content, didOf, generationOf, snapshot, stateOf } from '#test/support/snapshots.ts';

let directory: string;
let path: string;
let file: SnapshotStore;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'snapshot-'));
  path = join(directory, 'snapshot');
  file = createSnapshotFile({ path, snapshot });
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const previous = (): string => `${path}.previous`;
const save = async (...generations: readonly number[]): Promise<void> => {
  for (const generation of generations) await file.save(stateOf(generation));
};
/** What a load gives: the generation, where it came from, and why not from the newest. */
const load = async () => {
  const loaded = await file.load();
  if (!loaded.ok) return loaded;
  const { state, generation, fallback } = loaded.value;
  return { number: generationOf(state), generation, fallback };
};

describe('a snapshot in a folder', () => {
  it('is there again, with the one before it beside it, for its owner alone to read', async () => {
    expect(await load()).toMatchObject({ ok: false, status: 'none' });
    await save(1, 2, 3);
    expect(await load()).toEqual({ number: 3, generation: 'current', fallback: undefined });
    expect(readdirSync(directory).toSorted()).toEqual(['snapshot', 'snapshot.previous']);
    for (const each of [path, previous()]) expect(statSync(each).mode & 0o777).toBe(0o600);
    const before = await file.read('previous');
    expect(before.ok && generationOf(before.value)).toBe(2);
  });

  it('falls back to the one before where it is damaged or gone, and says why', async () => {
    await save(1, 2);
    writeFileSync(path, 'something else');
    expect(await load()).toEqual({
      number: 1,
      generation: 'previous',
      fallback: expect.stringMatching(`${path}: expected a header`) as string,
    });
    rmSync(path);
    expect(await load()).toMatchObject({ number: 1, generation: 'previous' });
    writeFileSync(previous(), '');
    expect(await load()).toMatchObject({ ok: false, status: 'damaged' });
    await save(3);
    expect(await load()).toMatchObject({ number: 3, generation: 'current' });
  });

  it('never keeps a damaged generation in the place of a good one', async () => {
    await save(1, 2);
    writeFileSync(path, readFileSync(path).subarray(0, -5));
    await save(3);
    const before = await file.read('previous');
    expect(before.ok && generationOf(before.value)).toBe(1);
    expect(await load()).toMatchObject({ number: 3, generation: 'current' });
  });

  it('of a newer program is neither read nor replaced, whichever generation it is', async () => {
    const newer = createFormat(content, 2, {}).encode(stateOf(9));
    await save(1);
    writeFileSync(path, newer);
    const refusal = {
      ok: false,
      status: 'newer_version',
      reason: expect.stringMatching(`version 2.*up to 1.*mv ${path} ${path}.newer$`) as string,
    };
    expect(await load()).toEqual(refusal);
    await expect(save(2)).rejects.toMatchObject({
      code: 'snapshot_newer',
      message: refusal.reason,
    });
    expect(readFileSync(path)).toEqual(Buffer.from(newer));
    expect(readdirSync(directory)).toEqual(['snapshot']);

    writeFileSync(previous(), newer);
    writeFileSync(path, 'damaged');
    expect(await load()).toMatchObject({
      status: 'newer_version',
      reason: expect.stringMatching(`mv ${previous()} `) as string,
    });
  });

  it('of another owner is not replaced', async () => {
    await save(1);
    const theirs = file.save(stateOf(2, didOf(7)));
    await expect(theirs).rejects.toMatchObject({
      code: 'snapshot_other',
      message: expect.stringContaining(`mv ${path} `) as string,
    });
    expect(await load()).toMatchObject({ number: 1, generation: 'current' });
    expect(readdirSync(directory)).toEqual(['snapshot']);
  });

  it('sweeps what a crash left half-written, and nothing else', async () => {
    await save(1);
    const others = ['snapshot.txt', 'snapshot.123456789abc.tmp.txt', 'key.json.123456789abc.tmp'];
    const halves = ['snapshot.123456789abc.tmp', 'snapshot.000000000000.tmp'];
    for (const name of [...others, ...halves]) writeFileSync(join(directory, name), 'half');
    expect(await file.sweep()).toBe(2);
    expect(readdirSync(directory).toSorted()).toEqual(['snapshot', ...others].toSorted());
    expect(await file.sweep()).toBe(0);
  });

  it('is whole after many saves at once', async () => {
    await save(1);
    await Promise.all(Array.from({ length: 20 }, (_, index) => save(index + 2)));
    const { number } = (await load()) as { readonly number: number };
    expect(number).toBeGreaterThan(1);
    expect((await file.read('previous')).ok).toBe(true);
    expect(readdirSync(directory)).toHaveLength(2);
  });

  it('says what to do where it cannot be saved', async () => {
    rmSync(directory, { recursive: true });
    await expect(save(1)).rejects.toMatchObject({ code: 'store_failed' });
    expect(await load()).toMatchObject({ status: 'none' });
  });
});

describe('in the place of a snapshot', () => {
  const make: { readonly [what: string]: (at: string) => unknown } = {
    'a folder': (at) => mkdirSync(at),
    'a folder with something in it': (at) => {
      mkdirSync(at);
      writeFileSync(join(at, 'mine'), '');
    },
    'a pipe without a writer': (at) => execFileSync('mkfifo', [at]),
    'a symbolic link to a good one': (at) => {
      writeFileSync(`${at}.elsewhere`, snapshot.encode(stateOf(8)));
      symlinkSync(`${at}.elsewhere`, at);
    },
    'a symbolic link to itself': (at) => symlinkSync(at, at),
    'a link to a device that never ends': (at) => symlinkSync('/dev/zero', at),
    '2 GiB of zeros': (at) => {
      const hole = openSync(at, 'w');
      ftruncateSync(hole, 2 ** 31);
      closeSync(hole);
    },
    'an empty file': (at) => writeFileSync(at, ''),
  };

  it.each(Object.entries(make))('%s is damage, and the one before is taken', async (what, put) => {
    await save(1, 2);
    rmSync(path);
    put(path);
    expect(await load()).toEqual({
      number: 1,
      generation: 'previous',
      fallback: expect.stringContaining(path) as string,
    });
    if (what.startsWith('a folder')) {
      await expect(save(3)).rejects.toMatchObject({
        code: 'store_failed',
        message: expect.stringContaining('a folder is in the way') as string,
      });
      expect(await load()).toMatchObject({ number: 1, generation: 'previous' });
      expect(lstatSync(path).isDirectory()).toBe(true);
    } else {
      await save(3);
      expect(await load()).toMatchObject({ number: 3, generation: 'current' });
      expect(lstatSync(path).isFile()).toBe(true);
      // What a link pointed at is somebody else's.
      const [elsewhere] = readdirSync(directory).filter((name) => name.endsWith('elsewhere'));
      if (elsewhere) expect(statSync(join(directory, elsewhere)).size).toBeGreaterThan(0);
    }
    expect(readdirSync(directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it.each(Object.entries(make))('%s alone is damage, and nothing is loaded', async (_, put) => {
    put(path);
    expect(await load()).toMatchObject({ ok: false, status: 'damaged' });
  });

  it('a file that this user may not read is damage', async ({ skip }) => {
    skip(process.getuid?.() === 0, 'root may read everything: the simulated files try this');
    await save(1, 2);
    chmodSync(path, 0);
    expect(await load()).toMatchObject({ number: 1, generation: 'previous' });
  });
});
