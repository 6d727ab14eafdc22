/**
 * A running node on real sockets: what it was told is what its transport keeps, what breaks comes back, and
 * however it ends nothing stays open.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { Server } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import type { DialResult } from '#contracts/transport.ts';
import { readSettings } from '#reference/config.ts';
import {
  openOffline,
  startDaemon,
  type DaemonOptions,
} from '#reference/commands/node/daemon/daemon.ts';
import { foundNetwork } from '#reference/commands/node/home/found.ts';
import {
  ensureIdentity,
  homeAt,
  publicKeyOf,
  writeNetwork,
  type Home,
} from '#reference/commands/node/home/home.ts';
import { referenceLayers } from '#reference/layers.ts';
import { callNode, readControl } from '#reference/operations/client.ts';
import { encodeDid } from '#reference/records/did.ts';
import { createQuicTransport } from '#reference/transport/quic.ts';
import { wordsToRun } from '#start/built.mjs';
import { cleanUp, launch, start, temporary, until, within } from '#test/support/command.ts';

afterAll(cleanUp);

const newHome = async (): Promise<Home> => {
  const home = homeAt(temporary());
  const { did } = await ensureIdentity(home, { sealed: false });
  await writeNetwork(home, foundNetwork(did, 'few', new Map(), publicKeyOf));
  return home;
};

const optionsOf = (home: Home, more: Partial<DaemonOptions> = {}): DaemonOptions => ({
  home,
  layers: referenceLayers,
  settings: readSettings(),
  listen: '127.0.0.1:0',
  peers: [],
  multicast: undefined,
  logLevel: 'error',
  ...more,
});

it('the links that a node may have are bounded where they come in, and the silent make room for the next', async () => {
  const home = await newHome();
  const settings = readSettings({ linksMax: 2, helloTimeoutMs: 60_000 });
  const daemon = await startDaemon(optionsOf(home, { settings }));
  const stranger = createQuicTransport({ seed: randomBytes(32), didOf: encodeDid });
  const dial = (): Promise<DialResult> =>
    new Promise((resolve) => stranger.dial(daemon.address, daemon.node.did, resolve));
  const live: number[] = [];
  const end = (number: number): void => void live.splice(live.indexOf(number), 1);
  const call = async (number: number): Promise<void> => {
    const result = await dial();
    if (result.status !== 'open') return;
    live.push(number);
    result.link.open({ received: () => {}, drained: () => {}, closed: () => end(number) });
  };
  for (let number = 0; number < 8; number++) {
    await call(number);
    // Two have a place, one may be leaving.
    await until('the surplus to be gone', () => live.length <= 3 || undefined, 5_000);
  }
  await until('two to be left', () => live.length === 2 || undefined, 5_000);
  const [first] = live;
  await call(8);
  await until('the newest in place of the oldest', () => !live.includes(first!) || undefined);
  expect(live).toContain(8);
  await stranger.close();
  await daemon.stop();
});

/** The open servers of this process at a port. */
const serversAt = (port: number): readonly Server[] =>
  (process as unknown as { _getActiveHandles(): readonly unknown[] })
    ._getActiveHandles()
    .filter((handle): handle is Server => handle instanceof Server)
    .filter((server) => (server.address() as { readonly port?: number }).port === port);

describe('a supervised daemon', () => {
  it('opens its control server again when it breaks, under a new token', async () => {
    const home = await newHome();
    const daemon = await startDaemon(optionsOf(home));
    const first = (await readControl(home.controlPath))!;
    const [server] = serversAt(Number(first.address.split(':')[1]));
    // What the system says where no descriptor is left for the next connection, twice at once.
    for (let count = 0; count < 2; count++) {
      server!.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
    }
    const second = await until('another control file', async () => {
      const control = await readControl(home.controlPath);
      return control && control.token !== first.token ? control : undefined;
    });
    expect(await callNode(second, 'network.status', {})).toMatchObject({ ok: true });
    expect(daemon.control?.address).toBe(second.address);
    await expect(callNode(first, 'network.status', {})).rejects.toMatchObject({
      code: 'node_not_running',
    });
    expect((await daemon.stop()).overdue).toEqual([]);
    expect(existsSync(home.controlPath)).toBe(false);
  });

  it('says which Fault ended its start, and leaves what it opened closed', async () => {
    const home = await newHome();
    const other = await newHome();
    const daemon = await startDaemon(optionsOf(home));
    const twice = startDaemon(optionsOf(home));
    await expect(twice).rejects.toMatchObject({ code: 'store_locked' });
    const samePort = startDaemon(optionsOf(other, { listen: daemon.address }));
    await expect(samePort).rejects.toMatchObject({ code: 'port_in_use' });
    // The store of the one that failed is free again.
    await (await openOffline(other, referenceLayers, readSettings())).stop();
    await daemon.stop();
    expect([home, other].map(({ controlPath }) => existsSync(controlPath))).toEqual([false, false]);
  });

  it('F23: once stopped it holds no socket, no timer and no file', async () => {
    const home = await newHome();
    const words = [...(await wordsToRun('test/network/daemon-child.ts')), home.directory];
    const ran = await within('the child', launch(process.execPath, words).ended);
    expect([ran.code, ran.err]).toEqual([0, '']);
    const { before, during, after, overdue } = JSON.parse(ran.out) as {
      readonly [when: string]: readonly string[];
    };
    expect(during).toContain('TCPServerWrap');
    expect([after, overdue]).toEqual([before, []]);
  });

  it('F23: a signal at any moment of the start ends it in time, and leaves its store free and whole', async () => {
    const home = await newHome();
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    for (const [index, signal] of signals.entries()) {
      const delayMs = randomInt(1_500);
      const { child, ended, out, err } = start(['node', 'start', 'alone', 'data', home.directory]);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      const askedAt = performance.now();
      child.kill(signal);
      // Ctrl-C twice: the second must not cut the closing short.
      if (index === 0) child.kill(signal);
      const { code } = await within('its end', ended);
      const tookMs = performance.now() - askedAt;
      const offline = await openOffline(home, referenceLayers, readSettings());
      const verified = offline.verify();
      let step = verified.next();
      while (!step.done) step = verified.next();
      await offline.stop();
      // Stopped while it ran, stopped while it started, or ended by the signal before it could listen.
      const codes = [0, 130, 128 + { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 }[signal]];
      const seen = {
        isCodeKnown: codes.includes(code),
        isInTime: tookMs < 5_500,
        leavesControl: existsSync(home.controlPath),
        problems: step.value,
      };
      const good = { isCodeKnown: true, isInTime: true, leavesControl: false, problems: [] };
      const when = `${signal} after ${delayMs} ms, code ${code}, ${Math.round(tookMs)} ms: ${out()}${err()}`;
      expect({ when, ...seen }).toEqual({ when, ...good });
    }
    expect(readFileSync(home.networkPath, 'utf8')).toContain('few');
  });
});
