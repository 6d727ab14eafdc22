/**
 * Three whole nodes over WebTransport, as `node start transport webtransport` makes them: they trade, are
 * cut, heal and agree, and one that restarts is found where it was, because its certificate was kept.
 */
import { copyFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Did, Topic } from '#contracts/identifiers.ts';
import { readSettings } from '#reference/config.ts';
import { startDaemon, type Daemon } from '#reference/commands/node/daemon/daemon.ts';
import { foundNetwork } from '#reference/commands/node/home/found.ts';
import {
  ensureIdentity,
  homeAt,
  publicKeyOf,
  writeNetwork,
  type Home,
} from '#reference/commands/node/home/home.ts';
import { checkPeers } from '#reference/commands/node/daemon/transports.ts';
import { referenceLayers } from '#reference/layers.ts';
import { cleanUp, temporary, until } from '#test/support/command.ts';

const TOPIC = 'ledger:hours' as Topic;
const running = new Set<Daemon>();
afterAll(async () => {
  for (const daemon of running) await daemon.stop();
  cleanUp();
});

const start = async (
  home: Home,
  listen = '127.0.0.1:0',
  ...peers: readonly string[]
): Promise<Daemon> => {
  const daemon = await startDaemon({
    home,
    layers: referenceLayers,
    settings: readSettings({ redialMsMax: 500 }),
    transport: 'webtransport',
    listen,
    peers: peers.map((address) => ({ address, did: undefined })),
    multicast: undefined,
    logLevel: 'error',
  });
  running.add(daemon);
  return daemon;
};

const pay = async ({ node }: Daemon, to: Did, amount: bigint): Promise<void> => {
  expect(await node.pay({ currency: 'hours', to, amount })).toMatchObject({ ok: true });
};

it('three nodes trade, part, heal and restart', async () => {
  const homes = ['alice', 'bob', 'charlie'].map((name) => homeAt(join(temporary(), name)));
  const dids: Did[] = [];
  for (const home of homes) dids.push((await ensureIdentity(home, { sealed: false })).did);
  const [homeA, homeB, homeC] = homes as [Home, Home, Home];
  const [a, b, c] = dids as [Did, Did, Did];
  const words = new Map([
    ['name', 'alice'],
    ['members', `bob=${b},charlie=${c}`],
  ]);
  await writeNetwork(homeA, foundNetwork(a, 'corner', words, publicKeyOf));
  for (const home of [homeB, homeC]) await copyFile(homeA.networkPath, home.networkPath);

  let alice = await start(homeA);
  const bob = await start(homeB, '127.0.0.1:0', alice.address);
  const charlie = await start(homeC, '127.0.0.1:0', alice.address, bob.address);
  const all = (): readonly Daemon[] => [alice, bob, charlie];
  const linked = (): Promise<unknown> =>
    until(
      'all to be linked',
      () => all().every(({ node }) => node.peers().length === 2) || undefined,
    );
  const agree = (...expected: readonly bigint[]): Promise<unknown> =>
    until(
      `${expected.join(', ')} everywhere`,
      () =>
        all().every(({ node }) => {
          const balances = node.balances(TOPIC);
          return dids.every((did, index) => (balances.get(did) ?? 0n) === expected[index]);
        }) || undefined,
    );

  await linked();
  await pay(bob, a, 1_000n);
  await pay(charlie, b, 500n);
  await pay(alice, c, 300n);
  await agree(700n, -500n, -200n);

  charlie.node.cut([a, b]);
  await Promise.all([pay(alice, b, 200n), pay(charlie, a, 100n)]);
  await until('the cut', () => charlie.node.peers().length === 0 || undefined);
  charlie.node.heal();
  await agree(600n, -300n, -300n);
  await linked();

  const { address } = alice;
  await alice.stop();
  running.delete(alice);
  await until('both to miss her', () => bob.node.peers().length === 1 || undefined);
  await pay(bob, c, 50n);
  const [place = ''] = address.split('/');
  alice = await start(homeA, place);
  expect(alice.address).toBe(address);
  expect((await stat(join(homeA.directory, 'certificate.pem'))).mode & 0o777).toBe(0o600);
  await linked();
  await agree(600n, -350n, -250n);
});

it('peers are named as their transport needs it', () => {
  const hash = 'a'.repeat(43);
  checkPeers('quic', ['127.0.0.1:7001', 'host:1']);
  checkPeers('webtransport', [`127.0.0.1:7001/${hash}`, `[::1]:7/${hash}`]);
  for (const peer of ['nonsense', '127.0.0.1:0', `127.0.0.1:7001/${hash}`])
    expect(() => checkPeers('quic', [peer])).toThrow(/expected host:port, separated/);
  for (const peer of ['127.0.0.1:7001', `127.0.0.1:7001/${hash}x`, `127.0.0.1:0/${hash}`])
    expect(() => checkPeers('webtransport', [peer])).toThrow(/expected host:port\/hash/);
});
