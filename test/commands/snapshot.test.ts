/** What a home remembers, from the operator's side: kept over restarts, checked, and never in the way of a start. */
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isReserved } from '#contracts/topics.ts';
import { startDaemon, type Daemon } from '#reference/commands/node/daemon/daemon.ts';
import { foundNetwork } from '#reference/commands/node/home/found.ts';
import {
  ensureIdentity,
  homeAt,
  publicKeyOf,
  writeNetwork,
  type Home,
} from '#reference/commands/node/home/home.ts';
import { readSettings } from '#reference/config.ts';
import { referenceLayers } from '#reference/layers.ts';
import { createFormat } from '#reference/snapshot/snapshot.ts';
import { cleanUp, inProcess, refusal, resultOf, temporary } from '#test/support/command.ts';
import { policyOf } from '#test/support/proof.ts';
import { content, didOf, snapshot, stateOf } from '#test/support/snapshots.ts';

afterAll(cleanUp);

let home: Home;
let daemon: Daemon | undefined;
/** The log of the nodes that ran. */
let log: string;
beforeEach(async () => {
  home = homeAt(temporary());
  log = '';
  const { did } = await ensureIdentity(home, { sealed: false });
  await writeNetwork(home, foundNetwork(did, 'corner', new Map(), publicKeyOf));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    log += String(text);
    return true;
  });
});
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
  vi.restoreAllMocks();
});

const startIt = async (): Promise<Daemon> => {
  daemon = await startDaemon({
    home,
    layers: referenceLayers,
    settings: readSettings(),
    listen: '127.0.0.1:0',
    peers: [],
    multicast: undefined,
    logLevel: 'warn',
  });
  return daemon;
};
const stopIt = async (): Promise<void> => {
  await daemon?.stop();
  daemon = undefined;
};
const openTopics = (of: Daemon): readonly string[] =>
  of.node
    .topics()
    .map(({ topic }) => topic)
    .filter((topic) => !isReserved(topic));
const ask = (...words: readonly string[]) =>
  inProcess('snapshot', ...words, 'data', home.directory);

/** Two generations at least: each change of topics is one, and so is the end. */
const twoGenerations = async (): Promise<void> => {
  const { node } = await startIt();
  await node.keep();
  node.open(policyOf('garden:plans'));
  await node.publish('garden:plans', 'beans');
  await stopIt();
};

describe('a node that starts again', () => {
  it('has its topics and its numbers, and a snapshot that is its own to read', async () => {
    await twoGenerations();
    expect(statSync(home.snapshotPath).mode & 0o777).toBe(0o600);
    const { node } = await startIt();
    expect(openTopics(daemon!)).toEqual(['garden:plans']);
    expect(node.coordination().clocks['garden:plans']).toEqual({ [node.did]: 1 });
    expect(node.close('garden:plans')).toBe(true);
    await stopIt();
    expect(openTopics(await startIt()), 'closed for good').toEqual([]);
    expect(log).toBe('');
  });

  it('says so where its snapshot is damaged, and takes the one before', async () => {
    await twoGenerations();
    const bytes = readFileSync(home.snapshotPath);
    bytes[bytes.length - 9]! ^= 4;
    writeFileSync(home.snapshotPath, bytes);
    expect(openTopics(await startIt())).toEqual(['garden:plans']);
    expect(log).toMatch(
      /"level":"warn","event":"snapshot_previous".*snapshot: expected the checksum/,
    );
  });

  it('starts where nothing can be read, and says so', async () => {
    await twoGenerations();
    for (const path of [home.snapshotPath, `${home.snapshotPath}.previous`])
      writeFileSync(path, 'x');
    const half = `${home.snapshotPath}.0123456789ab.tmp`;
    writeFileSync(half, 'half');
    expect(openTopics(await startIt())).toEqual([]);
    expect(log).toContain('"event":"snapshot_damaged"');
    expect(existsSync(half), 'what a crash left is swept').toBe(false);
    await stopIt();
    expect((await ask('verify')).code).toBe(0);
  });

  it('does not start from a newer snapshot or another owner’s, and says which command helps', async () => {
    await twoGenerations();
    const newer = createFormat(content, 2, {}).encode(stateOf(1));
    writeFileSync(home.snapshotPath, newer);
    const helps = `mv ${home.snapshotPath} ${home.snapshotPath}.`;
    await expect(startIt()).rejects.toMatchObject({
      code: 'snapshot_newer',
      message: expect.stringContaining(`${helps}newer`) as string,
    });
    expect(await ask('verify')).toEqual(refusal(1, 'newer_version', /version 2.*reads up to 1/));
    expect(await ask('save')).toEqual(refusal(1, 'snapshot_newer', /mv .*newer/));
    expect(readFileSync(home.snapshotPath)).toEqual(Buffer.from(newer));

    writeFileSync(home.snapshotPath, snapshot.encode(stateOf(1, didOf(9))));
    await expect(startIt()).rejects.toMatchObject({
      code: 'snapshot_other',
      message: expect.stringContaining(`${helps}other`) as string,
    });
    // The store was given back: the command that was named helps.
    rmSync(home.snapshotPath);
    await startIt();
  });
});

describe('node snapshot', () => {
  it('saves and verifies, whether the node runs or not', async () => {
    expect(await ask('verify')).toEqual(refusal(1, 'none', /there is no/));
    expect(await ask('save')).toMatchObject({ code: 0, err: '', out: /^saved: 3 topics/ });
    const { node } = await startIt();
    node.open(policyOf('garden:plans'));
    expect(resultOf(await ask('save', 'json'))).toMatchObject({ topics: 4, subscriptions: 4 });
    expect(resultOf(await ask('verify', 'json'))).toMatchObject({
      current: { status: 'good', topics: 4 },
      previous: { status: 'good' },
    });
    writeFileSync(home.snapshotPath, readFileSync(home.snapshotPath).subarray(1));
    expect(await ask('verify')).toEqual(
      refusal(1, 'damaged', /expected a header.*the generation before is good/),
    );
  });

  it('refuses other words', async () => {
    expect(await ask('delete')).toEqual(
      refusal(64, 'usage', /expected save or verify, got delete/),
    );
    expect(await ask()).toEqual(refusal(64, 'usage', /save \| verify/));
    expect(await ask('save', 'verify')).toMatchObject({ code: 64 });
  });

  it('says what is wrong with the disk, and leaves nothing half-written', async ({ skip }) => {
    skip(
      process.getuid?.() === 0,
      'root may write everywhere: test/long/snapshot-kill.test.ts tries it',
    );
    expect((await ask('save')).code).toBe(0);
    chmodSync(home.directory, 0o500);
    expect(await ask('save')).toEqual(refusal(4, 'store_failed', /cannot be written/));
    chmodSync(home.directory, 0o700);
    expect(readdirSync(home.directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});
