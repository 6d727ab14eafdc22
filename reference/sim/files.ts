/**
 * Files whose disk can lose power at any moment. What programs see is one thing; what is left after a
 * crash is another, and there is more than one way it can be.
 *
 * The fault model is that of Pillai and others, "All File Systems Are Not Created Equal" (OSDI 2014):
 *
 *   names      each creation, rename, link and removal since the last sync of the folder is on the disk
 *              or not, one regardless of the other; a rename is one step
 *   bytes      of a file that was not synced since it was written: none, some of them, cut anywhere, or
 *              as many zeros
 *   synced     is there
 *
 * `imagesAfter` lists them all for a moment of a run, so a test can go through every one. It is a list
 * that doubles with each unsynced name: programs that sync seldom are cut into small runs.
 *
 * An error is played by `failAt`: an operation that fails does nothing, save that a write may have taken
 * half. What a process alone can lose (SIGKILL) is the image in which all names and bytes are there.
 */
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import type { Files, NewFile } from '#contracts/files.ts';

/** What a disk holds: which name stands for which file, and what is in it. */
export interface DiskImage {
  readonly names: ReadonlyMap<string, number>;
  readonly contents: ReadonlyMap<number, Uint8Array>;
}

/** Something that changed the disk; `file` is the number of the file that it happened to. */
export type FileOperation =
  | {
      readonly operation: 'create';
      readonly path: string;
      readonly file: number;
      readonly mode: number;
    }
  | {
      readonly operation: 'write';
      readonly file: number;
      readonly position: number;
      readonly bytes: Uint8Array;
    }
  | { readonly operation: 'sync'; readonly file: number }
  | {
      readonly operation: 'rename' | 'link';
      readonly from: string;
      readonly to: string;
      readonly file: number;
    }
  | { readonly operation: 'remove'; readonly path: string; readonly file: number }
  | { readonly operation: 'sync folder'; readonly folder: string };

/** Every call of the contract, those that change nothing included. */
export type FileCall = keyof Files | keyof NewFile;

export interface SimulatedFilesOptions {
  /** Empty unless told. */
  readonly image?: DiskImage;
  /** Bytes that one write takes; all unless told. */
  readonly writeBytesMax?: number;
}

export interface SimulatedFiles extends Files {
  /** What has changed the disk so far. */
  readonly operations: readonly FileOperation[];
  /** What was called so far, whether it worked or not. */
  readonly calls: readonly FileCall[];
  /** What programs see now. */
  image(): DiskImage;
  /** The disk as it may be after a crash that comes right behind the first `count` operations. */
  imagesAfter(count: number): readonly DiskImage[];
  /** The call of that number fails with this code; a write takes `taken` bytes before, none unless told. */
  failAt(call: number, code: string, taken?: number): void;
}

const EMPTY: DiskImage = { names: new Map(), contents: new Map() };
const NOTHING = new Uint8Array();
/** 4 096 images, times those of the bytes. */
const UNSYNCED_NAMES_MAX = 12;

export const createFiles = (options: SimulatedFilesOptions = {}): SimulatedFiles => {
  const { image: initial = EMPTY, writeBytesMax = Number.MAX_SAFE_INTEGER } = options;
  const names = new Map(initial.names);
  const contents = new Map(initial.contents);
  const operations: FileOperation[] = [];
  const calls: FileCall[] = [];
  const failures = new Map<number, { readonly code: string; readonly taken: number }>();
  let nextFile = Math.max(0, ...contents.keys()) + 1;

  const fail = (code: string, path: string): never => {
    throw Object.assign(new Error(`${code}: simulated, ${path}`), { code });
  };
  /** Notes a call, and fails it where that was asked for. */
  const called = (call: FileCall, path: string): void => {
    const failure = failures.get(calls.push(call) - 1);
    if (failure) fail(failure.code, path);
  };
  const fileAt = (path: string): number => names.get(path) ?? fail('ENOENT', path);
  const apply = (operation: FileOperation): void => {
    operations.push(operation);
    applyName(names, operation);
    if (operation.operation === 'create') contents.set(operation.file, NOTHING);
    if (operation.operation === 'write') {
      const { file, position, bytes } = operation;
      contents.set(file, overwritten(contents.get(file) ?? NOTHING, position, bytes));
    }
  };

  const handle = (file: number, path: string): NewFile => ({
    async write(bytes, position) {
      const failure = failures.get(calls.length);
      const takenMax = Math.min(failure?.taken ?? bytes.length, writeBytesMax);
      const taken = new Uint8Array(bytes.subarray(0, takenMax)); // A copy, as the system makes one.
      if (taken.length > 0) apply({ operation: 'write', file, position, bytes: taken });
      called('write', path);
      return taken.length;
    },
    async sync() {
      called('sync', path);
      apply({ operation: 'sync', file });
    },
    async close() {
      called('close', path);
    },
  });

  return {
    operations,
    calls,
    image: () => ({ names: new Map(names), contents: new Map(contents) }),
    imagesAfter: (count) => imagesOf(initial, operations.slice(0, count)),
    failAt(call, code, taken = 0) {
      assert(call >= calls.length, `call ${call} is over: ${calls.length} were made`);
      failures.set(call, { code, taken });
    },

    async read(path, bytesMax) {
      called('read', path);
      const bytes = contents.get(fileAt(path)) ?? NOTHING;
      if (bytes.length > bytesMax) throw new Error(`it has ${bytes.length} bytes`);
      return new Uint8Array(bytes);
    },
    async list(folder) {
      called('list', folder);
      return [...names.keys()]
        .filter((path) => dirname(path) === folder)
        .map((path) => path.slice(folder.length + 1));
    },
    async create(path, mode) {
      called('create', path);
      if (names.has(path)) fail('EEXIST', path);
      const file = nextFile++;
      apply({ operation: 'create', path, file, mode });
      return handle(file, path);
    },
    async rename(from, to) {
      called('rename', from);
      apply({ operation: 'rename', from, to, file: fileAt(from) });
    },
    async link(from, to) {
      called('link', from);
      if (names.has(to)) fail('EEXIST', to);
      apply({ operation: 'link', from, to, file: fileAt(from) });
    },
    async remove(path) {
      called('remove', path);
      apply({ operation: 'remove', path, file: fileAt(path) });
    },
    async syncFolder(folder) {
      called('syncFolder', folder);
      apply({ operation: 'sync folder', folder });
    },
  };
};

