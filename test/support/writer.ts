/**
 * A node that does nothing but write, to be killed while it does: `writer.ts PAYMENTS`, and then the
 * directory of its home on standard input, so that the modules are loaded before its turn comes.
 *
 * It pays as fast as the store lets it, with so many payments under way at a time, and prints the id of each
 * only after `pay` has resolved. A write to a pipe is done when the call returns, so what was promised
 * has been said, and what was said can be held against the store that is left.
 */
import { writeSync } from 'node:fs';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { homeAt } from '#reference/commands/node/home/home.ts';
import { openOffline } from '#reference/commands/node/daemon/daemon.ts';
import { readSettings } from '#reference/config.ts';
import { referenceLayers } from '#reference/layers.ts';

const STDOUT = 1;

const write = async (directory: string): Promise<void> => {
  const node = await openOffline(homeAt(directory), referenceLayers, readSettings());
  const { names } = node.network.genesis;
  const payOn = async (): Promise<never> => {
    for (let count = 1; ; count++) {
      const memo = 'm'.repeat(count % 200);
      const paid = await node.pay({ currency: 'hours', to: names['you']!, amount: 1n, memo });
      if (!paid.ok) throw new Error(`${paid.status}: ${paid.reason}`);
      writeSync(STDOUT, `${paid.value}\n`);
    }
  };
  await Promise.all(Array.from({ length: Number(process.argv[2]) }, payOn));
};

const [line] = await once(createInterface({ input: process.stdin }), 'line');
await write(String(line));
