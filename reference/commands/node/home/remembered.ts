/**
 * What a home remembers of its coordination with others: `snapshot` and the generation before it. Read
 * before the node is made, while the lock of the store keeps every other saver away.
 */
import { Fault, messageOf } from '#contracts/faults.ts';
import type { LogLevel } from '#contracts/host.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { NodeLayers } from '#contracts/layers.ts';
import type { CoordinationState, SnapshotStore } from '#contracts/snapshot.ts';
import { createSnapshotFile, otherFault } from '#reference/host/snapshot-file.ts';
import type { Home } from './home.ts';

/** What `createNode` is handed of it. */
export interface Remembered {
  readonly snapshots: SnapshotStore;
  readonly coordination?: CoordinationState;
}

type Tell = (level: LogLevel, event: string, fields: { readonly reason: string }) => void;

export const snapshotsOf = (home: Home, layers: NodeLayers): SnapshotStore =>
  createSnapshotFile({
    path: home.snapshotPath,
    snapshot: layers.snapshot({ content: layers.content() }),
  });

/**
 * For a node that starts. Damage is told and costs what was remembered since the generation before, or all
 * of it; it never keeps a node from starting. A newer program's snapshot does, and another owner's: Faults
 * `snapshot_newer` and `snapshot_other` name the command that helps.
 */
export const recall = async (
  home: Home,
  layers: NodeLayers,
  self: Did,
  tell: Tell,
): Promise<Remembered> => {
  const snapshots = snapshotsOf(home, layers);
  await snapshots
    .sweep()
    .catch((error: unknown) => tell('warn', 'snapshot_unswept', { reason: messageOf(error) }));
  const loaded = await snapshots.load();
  if (!loaded.ok) {
    if (loaded.status === 'newer_version') throw new Fault('snapshot_newer', loaded.reason);
    if (loaded.status === 'damaged') tell('error', 'snapshot_damaged', { reason: loaded.reason });
    return { snapshots };
  }
  const { state, fallback } = loaded.value;
  if (state.owner !== self) throw otherFault(home.snapshotPath, state.owner);
  if (fallback !== undefined) tell('warn', 'snapshot_previous', { reason: fallback });
  return { snapshots, coordination: state };
};

/** For a question to a node that does not run: what can be read, and no objection. */
export const glance = async (home: Home, layers: NodeLayers, self: Did): Promise<Remembered> => {
  const snapshots = snapshotsOf(home, layers);
  const loaded = await snapshots.load();
  const isOurs = loaded.ok && loaded.value.state.owner === self;
  return isOurs ? { snapshots, coordination: loaded.value.state } : { snapshots };
};
