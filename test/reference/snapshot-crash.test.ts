/**
 * The power goes at every step of a save, in every way that a disk may have understood the steps before:
 * what is loaded afterwards is the old generation or the new one. And everything that can fail fails once.
 */
import { describe, expect, it } from 'vitest';
import { Fault } from '#contracts/faults.ts';
import type { Files, NewFile } from '#contracts/files.ts';
import type { SnapshotStore } from '#contracts/snapshot.ts';
import { createSnapshotFile } from '#reference/host/snapshot-file.ts';
import {
  createFiles,
  type DiskImage,
  type FileOperation,
  type SimulatedFiles,
} from '#reference/sim/files.ts';
import { generationOf, snapshot, stateOf } from '#test/support/snapshots.ts';

const PATH = '/home/snapshot';
const PREVIOUS = '/home/snapshot.previous';

const fileOn = (files: Files): SnapshotStore => createSnapshotFile({ path: PATH, snapshot, files });

/** Which generation is loaded: 0 for none, or the refusal in words. */
const loadedFrom = async (files: Files): Promise<number | string> => {
  const loaded = await fileOn(files).load();
  if (loaded.ok) return generationOf(loaded.value.state);
  return loaded.status === 'none' ? 0 : `${loaded.status}: ${loaded.reason}`;
};

const faultOf = async (promise: Promise<unknown>): Promise<Fault> => {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Fault);
  return error as Fault;
};

interface Run {
  readonly files: SimulatedFiles;
  /** How many operations were done when a generation was promised; 0 for the empty disk. */
  readonly promised: readonly number[];
}

/** Saves some generations, one after the other. */
const saving = async (
  generations: number,
  { files = createFiles(), through = files }: { files?: SimulatedFiles; through?: Files } = {},
): Promise<Run> => {
  const promised = [0];
  for (let generation = 1; generation <= generations; generation++) {
    await fileOn(through).save(stateOf(generation));
    promised.push(files.operations.length);
  }
  return { files, promised };
};

const pictureOf = ({ names, contents }: DiskImage): string =>
  [...names].map(([path, file]) => `${path}: ${contents.get(file)?.length} bytes`).join(', ');

/** A crash in every way while generation 99 is saved on a disk that holds this; gives what broke the law. */
const brokenFrom = async (image: DiskImage, before: number | string): Promise<string[]> => {
  const broken: string[] = [];
  const disk = createFiles({ image });
  const found = await loadedFrom(disk);
  const file = fileOn(disk);
  await file.sweep();
  await file.save(stateOf(99));
  const end = disk.operations.length;
  for (let count = 0; count <= end; count++) {
    for (const each of disk.imagesAfter(count)) {
      const loaded = await loadedFrom(createFiles({ image: each }));
      // Where nothing could be loaded before, nothing but the new one ever can.
      const isLawful = loaded === 99 || (count < end && [found, before].includes(loaded));
      if (!isLawful) broken.push(`loaded ${loaded} after ${count} of ${end}: ${pictureOf(each)}`);
    }
  }
  return broken;
};

/** Two generations, the newer one cut short; and what the older one holds. */
const rottenNewest = async (): Promise<{ image: DiskImage; good: Uint8Array }> => {
  const { names, contents } = (await saving(2)).files.image();
  const newest = names.get(PATH)!;
  const cut = contents.get(newest)!.subarray(0, -1);
  return {
    image: { names, contents: new Map(contents).set(newest, cut) },
    good: contents.get(names.get(PREVIOUS)!)!,
  };
};

/**
 * Crashes after each operation in every way, and gives what broke the law: what was promised is there,
 * or what was being saved, and nothing else ever.
 */
const crashes = async (
  { files, promised }: Run,
  { twice = false } = {},
): Promise<{ images: number; broken: string[] }> => {
  const broken: string[] = [];
  let images = 0;
  for (let count = 0; count <= files.operations.length; count++) {
    const old = promised.findLastIndex((operations) => operations <= count);
    const isQuiet = promised.includes(count);
    for (const image of files.imagesAfter(count)) {
      images += 1;
      const survivors = createFiles({ image });
      const loaded = await loadedFrom(survivors);
      const isLawful = loaded === old || (!isQuiet && loaded === old + 1);
      const last = files.operations[count - 1]?.operation ?? 'nothing';
      const where = `after ${last} (${count}), ${old} promised, on ${pictureOf(image)}`;
      if (!isLawful) broken.push(`loaded ${loaded} ${where}`);
      if (twice && typeof loaded === 'number') {
        broken.push(...(await brokenFrom(image, loaded)).map((each) => `${each}, ${where}`));
      }
      // Life goes on: what was half-written is swept, the next save is whole.
      const next = fileOn(survivors);
      await next.sweep();
      await next.save(stateOf(99));
      const names = (await survivors.list('/home')).toSorted();
      const afterwards = await loadedFrom(survivors);
      if (afterwards !== 99) broken.push(`then saved 99 and loaded ${afterwards} ${where}`);
      if (names.some((name) => name.endsWith('.tmp'))) broken.push(`left ${names.join()} ${where}`);
    }
  }
  return { images, broken };
};

