/** `npm run node trust` against a running node and without one. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '#reference/commands/exit.ts';
import {
  cleanUp,
  inProcess,
  refusal,
  resultOf,
  start,
  temporary,
  within,
  type Started,
} from '#test/support/command.ts';

const BOB = 'did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH';
const STRANGER = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';

afterAll(cleanUp);

interface Row {
  readonly name: string;
  readonly did: string;
  readonly score: number;
  readonly class: string;
  readonly direct: { readonly by: string; readonly expiresAt: number | null } | null;
  readonly vouchers: readonly object[];
  readonly conduct: object;
}

describe('trust', () => {
  const home = join(temporary(), 'alice');
  let alice: Started;

  const trust = (...words: readonly string[]) => inProcess('trust', ...words, 'data', home);
  const ask = async (...words: readonly string[]): Promise<readonly Row[]> =>
    resultOf(await trust(...words, 'json'));

  beforeAll(async () => {
    const words = ['network', 'coop', 'name', 'alice', 'members', `bob=${BOB}`];
    await inProcess('init', ...words, 'data', home);
    alice = start(['node', 'start', 'data', home, 'json', 'alone', 'host', '127.0.0.1']);
    await alice.said(/^.*\n/);
  });

  it('lists whom this node trusts, how far and why', async () => {
    expect(await ask()).toEqual([
      {
        name: 'bob',
        did: BOB,
        score: 0.6,
        class: 'Partner',
        direct: { by: 'alice', score: 0.6, expiresAt: null },
        vouchers: [],
        conduct: { value: 1, level: 'good' },
      },
    ]);
    const { out } = await trust();
    expect(out.split('\n')[1]).toBe(
      `bob    0.6  Partner  said here, since the genesis  1 good   ${BOB}`,
    );
  });

  it('says how far, for how long, and what that makes of somebody', async () => {
    const expires = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10);
    const { code, out } = await trust('set', 'bob', '0.8', 'days', '10');
    expect([code, out]).toEqual([
      EXIT.ok,
      expect.stringMatching(
        new RegExp(
          `^you trust bob 0.8, until ${expires}: Federated; record [0-9a-f]{16}\nno peer is connected`,
        ),
      ),
    ]);
    expect((await trust('of', 'bob')).out).toBe(
      `bob  ${BOB}\nscore 0.8, Federated; conduct 1 good\nsaid here: 0.8, until ${expires}\nnobody we trust vouches\n`,
    );
  });

  it('tells of anybody who has a key, and nothing good of whom nobody knows', async () => {
    expect(await ask('of', STRANGER)).toMatchObject([
      { did: STRANGER, score: 0, class: 'Isolated', direct: null, vouchers: [] },
    ]);
    await ask('set', STRANGER, '0.35');
    expect((await ask()).map(({ did, class: name }) => [did, name])).toEqual([
      [BOB, 'Federated'],
      [STRANGER, 'Known'],
    ]);
    await ask('set', STRANGER, '0');
    expect(await ask()).toHaveLength(1);
  });

  it.each<[string[], number, string, RegExp]>([
    [['set', 'bob', '1.01'], EXIT.failed, 'score_out_of_range', /from 0 to 1, got 1\.01/],
    [['set', 'bob', 'much'], EXIT.usage, 'usage', /such as 0\.6, got much/],
    [['set', 'bob', '1e-1'], EXIT.usage, 'usage', /got 1e-1/],
    [['set', 'bob', '-1'], EXIT.usage, 'usage', /got -1/],
    [['set', 'alice', '1'], EXIT.failed, 'person_self', /vouch for itself/],
    [['set', 'carol', '1'], EXIT.failed, 'person_unknown', /got carol/],
    [['of', 'carol'], EXIT.failed, 'person_unknown', /got carol/],
    [['set', 'bob', '1', 'days', '0'], EXIT.usage, 'usage', /from 1 to 3650, got 0/],
    [['set', 'bob', '1', 'days', '3651'], EXIT.usage, 'usage', /got 3651/],
    [['set', 'bob'], EXIT.usage, 'usage', /set WHO SCORE/],
    [['of'], EXIT.usage, 'usage', /of WHO/],
    [['of', 'bob', 'days', '3'], EXIT.usage, 'usage', /days N with set/],
    [['ban', 'bob'], EXIT.usage, 'usage', /set WHO SCORE/],
  ])('%j is refused', async (words, code, status, reason) => {
    expect(await trust(...words)).toEqual(refusal(code, status, reason));
    expect((await ask()).map(({ score }) => score)).toEqual([0.8]);
  });

  it('of a node that does not run is what it said itself; it says nothing new', async () => {
    alice.child.kill('SIGKILL');
    await within('a node to end', alice.ended, 5_000);
    expect(await ask()).toMatchObject([{ did: BOB, score: 0.8, direct: { by: 'alice' } }]);
    expect(await trust('set', 'bob', '0.1')).toEqual(
      refusal(EXIT.failed, 'node_not_running', /start it first/),
    );
  });
});
