/** A running node on real sockets: what it was told is what its transport keeps. */
import { randomBytes } from 'node:crypto';
import { afterAll, expect, it } from 'vitest';
import type { DialResult } from '#contracts/transport.ts';
import { readSettings } from '#reference/config.ts';
import { startDaemon } from '#reference/commands/node/daemon.ts';
import { foundNetwork } from '#reference/commands/node/found.ts';
import {
  ensureIdentity,
  homeAt,
  publicKeyOf,
  writeNetwork,
} from '#reference/commands/node/home.ts';
import { referenceLayers } from '#reference/layers.ts';
import { encodeDid } from '#reference/records/did.ts';
import { createQuicTransport } from '#reference/transport/quic.ts';
import { cleanUp, temporary } from '#test/support/command.ts';

afterAll(cleanUp);

it('the links that a node may have are bounded where they come in, before one costs a session', async () => {
  const home = homeAt(temporary());
  const { did } = await ensureIdentity(home, { sealed: false });
  await writeNetwork(home, foundNetwork(did, 'few', new Map(), publicKeyOf));
  const daemon = await startDaemon({
    home,
    layers: referenceLayers,
    settings: readSettings({ linksMax: 2 }),
    listen: '127.0.0.1:0',
    peers: [],
    multicast: undefined,
    logLevel: 'error',
  });
  const stranger = createQuicTransport({ seed: randomBytes(32), didOf: encodeDid });
  const dial = (): Promise<DialResult> =>
    new Promise((resolve) => stranger.dial(daemon.address, daemon.node.did, resolve));
  const statuses: string[] = [];
  for (let count = 0; count < 3; count++) statuses.push((await dial()).status);
  await stranger.close();
  await daemon.stop();
  expect(statuses).toEqual(['open', 'open', 'refused']);
});
