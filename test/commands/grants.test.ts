/**
 * Admitting a newcomer as people do it, with real processes: two stewards found a cooperative, somebody joins
 * who may owe nothing, is granted something by a proposal and two votes, pays; and who comes later recomputes.
 */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  cleanUp,
  inProcess,
  refusal,
  resultOf,
  start,
  temporary,
  until,
  type Ran,
} from '#test/support/command.ts';

const root = temporary();
const homeOf = (name: string): string => join(root, name);
const ask = (who: string, ...words: readonly string[]): Promise<Ran> =>
  inProcess(...words, 'data', homeOf(who));

const startNode = async (who: string, peers: readonly string[]): Promise<string> => {
  const words = [
    'host',
    '127.0.0.1',
    'alone',
    ...(peers.length > 0 ? ['peers', peers.join()] : []),
  ];
  const started = start(['node', 'start', 'data', homeOf(who), 'json', ...words]);
  return (await started.said(/"address":"([^"]+)"/))[1]!;
};

const balanceOf = async (at: string, who: string): Promise<string | undefined> => {
  const { accounts } = resultOf<{ accounts: { name: string; balance: string }[] }>(await ask(at, 'balances', 'json')); // prettier-ignore
  return accounts.find(({ name }) => name === who)?.balance;
};

afterAll(cleanUp);

describe('a newcomer', () => {
  it('is admitted by a proposal and two votes, pays, and is believed by who comes later', async () => {
    const dids = new Map<string, string>();
    for (const who of ['ben', 'dana', 'late']) {
      const { did } = resultOf<{ did: string }>(await ask(who, 'init', 'json'));
      dids.set(who, did);
    }
    resultOf(await ask('anna', 'init', 'network', 'garden', 'name', 'anna', 'members', `ben=${dids.get('ben')}`, 'stewards', 'anna,ben', 'json')); // prettier-ignore
    for (const who of ['ben', 'dana', 'late']) {
      resultOf(await ask(who, 'join', join(homeOf('anna'), 'network.json'), 'json'));
    }
    const anna = await startNode('anna', []);
    const peers = [anna, await startNode('ben', [anna])];
    await startNode('dana', peers);
    const dana = dids.get('dana')!;

    expect(await ask('dana', 'pay', 'anna', '5', 'hours')).toEqual(refusal(1, 'over_limit', /you may owe 0.00 at most/)); // prettier-ignore
    expect(await ask('dana', 'consensus', 'propose', 'grant', dana)).toEqual(refusal(1, 'not_a_steward', /stewards now/)); // prettier-ignore
    const wrong: readonly (readonly [readonly string[], string, RegExp])[] = [
      [['nobody'], 'person_unknown', /got nobody/],
      [['did:key:z6MkNoKey'], 'person_unknown', /whole DID/],
      [[dana, 'stones'], 'currency_unknown', /expected one of hours/],
      [[dana, 'baseline', '20', 'cap', '10'], 'decision_invalid', /baseline of 2000 minor units is above the cap of 1000/], // prettier-ignore
      [[dana, 'baseline', '-20'], 'amount_malformed', /baseline: expected an amount/],
      [[dana, 'cap', '1.234'], 'amount_malformed', /cap: expected an amount/],
      [[dana, 'baseline', '0', 'cap', '0'], 'decision_invalid', /a cap of 0 lends nothing/],
      [[`${dana},${dana}`], 'person_twice', /named twice/],
    ];
    for (const [words, status, reason] of wrong) {
      expect(await ask('anna', 'consensus', 'propose', 'grant', ...words)).toEqual(refusal(1, status, reason)); // prettier-ignore
    }

    const proposed = await ask('anna', 'consensus', 'propose', 'grant', dana, 'baseline', '20', 'cap', '30', 'until', '50'); // prettier-ignore
    expect(proposed.out).toMatch(
      /may owe 20\.00 hours, at most 30\.00, up to record 50.*\nand voted for/,
    );
    const id = await until('the proposal to reach ben', async () => {
      const { open } = resultOf<{ open: { id: string; abstention: { why: string } }[] }>(await ask('ben', 'consensus', 'status', 'json')); // prettier-ignore
      expect(open.every(({ abstention }) => abstention.why === 'needs_a_person')).toBe(true);
      return open[0]?.id;
    });
    expect((await ask('ben', 'consensus', 'vote', id)).out).toContain('voted for');
    await until('the certificate to reach dana', async () => {
      const { out } = await ask('dana', 'consensus', 'status');
      return /certified +1\n[^]*last +grant: .*may owe 20\.00 hours/.test(out) ? true : undefined;
    });
    expect((await ask('dana', 'pay', 'anna', '15', 'hours')).code).toBe(0);
    expect((await ask('dana', 'pay', 'ben', '5', 'hours')).code).toBe(0);
    expect(await ask('dana', 'pay', 'anna', '1', 'hours')).toEqual(refusal(1, 'over_limit', /would stand at -21.00; you may owe 20.00/)); // prettier-ignore
    await until('the payments to reach anna', async () => (await balanceOf('anna', 'ben')) && true);
    const history = (await ask('anna', 'history', dana)).out;
    expect(history).toContain(`provisional, by grant ${id.slice(0, 16)}`);
    expect(history.match(/by grant/g)).toHaveLength(1);

    await startNode('late', peers);
    await until(
      'the latecomer to hold it all',
      async () => (await balanceOf('late', 'ben')) && true,
    );
    expect(await balanceOf('late', 'anna')).toBe('+15.00');
    for (const who of ['late', 'dana', 'anna']) expect((await ask(who, 'verify')).code).toBe(0);
    // Byte by byte the same, whoever is asked.
    const files = await Promise.all(
      ['late', 'anna'].map(async (who) => {
        const file = join(root, `${who}.export`);
        expect((await ask(who, 'consensus', 'export', file)).code).toBe(0);
        return file;
      }),
    );
    const verified = await ask('late', 'consensus', 'verify', files[1]!);
    expect(verified.out).toMatch(/^ *1 +grant +2 +[0-9a-f]{64}$/m);
    expect((await ask('anna', 'consensus', 'verify', files[0]!)).out).toBe(verified.out);
  }, 120_000);
});
