/**
 * The inbox, forks and disputes at the command line: a home whose node is not running, filled from a file by
 * somebody who signs too much, and asked every way, right and wrong.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledgerTopic, type Json } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { contentLayer, publicKeyOf } from '#reference/commands/node/home/home.ts';
import { referenceLayers } from '#reference/layers.ts';
import { readNetwork } from '#reference/node/genesis.ts';
import { createSigner } from '#reference/records/signer.ts';
import { cleanUp, inProcess, refusal, resultOf, run, temporary } from '#test/support/command.ts';

afterAll(cleanUp);

interface Item {
  readonly key: string;
  readonly id: string;
  readonly reason: string;
}
interface Proof {
  readonly author: string;
  readonly records: readonly SignedRecord[];
}

const home = join(temporary(), 'alice');
const bob = createSigner(createHash('sha256').update('bob of the inbox').digest());

const ask = async <Result>(...words: readonly string[]): Promise<Result> =>
  resultOf<Result>(await inProcess(...words, 'data', home, 'json'));
const say = (...words: readonly string[]) => inProcess(...words, 'data', home);

const itemsNow = async (): Promise<readonly Item[]> =>
  (await ask<{ readonly items: readonly Item[] }>('quarantine', 'list')).items;

/** What Bob signs: a payment, one too large, two after one, and a forged twin of the first. */
let payment: SignedRecord;
let tooMuch: SignedRecord;
let twins: readonly SignedRecord[];

/** What was said while there was nothing to say. */
const atFirst: string[] = [];

beforeAll(async () => {
  const { did } = await ask<{ readonly did: string }>(
    'init',
    'network',
    'coop',
    'name',
    'alice',
    'members',
    `bob=${bob.did}`,
  );
  const bytes = readFileSync(join(home, 'network.json'));
  const network = readNetwork(bytes, contentLayer(), publicKeyOf);
  const records = referenceLayers.records({ content: contentLayer(), network: network.id });
  const pay = (amount: number, after?: SignedRecord, memo = ''): SignedRecord =>
    records.sign(
      {
        kind: 'icn/entry/1',
        network: network.id,
        topic: ledgerTopic('hours'),
        author: bob.did,
        sequence: (after?.sequence ?? 0) + 1,
        previous: after?.id ?? null,
        parents: [],
        timestamp: 1_767_225_600_000,
        body: {
          accounts: [
            { account: did as SignedRecord['author'], debit: String(amount) },
            { account: bob.did, credit: String(amount) },
          ],
          memo,
        },
      },
      bob,
    );
  payment = pay(1_000);
  tooMuch = pay(1_000_000, payment, 'a house\u001b[2J');
  twins = [pay(100, tooMuch, 'one'), pay(100, tooMuch, 'other')];
  const forged = { ...payment, id: tooMuch.id };
  const lines = [forged, payment, tooMuch, ...twins].map((each) => JSON.stringify(each));
  const file = join(home, 'bob.jsonl');
  writeFileSync(file, `${lines.join('\n')}\n`);

  for (const words of [
    ['ledger', 'merge-report'],
    ['quarantine', 'list'],
    ['ledger', 'conflicts'],
    ['disputes'],
  ]) {
    atFirst.push((await say(...words)).out);
  }
  await ask('import', file);
});

