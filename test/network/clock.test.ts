/**
 * F8 on a real node: somebody sets its wall clock hours ahead and hours back while it runs, as a battery that
 * was empty or a time server does. Links, payments and notes go on; nothing that was said stops what follows.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Did, Topic } from '#contracts/identifiers.ts';
import { startDaemon } from '#reference/commands/node/daemon/daemon.ts';
import { homeAt } from '#reference/commands/node/home/home.ts';
import { readSettings } from '#reference/config.ts';
import { referenceLayers } from '#reference/layers.ts';
import { callNode, readControl } from '#reference/operations/client.ts';
import { cleanUp, inProcess, launch, MAIN, ROOT, temporary, until } from '#test/support/command.ts';

const closers: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closers) await close();
  cleanUp();
});

const HOUR_MS = 3_600_000;
const PLANS = 'garden:plans' as Topic;

it('F8: a clock that is set ahead and back by hours while a node runs stops nothing', async () => {
  const root = temporary();
  const [hers, his] = [join(root, 'alice'), join(root, 'bob')];
  const clock = join(root, 'clock');
  const setClock = (aheadMs: number): void => writeFileSync(clock, String(aheadMs));
  setClock(0);
  await inProcess('init', 'network', 'coop', 'data', hers);
  await inProcess('init', 'data', his);
  await inProcess('join', join(hers, 'network.json'), 'data', his);

  const words = ['node', 'start', 'alone', 'host', '127.0.0.1', 'data', hers];
  const started = launch(
    process.execPath,
    ['--import', join(ROOT, 'test/support/clock.mjs'), ...MAIN, ...words],
    { env: { CLOCK_FILE: clock } },
  );
  closers.push(async () => {
    started.child.kill('SIGTERM');
    expect(await started.ended).toMatchObject({ code: 0, err: '' });
  });
  const [, address = ''] = await started.said(/listening at (\S+)[^]*Ctrl-C/);
  const bob = await startDaemon({
    home: homeAt(his),
    layers: referenceLayers,
    settings: readSettings({ digestIntervalMs: 300, digestJitterMs: 0, digestSpacingMs: 50 }),
    listen: '127.0.0.1:0',
    peers: [{ address, did: undefined }],
    multicast: undefined,
    logLevel: 'error',
  });
  closers.unshift(() => bob.stop());
  await until('both to be linked', () => bob.node.peers()[0]);
  const control = (await readControl(homeAt(hers).controlPath))!;
  const alice = (method: string, params: object) => callNode(control, method, params as never);
  const left: Did[] = [];
  bob.node.watch((event) => void (event.event === 'disconnected' && left.push(event.peer)));

  const open = { topic: PLANS, access: { access: 'Public' }, scope: 'network' } as const;
  bob.node.open({ ...open, retention: { recordsMax: 100, ageMsMax: 30 * 24 * HOUR_MS } });
  expect(await alice('gossip.open', { topic: PLANS })).toMatchObject({ ok: true });

  for (const [note, hours] of [
    ['right', 0],
    ['ahead', 5],
    ['behind', -5],
    ['right again', 0],
  ] as const) {
    setClock(hours * HOUR_MS);
    expect(await alice('ledger.transfer', { to: bob.node.did, amount: '1' })).toMatchObject({
      ok: true,
    });
    expect(await alice('gossip.publish', { topic: PLANS, text: note })).toMatchObject({ ok: true });
    const back = await bob.node.pay({
      currency: 'hours',
      to: bob.node.peers()[0]!.did,
      amount: 1n,
    });
    expect(back).toMatchObject({ ok: true });
  }
  const sum = (): bigint => bob.node.balances('ledger:hours').get(bob.node.did) ?? 0n;
  await until('all payments', () => sum() === 396n || undefined);
  expect(left).toEqual([]);
  expect(await alice('ledger.verify', {})).toMatchObject({ ok: true });

  // Each follows the one before in her chain, whatever its date. Bob has what is not dated ahead of his clock.
  const said = await alice('gossip.said', { topic: PLANS });
  const notes = said.ok
    ? (said.value as { readonly said: readonly { readonly text: string }[] })
    : undefined;
  expect(notes?.said.map(({ text }) => text)).toEqual(['right', 'ahead', 'behind', 'right again']);
  expect(bob.node.said(PLANS).map(({ body }) => (body as { readonly text: string }).text)).toEqual([
    'right',
  ]);
});
