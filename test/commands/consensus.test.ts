/** `npm run node consensus`: one steward decides, and whoever is handed the file can check it without a node. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDaemon, type Daemon } from '#reference/commands/node/daemon/daemon.ts';
import { homeAt } from '#reference/commands/node/home/home.ts';
import { readSettings } from '#reference/config.ts';
import { referenceLayers } from '#reference/layers.ts';
import { cleanUp, inProcess, refusal, resultOf, temporary, until } from '#test/support/command.ts';

interface Status {
  readonly certified: number;
  readonly accepted: number;
}

interface Certificates {
  readonly certificates: { readonly proposal: { body: { number: number } }; votes: unknown[] }[];
}

let directory = '';
let daemon: Daemon | undefined;
const ask = (...words: readonly string[]) => inProcess('consensus', ...words, 'data', directory);
const file = (name: string): string => join(directory, name);

beforeAll(async () => {
  directory = temporary();
  const bob = temporary();
  const { did } = resultOf<{ readonly did: string }>(await inProcess('init', 'data', bob, 'json'));
  const founding = ['network', 'coop', 'name', 'anna', 'members', `bob=${did}`];
  resultOf(await inProcess('init', ...founding, 'data', directory, 'json'));
});

afterAll(async () => {
  await daemon?.stop();
  cleanUp();
});

describe('node consensus', () => {
  it.each([
    [[], /expected: npm run node consensus status \| propose/],
    [['ponder'], /expected: npm run node consensus status/],
    [['propose'], /propose checkpoint/],
    [['propose', 'everything'], /propose checkpoint/],
    [['propose', 'checkpoint', 'now'], /propose checkpoint/],
    [['propose', 'grant'], /propose grant WHO/],
    [['propose', 'grant', 'anna', 'until', '0'], /propose grant WHO/],
    [['propose', 'grant', 'anna', 'hours', 'more'], /"more" means nothing here/],
    [['propose', 'stewards', 'anna'], /quorum N/],
    [['propose', 'stewards', 'anna', 'quorum', 'most'], /quorum N/],
    [['propose', 'ruling', 'abc'], /from WHO to WHO/],
    [['vote'], /vote ID/],
    [['export'], /export FILE/],
    [['verify', '/no/such/file'], /ENOENT.*Expected a file that "consensus export" wrote/],
  ] as const)('%j is refused with what is expected', async (words, expected) => {
    expect(await ask(...words)).toEqual(refusal(64, 'usage', expected));
  });

  it.skipIf(process.platform === 'win32')('a device is read to a bound', async () => {
    const words = /zero: it has more than \d+ bytes/;
    expect(await ask('verify', '/dev/zero')).toEqual(refusal(64, 'usage', words));
  });

  it('proposes, decides, settles and exports what others can check', async () => {
    daemon = await startDaemon({
      home: homeAt(directory),
      layers: referenceLayers,
      settings: readSettings(),
      listen: '127.0.0.1:0',
      peers: [],
      multicast: undefined,
      logLevel: 'error',
    });
    expect((await inProcess('pay', 'bob', '2', 'hours', 'data', directory)).code).toBe(0);
    const history = async () => (await inProcess('history', 'data', directory)).out;
    expect(await history()).toContain('provisional');
    expect((await ask('propose', 'checkpoint')).out).toMatch(
      /records settled: 1, chains that went further: 1/,
    );
    await until('the certificate to be accepted', async () => {
      const { certified, accepted } = resultOf<Status>(await ask('status', 'json'));
      return certified === 1 && accepted === 1 ? true : undefined;
    });
    expect(await history()).toContain('settled');
    expect((await ask('vote', '0'.repeat(64))).code).toBe(1);
    expect((await ask('export', file('chain.json'))).code).toBe(0);
    expect((await ask('verify')).code).toBe(0);
    expect((await ask('export', join(directory, 'no/such/file'))).code).not.toBe(0);
  });

  it('checks a file without a node, and believes nothing that was changed in it', async () => {
    await daemon?.stop();
    daemon = undefined;
    expect((await ask('verify', file('chain.json'))).code).toBe(0);
    const read = (): Certificates =>
      JSON.parse(readFileSync(file('chain.json'), 'utf8')) as Certificates;
    const changed = async (change: (chain: Certificates) => void) => {
      const chain = read();
      change(chain);
      writeFileSync(file('changed.json'), JSON.stringify(chain));
      return ask('verify', file('changed.json'));
    };
    const altered = await changed(({ certificates: [first] }) => {
      first!.proposal.body.number = 2;
    });
    expect(altered).toMatchObject({ code: 1, err: expect.stringContaining('id_mismatch') });
    const unvoted = await changed(({ certificates: [first] }) => void first!.votes.pop());
    expect(unvoted).toMatchObject({ code: 1, err: expect.stringContaining('unproven') });
    const other = await changed((chain) => Object.assign(chain, { network: '0'.repeat(64) }));
    expect(other).toMatchObject({ code: 1, err: expect.stringContaining('network_other') });
    writeFileSync(file('changed.json'), '{');
    expect((await ask('verify', file('changed.json'))).err).toContain('file_malformed');
  });
});