describe('npm run node ledger', () => {
  it('says so while there is nothing to say, as the others do', () => {
    expect(atFirst).toEqual([
      'nothing was merged yet\n',
      '0 items in quarantine, room for 1000\n',
      'nobody signed two records after one\n',
      'nobody disputes anything\n',
    ]);
  });

  it('shows what became of every entry, to people and to machines', async () => {
    const report = await ask<{ readonly [list: string]: readonly unknown[] }>(
      'ledger',
      'merge-report',
    );
    expect(report).toMatchObject({
      totalProcessed: 5,
      hasIssues: true,
      pending: [],
      displaced: [],
    });
    expect(report['accepted']).toHaveLength(2);
    expect(report['quarantined']).toHaveLength(3);
    expect(report['conflicts']).toMatchObject([{ author: 'bob', resolution: 'smaller_id' }]);
    const { out } = await say('ledger', 'merge-report');
    expect(out).toMatch(/: 5 entries, with issues\n/);
    expect(out).toMatch(/conflict +bob signed [0-9a-f]{16} and [0-9a-f]{16} \(smaller_id\)/);
    expect(out).toMatch(/ExceedsCreditLimit +bob +yes .*balance would be -1001000, limit 10000/);
  });

  it('shows forks as proofs that anybody can check, and nothing else', async () => {
    const [proof] = await ask<readonly Proof[]>('ledger', 'conflicts');
    expect(proof).toMatchObject({ author: 'bob', previous: tooMuch.id });
    const ids = proof!.records.map(({ id }) => id);
    expect(ids.toSorted()).toEqual(twins.map(({ id }) => id).sort());
    const [one, other] = proof!.records;
    const cases: readonly (readonly [readonly unknown[], string])[] = [
      [proof!.records, 'proof'],
      [[other, one], 'proof'],
      [[one, one], 'same_record'],
      [[one, payment], 'previous_differs'],
      [[one, { ...other, signature: one!.signature }], 'signature_invalid'],
      [[one, { ...other, body: one!.body }], 'id_mismatch'],
      [[one], 'params_invalid'],
      [[one, other, one], 'params_invalid'],
      [[null, other], 'malformed'],
    ];
    const input = cases.map(([records]) => JSON.stringify({ records })).join('\n');
    const { code, out } = await run(['node', 'conflict', 'lines'], { input });
    expect(code).toBe(1);
    const answers = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly status?: string });
    expect(answers.map(({ status }) => status ?? 'proof')).toEqual(
      cases.map(([, status]) => status),
    );
    const told = { ok: true, author: bob.did, previous: tooMuch.id, children: ids.toSorted() };
    expect(answers.slice(0, 2)).toMatchObject([told, told]);
  }, 60_000);

  it('says what it understands', async () => {
    expect(await say('ledger', 'merge-reprot')).toEqual(
      refusal(64, 'usage', /did you mean "merge-report"\?/),
    );
    expect(await say('ledger')).toEqual(
      refusal(64, 'usage', /expected: npm run node ledger merge-report \| conflicts/),
    );
    expect(await say('ledger', 'conflicts', 'currency', 'gold')).toEqual(
      refusal(1, 'currency_unknown', /expected one of hours, got gold/),
    );
  });
});