/** What an operation does to names. */
const applyName = (names: Map<string, number>, operation: FileOperation): void => {
  switch (operation.operation) {
    case 'create':
      names.set(operation.path, operation.file);
      return;
    case 'link':
      names.set(operation.to, operation.file);
      return;
    case 'rename':
      if (names.get(operation.from) === operation.file) names.delete(operation.from);
      names.set(operation.to, operation.file);
      return;
    case 'remove':
      if (names.get(operation.path) === operation.file) names.delete(operation.path);
      return;
    case 'write':
    case 'sync':
    case 'sync folder':
  }
};

const folderOf = (operation: FileOperation): string | undefined => {
  if ('path' in operation) return dirname(operation.path);
  return 'to' in operation ? dirname(operation.to) : undefined;
};

const overwritten = (before: Uint8Array, position: number, bytes: Uint8Array): Uint8Array => {
  const after = new Uint8Array(Math.max(before.length, position + bytes.length));
  after.set(before);
  after.set(bytes, position);
  return after;
};

/** All that the disk may hold after these operations and a crash. */
const imagesOf = (initial: DiskImage, operations: readonly FileOperation[]): DiskImage[] => {
  const durable = new Map(initial.names);
  let unsynced: FileOperation[] = [];
  for (const operation of operations) {
    if (operation.operation === 'sync folder') {
      const isHere = (each: FileOperation): boolean => folderOf(each) === operation.folder;
      for (const each of unsynced.filter(isHere)) applyName(durable, each);
      unsynced = unsynced.filter((each) => !isHere(each));
    } else if (folderOf(operation) !== undefined) {
      unsynced.push(operation);
    }
  }
  assert(unsynced.length <= UNSYNCED_NAMES_MAX, `${unsynced.length} names without a sync`);

  const images: DiskImage[] = [];
  for (let choice = 0; choice < 2 ** unsynced.length; choice++) {
    const names = new Map(durable);
    unsynced.forEach((operation, index) => {
      if ((choice & (1 << index)) !== 0) applyName(names, operation);
    });
    let variants: Map<number, Uint8Array>[] = [new Map()];
    for (const file of new Set(names.values())) {
      const possible = contentsOf(initial, operations, file);
      variants = variants.flatMap((variant) =>
        possible.map((bytes) => new Map(variant).set(file, bytes)),
      );
    }
    for (const contents of variants) images.push({ names, contents });
  }
  return images;
};

/** What one file may hold: what was synced, and of every later write nothing, a piece, zeros or all. */
const contentsOf = (
  initial: DiskImage,
  operations: readonly FileOperation[],
  file: number,
): Uint8Array[] => {
  const own = operations.filter((each) => 'file' in each && each.file === file);
  const lastSync = own.findLastIndex(({ operation }) => operation === 'sync');
  const write = (before: Uint8Array, each: FileOperation): Uint8Array =>
    each.operation === 'write' ? overwritten(before, each.position, each.bytes) : before;

  let whole = own.slice(0, lastSync + 1).reduce(write, initial.contents.get(file) ?? NOTHING);
  const possible = [whole];
  for (const each of own.slice(lastSync + 1)) {
    if (each.operation !== 'write') continue;
    const { position, bytes } = each;
    for (const length of new Set([1, bytes.length >> 1, bytes.length - 1])) {
      possible.push(overwritten(whole, position, bytes.subarray(0, length)));
    }
    possible.push(overwritten(whole, position, new Uint8Array(bytes.length)));
    whole = overwritten(whole, position, bytes);
    possible.push(whole);
  }
  return possible;
};
