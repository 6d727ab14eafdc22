/** The keeper: when a node saves its snapshot, and what it does where it cannot. */
import { describe, expect, it } from 'vitest';
import type { CoordinationState, SnapshotStore } from '#contracts/snapshot.ts';
import { createSnapshotFile } from '#reference/host/snapshot-file.ts';
import { createKeeper, SAVE_INTERVAL_MS } from '#reference/node/durable/keeper.ts';
import { createFiles, type SimulatedFiles } from '#reference/sim/files.ts';
import { createScheduler } from '#reference/sim/scheduler.ts';
import { nodeOf, run, startCluster } from '#test/support/clusters.ts';
import { policyOf } from '#test/support/proof.ts';
import { generationOf, snapshot, stateOf } from '#test/support/snapshots.ts';

const PATH = '/home/snapshot';
const storeOn = (files: SimulatedFiles): SnapshotStore =>
  createSnapshotFile({ path: PATH, snapshot, files });

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
};

/** A keeper in virtual time on a simulated disk. */
const keeping = () => {
  const scheduler = createScheduler(0);
  const files = createFiles();
  const counted: string[] = [];
  const told: string[] = [];
  let state = stateOf(1);
  const keeper = createKeeper({
    host: { after: scheduler.after, log: (level, event) => told.push(`${level} ${event}`) },
    snapshots: storeOn(files),
    state: () => state,
    count: (event) => counted.push(event),
  });
  const found = async (): Promise<number> => {
    const loaded = await storeOn(createFiles({ image: files.image() })).load();
    return loaded.ok ? generationOf(loaded.value.state) : 0;
  };
  return {
    keeper,
    files,
    counted,
    told,
    found,
    saves: () => files.calls.filter((call) => call === 'create').length,
    become: (next: CoordinationState) => (state = next),
    pass: async (milliseconds: number) => {
      scheduler.runUntil(scheduler.now() + milliseconds);
      await turns();
    },
  };
};

describe('a keeper', () => {
  it('saves once a minute what has changed, and nothing twice', async () => {
    const { keeper, pass, saves, found, become } = keeping();
    keeper.begin();
    await pass(SAVE_INTERVAL_MS - 1);
    expect(saves()).toBe(0);
    await pass(1);
    expect([saves(), await found()]).toEqual([1, 1]);
    await pass(10 * SAVE_INTERVAL_MS);
    expect(saves()).toBe(1);
    become(stateOf(2));
    await pass(SAVE_INTERVAL_MS);
    expect([saves(), await found()]).toEqual([2, 2]);
  });

  it('saves at once when topics change, and only while the node runs', async () => {
    const { keeper, saves, become, found } = keeping();
    keeper.changed();
    await turns();
    expect(saves()).toBe(0);
    keeper.begin();
    keeper.changed();
    become(stateOf(2));
    // A thousand changes while one is being saved are one more save.
    for (let count = 0; count < 1_000; count++) keeper.changed();
    await turns();
    await turns();
    expect([saves(), await found()]).toEqual([2, 2]);
  });

  it('saves a last time at the end, and never after it', async () => {
    const { keeper, pass, saves, become, found } = keeping();
    keeper.begin();
    become(stateOf(5));
    await Promise.all([keeper.stop(), keeper.stop()]);
    expect([saves(), await found()]).toEqual([1, 5]);
    become(stateOf(6));
    keeper.changed();
    await pass(10 * SAVE_INTERVAL_MS);
    expect(saves()).toBe(1);
  });

  it('counts and tells what fails, rejects whoever asked, and saves again later', async () => {
    const { keeper, files, pass, counted, told, become, found } = keeping();
    keeper.begin();
    await keeper.keep();
    become(stateOf(2));
    files.failAt(files.calls.length + 2, 'EIO');
    await expect(keeper.keep()).rejects.toMatchObject({ code: 'store_failed' });
    expect([counted, told]).toEqual([['snapshot_failed'], ['error snapshot_failed']]);
    expect(await found()).toBe(1);
    await pass(SAVE_INTERVAL_MS);
    expect(await found()).toBe(2);
  });

  it('saves the same again where the last try failed at its very end', async () => {
    const { keeper, files, saves } = keeping();
    files.failAt(7, 'EIO'); // The sync of the folder: the new one has its name, and nobody knows.
    await keeper.keep().catch(() => undefined);
    const tried = saves();
    await keeper.keep();
    expect(saves()).toBe(tried + 1);
  });

  it('of a node without a directory says so', async () => {
    const keeper = createKeeper({
      host: { after: () => () => undefined, log: () => undefined },
      snapshots: undefined,
      state: () => stateOf(1),
      count: () => undefined,
    });
    keeper.begin();
    keeper.changed();
    await expect(keeper.keep()).rejects.toThrow('keeps no snapshots');
    await keeper.stop();
  });
});

describe('a node whose disk takes no snapshot', () => {
  it('serves on, counts it, and keeps everything once there is room', async () => {
    const files = createFiles();
    for (let call = 0; call < 30; call++) files.failAt(call, 'ENOSPC');
    const cluster = await startCluster('no room', 2, {
      snapshotsOf: (index) => storeOn(index === 0 ? files : createFiles()),
    });
    const [first, second] = cluster.places.map(nodeOf);
    for (const node of [first!, second!]) node.open(policyOf('garden:plans'));
    await run(cluster, 3_000);
    cluster.pay(0, 1, 10n);
    const said = first!.publish('garden:plans', 'still here');
    await run(cluster, 10_000);
    expect((await said).ok).toBe(true);
    expect(second!.said('garden:plans')).toHaveLength(1);
    expect(second!.balances('ledger:hours').get(second!.did)).toBe(10n);
    expect(first!.counters().get('snapshot_failed')).toBeGreaterThan(0);
    // Every try costs a few calls; at last they are used up, which is the day when there is room.
    await run(cluster, 20 * SAVE_INTERVAL_MS, 1_000);
    const loaded = await storeOn(createFiles({ image: files.image() })).load();
    expect(loaded.ok && loaded.value.state.ownTips['garden:plans']?.sequence).toBe(1);
  });
});
