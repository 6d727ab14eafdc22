/**
 * Real nodes for benchmarks: a LevelDB in a fresh folder, QUIC on loopback or no network at all, the
 * reference's layers and default settings. The store in between remembers what it was told to write,
 * so that a limit can write the very same.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DurableStore, Write } from '#contracts/host.ts';
import type { Transport } from '#contracts/transport.ts';
import { readSettings } from '#reference/config.ts';
import { createHost } from '#reference/host/host.ts';
import { openStore } from '#reference/host/level-store.ts';
import { referenceLayers } from '#reference/layers.ts';
import type { Node } from '#contracts/node.ts';
import { createNode } from '#reference/node.ts';
import type { Cooperative } from './cooperative.ts';

/** Runs `work` with a fresh folder and removes it afterwards, however that went. */
export const withFolder = async <Value>(
  work: (folder: string) => Promise<Value>,
): Promise<Value> => {
  const folder = await mkdtemp(join(tmpdir(), 'murmuration-bench-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** A store that remembers the writes of each commit until they are taken. */
export interface RecordingStore extends DurableStore {
  /** The commits since the last call, in order. */
  taken(): (readonly Write[])[];
}

export const recording = (store: DurableStore): RecordingStore => {
  let commits: (readonly Write[])[] = [];
  return {
    ...store,
    commit(writes, done) {
      if (writes.length > 0) commits.push(writes);
      store.commit(writes, done);
    },
    taken() {
      const taken = commits;
      commits = [];
      return taken;
    },
  };
};

/** Commits and waits for the disk. */
export const commitDurably = (store: DurableStore, writes: readonly Write[]): Promise<void> =>
  new Promise((resolve, reject) => {
    store.commit(writes, (error) => (error ? reject(error) : resolve()));
  });

/** For a node that talks to nobody. */
export const noTransport: Transport = {
  listen: (address) => Promise.resolve({ address, close: () => Promise.resolve() }),
  dial: (_address, _expected, done) => done({ status: 'unreachable', reason: 'no network' }),
  close: () => Promise.resolve(),
};

const silent = { write: () => undefined, close: () => Promise.resolve() };

export interface RigOptions {
  readonly cooperative: Cooperative;
  /** Which member the node is. */
  readonly member: number;
  readonly folder: string;
  readonly transport?: Transport;
}

/** Opens a node on the store in a folder; nothing is started yet. */
export const openNode = async (
  options: RigOptions,
): Promise<{ node: Node; store: RecordingStore }> => {
  const { cooperative, member, folder, transport = noTransport } = options;
  const store = recording(await openStore(folder));
  const host = createHost({ store, transport, log: silent, logLevelMin: 'error' });
  const node = await createNode({
    host,
    network: cooperative.network,
    signer: cooperative.members[member]!.signer,
    layers: referenceLayers,
    settings: readSettings(),
  });
  return { node, store };
};

export { openStore };