describe('a crash while a snapshot is saved (F1)', () => {
  it('leaves the old or the new, at every step and however the disk reordered them, twice in a row', async () => {
    const run = await saving(3);
    const { images, broken } = await crashes(run, { twice: true });
    expect(broken.slice(0, 5)).toEqual([]);
    expect(run.promised).toEqual([0, 5, 11, 17]);
    // Fewer would mean that nothing was torn or reordered: a moment has one image then.
    expect(images).toBeGreaterThan(3 * run.files.operations.length);
  });

  it('leaves the old or the new where the disk takes a few bytes at a time', async () => {
    const files = createFiles({ writeBytesMax: 500 });
    const { broken } = await crashes(await saving(2, { files }));
    expect(files.operations.filter(({ operation }) => operation === 'write')).toHaveLength(6);
    expect(broken.slice(0, 5)).toEqual([]);
  });

  it('leaves the old or the new where the one before was interrupted or rotten', async () => {
    const { image: rotten } = await rottenNewest();
    const { names, contents } = rotten;
    const starts: { readonly [what: string]: readonly [DiskImage, number] } = {
      'a rotten newest': [rotten, 1],
      'no newest': [{ names: new Map([[PREVIOUS, names.get(PREVIOUS)!]]), contents }, 1],
      'a rotten one alone': [{ names: new Map([[PATH, names.get(PATH)!]]), contents }, 0],
    };
    for (const [what, [image, before]] of Object.entries(starts)) {
      expect(await brokenFrom(image, before), `from ${what}`).toEqual([]);
    }
  });

  it('happens in one order: bytes, their sync, the two names, the sync of the folder', async () => {
    const { files } = await saving(2);
    const says = (operation: FileOperation): string => {
      const temporary = /\.[0-9a-f]{12}\.tmp$/;
      switch (operation.operation) {
        case 'create':
          return `create ${operation.path.replace(temporary, '.tmp')} ${operation.mode.toString(8)}`;
        case 'rename':
          return `rename ${operation.from.replace(temporary, '.tmp')} ${operation.to}`;
        default:
          return operation.operation;
      }
    };
    expect(files.operations.slice(5).map(says)).toEqual([
      'create /home/snapshot.tmp 600',
      'write',
      'sync',
      'rename /home/snapshot /home/snapshot.previous',
      'rename /home/snapshot.tmp /home/snapshot',
      'sync folder',
    ]);
  });
});

describe('these tests', () => {
  /** The same files, on which something does not happen. */
  const without = (files: SimulatedFiles, what: 'sync' | 'syncFolder'): Files => ({
    ...files,
    async create(path, mode) {
      const file: NewFile = await files.create(path, mode);
      return what === 'sync' ? { ...file, sync: async () => {} } : file;
    },
    ...(what === 'syncFolder' && { syncFolder: async () => {} }),
  });

  it.each(['sync', 'syncFolder'] as const)('notice a save without its %s', async (what) => {
    const files = createFiles();
    const run = await saving(2, { files, through: without(files, what) });
    expect((await crashes(run)).broken).not.toEqual([]);
  });

  it('notice a save in place', async () => {
    const files = createFiles();
    const promised = [0];
    for (const generation of [1, 2]) {
      if (generation > 1) await files.remove(PATH);
      const file = await files.create(PATH, 0o600);
      await file.write(snapshot.encode(stateOf(generation)), 0);
      await file.sync();
      await files.syncFolder('/home');
      promised.push(files.operations.length);
    }
    expect((await crashes({ files, promised })).broken).not.toEqual([]);
  });

  it('notice a save that keeps a rotten generation in the place of a good one', async () => {
    const { image, good } = await rottenNewest();
    const disk = createFiles({ image });
    const hasty: Files = { ...disk, read: async () => good };
    await fileOn(hasty).save(stateOf(3));
    const seen = new Set<number | string>();
    for (let count = 0; count <= disk.operations.length; count++) {
      for (const each of disk.imagesAfter(count)) {
        seen.add(String(await loadedFrom(createFiles({ image: each }))).split(':')[0]!);
      }
    }
    expect(seen).toContain('damaged');
  });
});

