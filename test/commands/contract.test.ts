/** `node contract`: agreements in a file, run on a ledger, with right and wrong words. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Did, Json } from '#contracts/identifiers.ts';
import { openOffline } from '#reference/commands/node/daemon/daemon.ts';
import { homeAt } from '#reference/commands/node/home/home.ts';
import { readSettings } from '#reference/config.ts';
import { referenceLayers } from '#reference/layers.ts';
import { memoOf } from '#reference/operations/agreements.ts';
import { cleanUp, inProcess, refusal, resultOf, ROOT, temporary } from '#test/support/command.ts';

const GARDEN = join(ROOT, 'reference/contract-language/examples/shared-garden.json');
let home = '';
let alice = '';

beforeAll(async () => {
  home = temporary();
  alice = resultOf<{ did: string }>(await inProcess('init', 'data', temporary(), 'json')).did;
  const words = ['network', 'x', 'name', 'bob', 'members', `alice=${alice}`, 'data', home, 'json'];
  resultOf(await inProcess('init', ...words));
});
afterAll(cleanUp);

const file = (text: string): string => {
  const path = join(temporary(), 'contract.json');
  writeFileSync(path, text);
  return path;
};
const garden = (): { [key: string]: Json } =>
  JSON.parse(readFileSync(GARDEN, 'utf8')) as { [key: string]: Json };
const contract = (...words: readonly string[]) => inProcess('contract', ...words, 'data', home);

interface Ran {
  readonly id: string | null;
  readonly lines: readonly { readonly name: string; readonly change: string }[];
  readonly body: { readonly contract: string; readonly memo: string } | null;
}

describe('contract check', () => {
  it('says what is in a file, and needs no node', async () => {
    const { code, out } = await inProcess('contract', 'check', GARDEN);
    expect(code).toBe(0);
    expect(out).toContain('worked helper=DID time=AMOUNT');
  });

  it.each<[string, () => string, number, string, RegExp]>([
    ['no file', () => '/nowhere/contract.json', 64, 'usage', /ENOENT/],
    ['a folder', () => temporary(), 64, 'usage', /EISDIR/],
    ['no JSON', () => file('hello'), 64, 'usage', /no JSON that everybody reads alike/],
    ['a key said twice', () => file('{"kind":1,"kind":2}'), 64, 'usage', /every key once/],
    ['something else', () => file('{}'), 1, 'malformed', /expected the keys kind/],
    [
      'an unknown expression',
      () => {
        const rules = [
          { name: 'a', parameters: [], requires: [{ says: 'x', holds: { eval: [] } }], body: [] },
        ];
        return file(JSON.stringify({ ...garden(), rules }));
      },
      1,
      'node_unknown',
      /rules\[0\]\.requires\[0\]\.holds\.eval: no expression is eval/,
    ],
  ])('refuses %s', async (_name, make, code, status, words) => {
    expect(await contract('check', make())).toEqual(refusal(code, status, words));
  });
});

describe('contract run', () => {
  it('dry shows the entry and signs nothing', async () => {
    const words = ['worked', 'helper=alice', 'time=3', 'dry', 'json'];
    const { id, lines, body } = resultOf<Ran>(await contract('run', GARDEN, ...words));
    expect(id).toBeNull();
    expect(lines.map(({ name, change }) => `${name} ${change}`).sort()).toEqual([
      'alice +3.00',
      'bob -3.00',
    ]);
    expect(JSON.parse(body!.memo)).toMatchObject({
      rule: 'worked',
      arguments: { helper: { did: alice }, time: { integer: '300' } },
    });
    expect(resultOf(await inProcess('history', 'data', home, 'json'))).toMatchObject({
      entries: [],
    });
  });

  it('signs an entry that names the contract; the state is what the entries make it', async () => {
    const first = await contract('run', GARDEN, 'worked', 'helper=alice', 'time=3', 'json');
    expect(resultOf<Ran>(first).id).toMatch(/^[0-9a-f]{64}$/);
    const words = ['helpers=alice', 'time=1.5', 'most', '2'];
    const second = await contract('run', GARDEN, 'workedTogether', ...words);
    expect([second.code, second.out]).toEqual([0, expect.stringContaining('is signed and stored')]);
    const { id } = resultOf<{ id: string }>(await inProcess('contract', 'check', GARDEN, 'json'));
    const state = resultOf<{ state: Json; counted: number; passedOver: number }>(
      await contract('state', GARDEN, 'json'),
    );
    expect(state).toMatchObject({
      id,
      counted: 2,
      passedOver: 0,
      state: { total: { integer: '450' }, hoursOf: { map: { [alice]: { integer: '300' } } } },
    });
    const exported = await inProcess('export', 'data', home);
    expect(exported.out.match(new RegExp(`"contract":"${id}"`, 'g'))).toHaveLength(2);
    const balances = await inProcess('balances', 'data', home);
    expect(balances.out).toMatch(/alice +\+4\.50/);
    expect(balances.out).toMatch(/bob +-4\.50/);
    expect((await inProcess('verify', 'data', home)).code).toBe(0);
  });

  it('an entry that names a contract in vain is paid, and passed over in its state', async () => {
    const state = async () =>
      resultOf<{ id: string; state: Json; counted: number; passedOver: number }>(
        await contract('state', GARDEN, 'json'),
      );
    const before = await state();
    const node = await openOffline(homeAt(home), referenceLayers, readSettings());
    const accounts = [
      { account: alice as Did, debit: '700' },
      { account: node.did, credit: '700' },
    ];
    const call = {
      arguments: { helper: { did: alice }, time: { integer: '100' } },
      rule: 'worked',
      time: Date.now(),
    };
    const stale = { ...call, arguments: { ...call.arguments, time: { integer: '700' } }, time: 1 };
    for (const memo of ['', 'what it was for', memoOf(call), memoOf(stale)]) {
      const entered = await node.enter('hours', { accounts, memo, contract: before.id });
      expect(entered.ok).toBe(true);
    }
    await node.stop();
    expect(await state()).toEqual({ ...before, passedOver: before.passedOver + 4 });
  });

  it('signs nothing where a rule moves nothing', async () => {
    const rules = [{ name: 'look', parameters: [], requires: [], body: [] }];
    const path = file(JSON.stringify({ ...garden(), rules }));
    expect(await contract('run', path, 'look')).toEqual(
      refusal(1, 'nothing_moved', /no entry to sign/),
    );
  });

  it.each<[readonly string[], number, string, RegExp]>([
    [[], 64, 'usage', /check FILE \| run FILE RULE/],
    [['nope', GARDEN], 64, 'usage', /check FILE/],
    [['check'], 64, 'usage', /check FILE/],
    [['check', GARDEN, 'worked'], 64, 'usage', /check FILE/],
    [['run', GARDEN], 64, 'usage', /check FILE/],
    [['state', GARDEN, 'dry'], 64, 'usage', /go with "run"/],
    [['run', GARDEN, 'worked', 'alice'], 64, 'usage', /NAME=VALUE, got "alice"/],
    [['run', GARDEN, 'worked', '=alice'], 64, 'usage', /NAME=VALUE/],
    [['run', GARDEN, 'worked', 'time=1', 'time=2'], 64, 'usage', /said twice/],
    [['run', GARDEN, 'nope'], 1, 'rule_unknown', /worked, workedTogether/],
    [['run', GARDEN, '__proto__'], 1, 'rule_unknown', /worked, workedTogether/],
    [['run', GARDEN, 'worked', 'helper=alice'], 1, 'argument_invalid', /time: expected an integer/],
    [['run', GARDEN, 'worked', 'helper=alice', 'time=x'], 1, 'argument_invalid', /an amount/],
    [['run', GARDEN, 'worked', 'helper=alice', 'time=-1'], 1, 'argument_invalid', /an amount/],
    [['run', GARDEN, 'worked', 'helper=nobody', 'time=1'], 1, 'person_unknown', /nobody/],
    [['run', GARDEN, 'worked', 'helper=bob', 'time=1'], 1, 'transfer_to_self', /to itself/],
    [
      ['run', GARDEN, 'worked', 'more=1'],
      1,
      'argument_invalid',
      /helper=DID time=AMOUNT, got more/,
    ],
    [['run', GARDEN, 'worked', 'helper=alice', 'time=8'], 1, 'requirement_failed', /eight hours/],
    [
      ['run', GARDEN, 'worked', 'helper=alice', 'time=2', 'most', '1'],
      1,
      'not_permitted',
      /at most 100/,
    ],
    [['run', GARDEN, 'worked', 'helper=alice', 'time=2', 'most', 'x'], 1, 'amount_malformed', /x/],
    [
      ['run', GARDEN, 'workedTogether', 'helpers=alice,nobody', 'time=1'],
      1,
      'person_unknown',
      /nobody/,
    ],
    [
      ['run', GARDEN, 'workedTogether', 'helpers=[1', 'time=1'],
      1,
      'argument_invalid',
      /JSON of a list/,
    ],
    [
      ['run', GARDEN, 'workedTogether', 'helpers=[1]', 'time=1'],
      1,
      'argument_invalid',
      /expected list/,
    ],
  ])('refuses %j', async (words, code, status, text) => {
    expect(await contract(...words)).toEqual(refusal(code, status, text));
  });

  it('refuses a contract in a currency that the network does not have', async () => {
    const path = file(JSON.stringify({ ...garden(), currency: 'shells' }));
    const ran = await contract('run', path, 'worked', 'helper=alice', 'time=1');
    expect(ran).toEqual(refusal(1, 'currency_unknown', /shells/));
  });
});