describe('npm run node quarantine', () => {
  it('lists newest first, and gets one by the beginning of its key or id', async () => {
    const items = await itemsNow();
    expect(items.map(({ reason }) => reason).sort()).toEqual([
      'ExceedsCreditLimit',
      'ForkConflict',
      'InvalidSignature',
    ]);
    const fork = items.find(({ reason }) => reason === 'ForkConflict')!;
    for (const prefix of [fork.key, fork.key.slice(0, 12), fork.id, fork.id.slice(0, 12)]) {
      const found = await ask<Item & { readonly claim: Json }>('quarantine', 'get', prefix);
      expect(found).toMatchObject({ key: fork.key, claim: { id: fork.id } });
    }
    const { out } = await say('quarantine', 'list');
    expect(out).toMatch(/\n3 items in quarantine, room for 1000\n$/);
    // eslint-disable-next-line no-control-regex -- that none is left is the point
    expect((await say('quarantine', 'get', tooMuch.id.slice(0, 1))).out).not.toMatch(/\u001b/);
  });

  it('names the candidates where a beginning fits more than one: the forged twin has the same id', async () => {
    const candidates = (await itemsNow()).filter(({ id }) => id === tooMuch.id);
    expect(candidates).toHaveLength(2);
    for (const verb of ['get', 'release', 'drop']) {
      const answer = await say('quarantine', verb, tooMuch.id);
      expect(answer).toEqual(refusal(1, 'quarantine_ambiguous', /may be any of/));
      for (const { key } of candidates) expect(answer.err).toContain(key);
    }
  });

  it.each([
    [
      ['quarantine', 'get', '0123456789abcdef'],
      1,
      'quarantine_unknown',
      /there is no item 0123456789abcdef/,
    ],
    [['quarantine', 'drop', 'f'.repeat(64)], 1, 'quarantine_unknown', /there is no item/],
    [['quarantine', 'get', 'XYZ'], 1, 'params_invalid', /expected an id or its beginning/],
    [['quarantine', 'release', '../key'], 1, 'params_invalid', /expected an id or its beginning/],
    [['quarantine', 'get'], 64, 'usage', /expected: npm run node quarantine get ID/],
    [['quarantine', 'list', 'all'], 64, 'usage', /expected: npm run node quarantine list/],
    [
      ['quarantine', 'steal', 'x'],
      64,
      'usage',
      /"steal" means nothing here; say one of list, get ID/,
    ],
    [['quarantine', '__proto__'], 64, 'usage', /means nothing here/],
  ] as const)('refuses %j', async (words, code, status, text) => {
    expect(await say(...words)).toEqual(refusal(code, status, text));
  });

  it('releases nothing that is still wrong, and drops without moving a balance', async () => {
    const before = await ask<object>('balances');
    for (const { key, reason } of await itemsNow()) {
      const answer = await say('quarantine', 'release', key);
      expect(answer).toEqual(refusal(1, 'still_refused', new RegExp(`${reason}: `)));
    }
    expect(await itemsNow()).toHaveLength(3);
    expect((await say('quarantine', 'purge')).out).toBe('0 items had expired\n');
    for (const { key } of await itemsNow()) {
      expect((await say('quarantine', 'drop', key.slice(0, 20))).out).toMatch(/left the inbox/);
    }
    expect(await itemsNow()).toEqual([]);
    expect(await ask<object>('balances')).toEqual(before);
    expect((await say('verify')).code).toBe(0);
  });
});

describe('npm run node dispute', () => {
  it('files, shows and settles: Alice gives back what Bob disputes', async () => {
    const filed = await say('dispute', payment.id.slice(0, 10), 'reason', 'never\u202edone');
    expect(filed.out).toMatch(/^dispute [0-9a-f]{16} about entry [0-9a-f]{16} is stored here\n$/);
    expect((await say('disputes')).out).toMatch(
      /open +alice +[0-9a-f]{16} +0\.01 +0\.00 +never\?done\n$/,
    );
    const refunded = await say('refund', payment.id, 'memo', 'sorry');
    expect(refunded.out).toMatch(/^you gave bob 10\.00 hours back for entry [0-9a-f]{16}; entry /);
    expect(await say('refund', payment.id)).toEqual(
      refusal(1, 'refunded_already', /entry [0-9a-f]{64} gave it back/),
    );
    // Alice filed it and Alice gave back: only the other party can settle it.
    expect(await ask('disputes')).toMatchObject([{ state: 'open', due: '0.01', returned: '0.00' }]);
    const paid = await ask('pay', 'bob', '1', 'refunds', payment.id.slice(0, 10));
    expect(paid).toMatchObject({ to: 'bob', amount: '1.00' });
  });

  it.each([
    [
      ['dispute', '0'.repeat(64), 'reason', 'x'],
      1,
      'unauthorised',
      /no accepted entry 0{64} stands/,
    ],
    [['dispute', 'abcdef', 'reason', 'x'], 1, 'entry_unknown', /there is no entry abcdef/],
    [['dispute', 'abcdef'], 64, 'usage', /say what is wrong/],
    [['dispute'], 64, 'usage', /expected: npm run node dispute ENTRY reason TEXT/],
    [['refund', 'abcdef'], 1, 'entry_unknown', /there is no entry abcdef/],
    [['pay', 'bob', '1', 'refunds', 'abcdef'], 1, 'entry_unknown', /there is no entry abcdef/],
  ] as const)('refuses %j', async (words, code, status, text) => {
    expect(await say(...words)).toEqual(refusal(code, status, text));
  });

  it('gives nothing back where nothing came', async () => {
    for (const { id } of [tooMuch]) {
      expect(await say('refund', id)).toEqual(
        refusal(1, 'nothing_to_refund', /changed your balance by 0\.00 hours/),
      );
    }
  });
});