describe('a disk that fails (F3)', () => {
  it.each(['ENOSPC', 'EIO', 'EFBIG', 'EROFS'])(
    'with %s at any call leaves a generation, says so, and the next save is whole',
    async (code) => {
      const { files: healthy } = await saving(2);
      const image = healthy.image();
      const calls = await (async () => {
        const files = createFiles({ image });
        await fileOn(files).save(stateOf(3));
        return files.calls;
      })();
      expect(calls).toEqual([
        'create',
        'write',
        'sync',
        'close',
        'read',
        'rename',
        'rename',
        'remove',
        'syncFolder',
      ]);
      for (const [index, call] of calls.entries()) {
        for (const taken of call === 'write' ? [0, 1, 700] : [0]) {
          const files = createFiles({ image });
          files.failAt(index, code, taken);
          const where = `${call} (${index}), ${taken} bytes taken`;
          const saved = fileOn(files).save(stateOf(3));
          // Where the old one cannot be read it is not kept, and a removal that was not needed may fail.
          if (call === 'read' || call === 'remove') {
            await saved;
            expect(await loadedFrom(files), `at ${where}`).toBe(3);
          } else {
            const fault = await faultOf(saved);
            expect(fault.code, `at ${where}`).toBe('store_failed');
            expect(fault.message, `at ${where}`).toContain(code);
            expect(fault.message, `at ${where}`).toContain(PATH);
            expect(call === 'syncFolder' ? [2, 3] : [2], `at ${where}`).toContain(
              await loadedFrom(files),
            );
          }
          const names = [...files.image().names.keys()];
          expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([]);
          await fileOn(files).save(stateOf(4));
          expect(await loadedFrom(files), `at ${where}`).toBe(4);
        }
      }
    },
  );

  it('with a failed sync is not asked again: the next save begins with a new file', async () => {
    const { files } = await saving(1);
    files.failAt(files.calls.length + 2, 'EIO');
    await faultOf(fileOn(files).save(stateOf(2)));
    const { operations } = files;
    const [failed] = operations.slice(5).flatMap((each) => ('file' in each ? [each.file] : []));
    await fileOn(files).save(stateOf(3));
    const synced = operations.filter(({ operation }) => operation === 'sync');
    expect(synced.some((each) => 'file' in each && each.file === failed)).toBe(false);
    expect(synced).toHaveLength(2);
  });

  it.each(['EACCES', 'EIO', 'ELOOP'])(
    'with %s where it is read gives the one before',
    async (code) => {
      const { files } = await saving(2);
      files.failAt(files.calls.length, code);
      const loaded = await fileOn(files).load();
      expect(loaded).toMatchObject({ ok: true, value: { generation: 'previous' } });
      expect(loaded.ok && loaded.value.fallback).toContain(code);
    },
  );

  it('for good keeps failing, and keeps the generation', async () => {
    const { files } = await saving(2);
    for (let call = files.calls.length; call < 200; call++) files.failAt(call, 'EIO');
    for (let attempt = 0; attempt < 10; attempt++) {
      expect((await faultOf(fileOn(files).save(stateOf(3)))).code).toBe('store_failed');
    }
    expect(await loadedFrom(createFiles({ image: files.image() }))).toBe(2);
  });
});

describe('two savers at once', () => {
  /** The calls in which two savers can meet; the others are each to their own file. */
  const SHARED = new Set(['read', 'rename', 'syncFolder']);

  /** Runs two saves whose shared calls come in this order; gives what a load saw after each of them. */
  const meeting = async (turns: readonly number[]): Promise<(number | string)[]> => {
    const { files } = await saving(2);
    const waiting = new Map<number, () => void>();
    const gate = (saver: number): Promise<void> =>
      new Promise((resolve) => waiting.set(saver, resolve));
    const slowed = (saver: number): Files =>
      Object.fromEntries(
        Object.entries(files).map(([name, call]) => [
          name,
          SHARED.has(name)
            ? async (...words: never[]) => {
                await gate(saver);
                return (call as (...each: never[]) => unknown)(...words);
              }
            : call,
        ]),
      ) as unknown as Files;
    const savers = [0, 1].map((saver) => fileOn(slowed(saver)).save(stateOf(3 + saver)));
    const seen: (number | string)[] = [];
    for (const saver of turns) {
      for (let turn = 0; turn < 30 && !waiting.has(saver); turn++) await Promise.resolve();
      const go = waiting.get(saver);
      waiting.delete(saver);
      go?.();
      for (let turn = 0; turn < 30; turn++) await Promise.resolve();
      seen.push(await loadedFrom(createFiles({ image: files.image() })));
    }
    await Promise.all(savers);
    for (const image of files.imagesAfter(files.operations.length)) {
      seen.push(await loadedFrom(createFiles({ image })));
    }
    return [...seen, await loadedFrom(files)];
  };

  const orders = (left: number, right: number): number[][] => {
    if (left === 0 || right === 0) return [Array<number>(left + right).fill(left === 0 ? 1 : 0)];
    return [
      ...orders(left - 1, right).map((order) => [0, ...order]),
      ...orders(left, right - 1).map((order) => [1, ...order]),
    ];
  };

  it('leave whole generations at every step, in every order of their steps', async () => {
    const all = orders(4, 4);
    expect(all).toHaveLength(70);
    for (const order of all) {
      const seen = await meeting(order);
      expect(
        seen.every((each) => [2, 3, 4].includes(each as number)),
        `${order.join('')}: ${seen.join(', ')}`,
      ).toBe(true);
      expect([3, 4]).toContain(seen.at(-1));
    }
  });
});
