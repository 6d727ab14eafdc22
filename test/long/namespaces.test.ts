/**
 * Discovery between two machines: against Avahi, which nobody here wrote, in both directions; and a whole
 * cluster of two that finds itself by mDNS and trades over QUIC, and over WebTransport.
 */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { messageOf } from '#contracts/faults.ts';
import { foundNetwork } from '#reference/commands/node/home/found.ts';
import {
  ensureIdentity,
  homeAt,
  publicKeyOf,
  writeNetwork,
} from '#reference/commands/node/home/home.ts';
import { publicKeyOf as publicKeyOfSeed } from '#reference/transport/quic/identity.ts';
import { didOf } from '#test/network/quic-pair.ts';
import { cleanUp, temporary, until, type Started } from '#test/support/command.ts';
import {
  launchAvahi,
  layCable,
  whyNoCable,
  type Cable,
  type Machine,
} from '#test/support/namespaces.ts';

const absent = whyNoCable();
const absentAvahi = whyNoCable('dbus-daemon', 'avahi-daemon', 'avahi-browse', 'avahi-publish');
for (const reason of new Set([absent, absentAvahi]))
  if (reason !== undefined) process.stdout.write(`between two machines, skipped: ${reason}\n`);

const PATIENCE_MS = 60_000;
const fileAt = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const NODE_WORDS = ['--import', import.meta.resolve('tsx')];

/** Everything that a program says until it fits. */
const said = async (program: Started, pattern: RegExp): Promise<RegExpExecArray> =>
  until(pattern.source, () => pattern.exec(program.out()) ?? undefined, PATIENCE_MS).catch(
    (error: unknown) => {
      throw new Error(`${messageOf(error)}; said: ${program.out()}${program.err()}`);
    },
  );

let cable: Cable;
const lay = (): void => {
  cable = layCable();
};
const cut = (): void => cable.remove();
afterAll(cleanUp);

describe.skipIf(absentAvahi !== undefined)('mDNS between two machines, beside Avahi', () => {
  beforeEach(lay);
  afterEach(cut);

  const appear = (machine: Machine, ...words: readonly string[]): Started =>
    machine.launch(process.execPath, [
      ...NODE_WORDS,
      fileAt('../network/mdns-child.ts'),
      `${machine.address}:7001`,
      ...words,
    ]);

  it.each([
    ['over QUIC', [], /"addr=\/ip4\/10\.77\.0\.1\/udp\/7001\/quic-v1"/],
    ['over WebTransport', ['c'.repeat(43)], /"cert=c{43}"/],
  ])('avahi-browse resolves a node %s, and sees it leave', async (_name, words, way) => {
    const browser = launchAvahi(cable.right, ['avahi-browse', '--resolve', '-p', '_icn._tcp']);
    const node = appear(cable.left, ...words);
    const [, did = ''] = await said(node, /self (did:key:\S+)/);
    const label = did.replace('did:key:', '');
    const [line] = await said(browser, new RegExp(`^=;[^;]+;IPv4;${label};.*(?=\\n)`, 'm'));
    expect(line.split(';').slice(5, 9)).toEqual([
      'local',
      expect.stringContaining('.local'),
      '10.77.0.1',
      '7001',
    ]);
    expect(line).toContain(`"did=${did}"`);
    expect(line).toMatch(way);
    node.child.kill('SIGTERM');
    await said(browser, new RegExp(`^-;[^;]+;IPv4;${label};`, 'm'));
    browser.child.kill('SIGKILL');
  });

  it('a node finds what avahi-publish announces, and loses it when that ends', async () => {
    const did = didOf(publicKeyOfSeed(randomBytes(32)));
    const label = did.replace('did:key:', '');
    const node = appear(cable.left);
    await said(node, /self did:key:/);
    const announced = `${label} _icn._tcp 7777 did=${did} v=icn/gossip/1`.split(' ');
    const publish = 'avahi-publish --service "$@" & read end; kill $!; sleep 5';
    const publisher = launchAvahi(cable.right, ['sh', '-c', publish, 'publish'].concat(announced));
    await said(node, new RegExp(`found ${did} 10\\.77\\.0\\.2:7777`));
    publisher.child.stdin?.end('end\n');
    expect(await said(node, new RegExp(`lost ${did}`))).toHaveLength(1);
    node.child.kill('SIGTERM');
  });
});

describe.skipIf(absent !== undefined)('a cluster of two machines', () => {
  beforeEach(lay);
  afterEach(cut);

  const command = (machine: Machine, ...words: readonly string[]): Started =>
    machine.launch(process.execPath, [
      ...NODE_WORDS,
      fileAt('../../reference/main.ts'),
      'node',
      ...words,
    ]);

  it.each(['quic', 'webtransport'])(
    'finds itself by mDNS and trades over %s',
    async (transport) => {
      const [homeA, homeB] = [homeAt(join(temporary(), 'alice')), homeAt(join(temporary(), 'bob'))];
      const { did: alice } = await ensureIdentity(homeA, { sealed: false });
      const { did: bob } = await ensureIdentity(homeB, { sealed: false });
      const words = new Map([
        ['name', 'alice'],
        ['members', `bob=${bob}`],
      ]);
      await writeNetwork(homeA, foundNetwork(alice, 'two machines', words, publicKeyOf));
      await copyFile(homeA.networkPath, homeB.networkPath);
      const start = (machine: Machine, directory: string): Started =>
        command(
          machine,
          'start',
          'transport',
          transport,
          'host',
          machine.address,
          'data',
          directory,
        );

      const nodeA = start(cable.left, homeA.directory);
      const nodeB = start(cable.right, homeB.directory);
      await Promise.all([said(nodeA, /listening at 10\.77/), said(nodeB, /listening at 10\.77/)]);
      const paid = command(cable.right, 'pay', 'alice', '10', 'hours', 'data', homeB.directory);
      expect((await paid.ended).code).toBe(0);
      const seen = async (): Promise<true | undefined> => {
        const { out } = await command(cable.left, 'balances', 'data', homeA.directory).ended;
        return (/alice\s+\+10\.00/.test(out) && /bob\s+-10\.00/.test(out)) || undefined;
      };
      await until('the payment on the other machine', seen, PATIENCE_MS);
      for (const { child, ended } of [nodeA, nodeB]) {
        child.kill('SIGTERM');
        expect((await ended).code).toBe(0);
      }
    },
  );
});
