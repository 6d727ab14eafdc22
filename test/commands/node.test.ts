/**
 * `npm run node` as a stranger meets it: two nodes in processes of their own, asked, refused, stopped,
 * killed and started again; and homes that somebody has damaged.
 *
 * A start costs 0.3 s of a core, so each subcommand runs once as a real child (every day some of them) and
 * tables of refusals in this process. A refusal is always the same thing: one sentence on standard error that begins with its status,
 * nothing on standard output, the exit code of design/product.md, and never a stack trace.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Did } from '#contracts/identifiers.ts';
import type { EntryLine } from '#contracts/records.ts';
import { contentLayer, publicKeyOf } from '#reference/commands/node/home/home.ts';
import { referenceLayers } from '#reference/layers.ts';
import { readNetwork } from '#reference/node/genesis.ts';
import { createSigner } from '#reference/records/signer.ts';
import { everyDay } from '#test/support/depth.ts';
import {
  MAIN,
  cleanUp,
  refusal,
  inProcess,
  launch,
  resultOf,
  run,
  start,
  temporary,
  until,
  within,
  type Ran,
  type Started,
} from '#test/support/command.ts';

afterAll(cleanUp);

const STRANGER = 'did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH';

interface Balances {
  readonly accounts: readonly { readonly name: string; readonly balance: string }[];
  readonly sum: string;
}
interface Page {
  readonly entries: readonly { readonly id: string; readonly change: string; memo: string }[];
  readonly cursor: string | null;
}
interface Topic {
  readonly records: number;
  readonly fingerprint: string;
}

const ask = async <Result>(...words: readonly string[]): Promise<Result> =>
  resultOf<Result>(await inProcess(...words, 'json'));

const balancesAt = async (home: string): Promise<{ readonly [name: string]: string }> => {
  const { accounts, sum } = await ask<Balances>('balances', 'data', home);
  return { ...Object.fromEntries(accounts.map(({ name, balance }) => [name, balance])), sum };
};

/** Waits until the node in this home shows these balances. */
const untilBalances = async (
  home: string,
  expected: { readonly [name: string]: string },
): Promise<void> => {
  let seen = {};
  await until(`${JSON.stringify(expected)} at ${home}`, async () => {
    seen = await balancesAt(home);
    return JSON.stringify(seen) === JSON.stringify({ ...expected, sum: '0.00' }) || undefined;
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; last seen ${JSON.stringify(seen)}`);
  });
};

interface Running extends Started {
  readonly address: string;
}

/** Never beyond loopback. */
const LOCAL = ['alone', 'host', '127.0.0.1'];

const startNode = async (home: string, ...words: readonly string[]): Promise<Running> => {
  const started = start(['node', 'start', 'data', home, 'json', ...LOCAL, ...words]);
  const [line] = await started.said(/^.*\n/);
  const { result } = JSON.parse(line) as { readonly result: { readonly address: string } };
  return { ...started, address: result.address };
};

/** A signal, and the end within the five seconds that are promised. */
const end = async ({ child, ended }: Started, signal: NodeJS.Signals): Promise<Ran> => {
  child.kill(signal);
  return within(`a node to end after ${signal}`, ended, 5_000);
};

describe('two nodes', () => {
  const root = temporary();
  const [a, b] = [join(root, 'alice'), join(root, 'bob')];
  let [alice, bob]: (Running | undefined)[] = [];
  /** What init, init, init with a network, and join have said. */
  const made: object[] = [];

  beforeAll(async () => {
    const dids = await Promise.all(
      [a, b].map(async (home) => {
        const made = await run(['node', 'init', 'data', home, 'json']);
        return resultOf<{ did: string; created: boolean }>(made);
      }),
    );
    const members = `bob=${dids[1]?.did}`;
    const words = ['network', 'coop', 'name', 'alice', 'members', members, 'data', a];
    const founded = await ask<{ network: string; created: boolean }>('init', ...words);
    const joined = await run(['node', 'join', join(a, 'network.json'), 'data', b, 'json']);
    made.push(...dids, founded, resultOf(joined));
    alice = await startNode(a);
    bob = await startNode(b, 'peers', alice.address);
    await linkedPeers(1);
  });

  /** A cut says what is wanted; the link ends when what was on its way has left. */
  const linkedPeers = (count: number): Promise<true> =>
    until(`bob to have ${count} peers`, async () => {
      const peers = await ask<readonly object[]>('peers', 'data', b);
      return peers.length === count || undefined;
    });

  it('are made once: a key stays when a network is founded or joined', () => {
    const [ofAlice, ofBob, founded, joined] = made as { did: string; network: string }[];
    expect([ofAlice, ofBob]).toMatchObject([{ created: true }, { created: true }]);
    expect(founded).toMatchObject({ did: ofAlice?.did, created: false });
    const { network } = founded!;
    expect(joined).toEqual({
      did: ofBob?.did,
      created: false,
      network,
      name: 'coop',
      you: 'bob',
      directory: b,
    });
  });

  it('keep keys and control for their owner alone', () => {
    const modes = [a, join(a, 'key.json'), join(a, 'control.json')].map(
      (path) => statSync(path).mode & 0o777,
    );
    expect(modes).toEqual([0o700, 0o600, 0o600]);
  });

  it('carry a payment from one to the other, with its memo and its cursor', async () => {
    const paid = await run([
      'node',
      'pay',
      'Alice',
      '10',
      'memo',
      'roof\u001b[2J\u202e',
      'data',
      b,
    ]);
    expect(paid).toMatchObject({ code: 0, err: '' });
    expect(paid.out).toMatch(
      /^you owe alice 10.00 hours more; entry [0-9a-f]{16} is stored here\n/,
    );
    expect(paid.out).toMatch(/told to 1 connected peer; provisional until certified\n$/);
    await ask('pay', 'alice', '0.50', 'data', b);
    await untilBalances(a, await both('+10.50', '-10.50'));
    const first = await ask<Page>('history', 'bob', 'limit', '1', 'data', a);
    expect(first.entries.map(({ change, memo }) => [change, memo])).toEqual([
      ['-10.00', 'roof\u001b[2J\u202e'],
    ]);
    const rest = await ask<Page>('history', 'bob', 'after', first.cursor ?? '', 'data', a);
    expect(rest.entries.map(({ change }) => change)).toEqual(['-0.50']);
    expect(rest.cursor).toBeNull();
  });

  /** Balances in the order of DIDs, which differs from run to run. */
  const both = async (ofAlice: string, ofBob: string) => {
    const { accounts } = await ask<Balances>('balances', 'data', b);
    const wanted: { readonly [name: string]: string } = { alice: ofAlice, bob: ofBob };
    return Object.fromEntries(accounts.map(({ name }) => [name, wanted[name] ?? '']));
  };

  it('answer every question to people and to machines', async () => {
    const file = join(root, 'export');
    const questions: readonly (readonly [words: readonly string[], people: RegExp])[] = [
      [['status'], /^did +did:key:z6Mk/],
      [['peers'], /^peer +address +we are .*\nbob /],
      [['balances'], /alice +\+10\.50 +\d.*\n[^]*sum 0\.00 hours\n$/],
      [
        ['history'],
        /^alice, hours: 2 entries\n.*\n.*\+10\.00 +bob +accepted +stands .* roof\?\[2J\?\n/,
      ],
      [
        ['topics'],
        /ledger:hours +public +2 +1 +1 +0 +0 +[0-9a-f]{16}\nstewards:certificates +public +0 .*\ntrust:attestations +public +0 /,
      ],
      [['verify'], /^2 records: every id, signature, verdict and balance as stored\n$/],
      [['export', file], new RegExp(`^2 records to ${file}\n$`)],
      [['import', file], /^0 of 2 records were new, 0 were refused; 0 wait for ancestors\n$/],
    ];
    // A child for each costs half a second of a core: every day the first is one.
    for (const [place, [words, people]] of questions.entries()) {
      const asked = (typed: readonly string[]): Promise<Ran> =>
        place < everyDay(1, questions.length) ? run(['node', ...typed]) : inProcess(...typed);
      const [plain, json] = await Promise.all([
        inProcess(...words, 'data', a),
        asked([...words, 'data', a, 'json']),
      ]);
      expect(plain).toMatchObject({ code: 0, err: '' });
      expect(plain.out).toMatch(people);
      // eslint-disable-next-line no-control-regex -- that none is left is the point
      expect(plain.out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      resultOf(json);
    }
    expect((await inProcess('export', 'data', a)).out).toBe(readFileSync(file, 'utf8'));
    const lines = await ask<readonly string[]>('export', 'data', a);
    expect(`${lines.join('\n')}\n`).toBe(readFileSync(file, 'utf8'));
  });

  it('give spans as OTLP, which implies json', async () => {
    const [plain, json] = [
      await inProcess('spans', 'otlp', 'data', a),
      await inProcess('spans', 'otlp', 'json', 'data', a),
    ];
    for (const ran of [plain, json]) {
      expect(resultOf<object>(ran)).toMatchObject({ resourceSpans: [{}] });
    }
  });

  it('hold the same bytes', async () => {
    const views = await Promise.all(
      [a, b].map(async (home) => (await ask<readonly Topic[]>('topics', 'data', home))[0]),
    );
    expect(views[0]?.fingerprint).toBe(views[1]?.fingerprint);
    const [left, right] = [
      await inProcess('export', 'data', a),
      await inProcess('export', 'data', b),
    ];
    expect(left.out).toBe(right.out);
  });

  it('trade on behind a cut, and agree when it heals', async () => {
    expect(await ask('fault', 'cut', 'alice', 'data', b)).toEqual({ cut: ['alice'] });
    await linkedPeers(0);
    await ask('pay', 'bob', '2', 'data', a);
    await ask('pay', 'alice', '1', 'data', b);
    expect(await balancesAt(b)).toEqual({ ...(await both('+11.50', '-11.50')), sum: '0.00' });
    expect(await ask('fault', 'heal', 'data', b)).toEqual({ cut: [] });
    for (const home of [a, b]) await untilBalances(home, await both('+9.50', '-9.50'));
    await linkedPeers(1);
  });

  it('refuse a second start in the same home, and go on undisturbed', async () => {
    const control = readFileSync(join(a, 'control.json'));
    const second = await run(['node', 'start', 'data', a, ...LOCAL]);
    expect(second).toEqual(
      refusal(1, 'store_locked', /another process has the store .*: is the node running\?/),
    );
    expect(readFileSync(join(a, 'control.json'))).toEqual(control);
    expect(await ask('status', 'data', a)).toMatchObject({ running: true, peers: 1 });
  });

  it('refuse a port that is taken, and leave nothing behind', async () => {
    const home = join(root, 'third');
    await inProcess('join', join(a, 'network.json'), 'data', home);
    const port = alice?.address.split(':')[1] ?? '';
    const taken = await run(['node', 'start', 'data', home, ...LOCAL, 'port', port]);
    expect(taken).toEqual(
      refusal(4, 'port_in_use', /is in use by another program: choose another port, or 0/),
    );
    expect(existsSync(join(home, 'control.json'))).toBe(false);
    expect((await inProcess('verify', 'data', home)).code).toBe(0);
  });

  describe('refuse', () => {
    const amounts = [
      '-1',
      '0',
      '0.00',
      '1e3',
      '1.234',
      '999999999999999999999',
      '',
      '1,5',
      '+1',
      '٣',
    ];
    it.each([
      ...amounts.map((amount) => [['pay', 'bob', amount], 1, 'amount_malformed', /./] as const),
      [['pay', 'bob', '92233720368547758.08'], 1, 'amount_malformed', /above the largest amount/],
      [['pay', 'bob', '9'.repeat(65)], 1, 'params_invalid', /^params_invalid: amount: /],
      [
        ['pay', 'bob', '200'],
        1,
        'over_limit',
        /you stand at 9\.50 hours and would stand at -190\.50; you may owe 100\.\d\d at most/,
      ],
      [['pay', 'alice', '1'], 1, 'person_self', /alice is this node itself/],
      [['pay', 'zoe', '1'], 1, 'person_unknown', /a name \(alice, bob\) or a whole DID, got zoe/],
      [['pay', 'did:key:z6Mk', '1'], 1, 'person_unknown', /whole DID/],
      [['pay', `${STRANGER}x`, '1'], 1, 'person_unknown', /whole DID/],
      [['pay', '__proto__', '1'], 1, 'person_unknown', /got __proto__/],
      [['pay', 'bob', '1', 'gold'], 1, 'currency_unknown', /one of hours, got gold/],
      [['pay', 'bob', '1', 'memo', 'é'.repeat(2_049)], 1, 'params_invalid', /memo: at most 4096/],
      [['pay', 'bob\u001b[2J', '1'], 1, 'person_unknown', /got bob\?\[2J/],
      [['history', 'zoe'], 1, 'person_unknown', /got zoe/],
      [['history', 'after', 'f'.repeat(64)], 1, 'cursor_unknown', /no entry f/],
      [['history', 'after', 'zz'], 1, 'params_invalid', /after: expected an id or its beginning/],
      [['pay', '', '1'], 1, 'params_invalid', /to: expected a name or a DID/],
      [['publish', 'ledger:hours', 'x'], 1, 'topic_reserved', /ledger:hours takes no notes/],
      [['publish', 'a:b', ''], 1, 'params_invalid', /text: expected something to say/],
      [['open', ''], 1, 'params_invalid', /topic: expected a topic, such as garden:plans/],
      [['open', 'a:b', 'trusted', 'nope'], 64, 'usage', /trusted: expected Isolated or Known/],
      [['dispute', 'ab', 'reason', ''], 1, 'params_invalid', /reason: expected what is wrong/],
      [['blances', 'x'], 64, 'usage', /did you mean "balances"/],
      [['pya'], 64, 'usage', /did you mean "pay"/],
      [['balances', 'gold'], 1, 'currency_unknown', /got gold/],
      [['export', 'currency', 'gold'], 1, 'currency_unknown', /got gold/],
      [['dial', 'nowhere'], 1, 'params_invalid', /expected host:port/],
      [['dial', '127.0.0.1:0'], 1, 'params_invalid', /expected host:port/],
      [['dial', '127.0.0.1:65536'], 1, 'params_invalid', /expected host:port/],
      [['fault', 'cut', 'alice'], 1, 'person_self', /alice is this node itself/],
      [['fault', 'cut', 'zoe'], 1, 'person_unknown', /got zoe/],
      [['fault', 'heal', 'bob'], 64, 'usage', /say "fault cut WHO..." or "fault heal"/],
      [['fault', 'break'], 64, 'usage', /say "fault cut/],
      [['export', '/nowhere/file'], 4, 'store_failed', /file: ENOENT.*Name a file that can be/],
      [['import', '/nowhere/file'], 64, 'usage', /file: ENOENT.*"npm run node export FILE" wrote/],
      [['import', '/tmp'], 64, 'usage', /EISDIR/],
      [['import', '/dev/null', 'currency', 'gold'], 1, 'currency_unknown', /got gold/],
      [['pay', 'bob'], 64, 'usage', /expected: npm run node pay TO AMOUNT \[CURRENCY\]/],
      [['pay', 'bob', '1', 'hours', 'x'], 64, 'usage', /"x" means nothing here/],
      [['balances', '--json'], 64, 'usage', /no dashes: say "json"/],
      [['status', 'jsno'], 64, 'usage', /"jsno" means nothing here/],
      [['init', 'sealed'], 64, 'usage', /key.json is there already: "sealed" is for a new key/],
      [['history', 'limit', '0'], 64, 'usage', /limit: expected a whole number from 1 to 1000/],
      [['history', 'limit', '1e2'], 64, 'usage', /limit: .*, got 1e2/],
      [['status', 'data'], 64, 'usage', /"data" wants DIR after it/],
      [['join'], 64, 'usage', /expected: npm run node join FILE/],
      [['blances'], 64, 'usage', /no subcommand "blances"; did you mean "balances"\?/],
      [['__proto__'], 64, 'usage', /no subcommand "__proto__"; known: init, join/],
      [['start', 'port', '65536'], 64, 'usage', /port: expected a whole number from 0 to 65535/],
      [['start', 'port', '-1'], 64, 'usage', /got -1/],
      [['start', 'peers', 'here'], 64, 'usage', /peers: expected host:port/],
      [['start', 'peers', '127.0.0.1:99999'], 64, 'usage', /peers: expected host:port/],
      [
        ['start', 'linksMax', '0'],
        64,
        'settings_invalid',
        /linksMax: .* from 1 to 10000 .*, got 0/,
      ],
      [['start', 'linksMax', '1e3'], 64, 'settings_invalid', /got 1e3/],
      [['start', 'digestJitterMs', '20000'], 64, 'settings_invalid', /must be below/],
    ] as const)('%j with exit code %i and status %s', async (words, code, status, sentence) => {
      const home = words.some((word) => word === 'data') ? [] : ['data', a];
      const ran = await inProcess(...words, ...(['blances', 'pya'].includes(words[0]) ? [] : home));
      expect(ran).toEqual(refusal(code, status, sentence));
      if (home.length === 0) return;
      const json = await inProcess(...words, ...home, 'json');
      expect(json).toMatchObject({ code, err: '' });
      expect(JSON.parse(json.out)).toMatchObject({ ok: false, status });
    });

    it('what they refused left no trace', async () => {
      expect((await ask<readonly Topic[]>('topics', 'data', a))[0]?.records).toBe(4);
    });
  });

  it('take what a file offers, refuse what is wrong in it, and say which line', async () => {
    const home = join(root, 'reader');
    const file = join(root, 'records');
    await inProcess('join', join(a, 'network.json'), 'data', home);
    const { out } = await inProcess('export', 'data', a);
    const lines = out.split('\n');
    const [first = ''] = lines;
    writeFileSync(file, [...lines.toReversed(), first.replace('"1"', '"2"'), ''].join('\n'));
    expect(await ask('import', file, 'data', home)).toMatchObject({ taken: 4, waiting: 0 });
    expect((await inProcess('export', 'data', home)).out).toBe(out);
    writeFileSync(file, `${first}\n{"half":`);
    const broken = await inProcess('import', file, 'data', home);
    expect(broken).toEqual(refusal(1, 'json_malformed', /line 2 is not JSON/));
    expect(await ask('verify', 'data', home)).toEqual({ records: 4, problems: [] });
  });

  it('take an import larger than one request carries', async () => {
    const file = join(root, 'large');
    const { out } = await inProcess('export', 'data', a);
    const filler = `${JSON.stringify({ filler: '"'.repeat(30_000) })}\n`;
    writeFileSync(file, filler.repeat(300) + out);
    expect(await ask('import', file, 'data', a)).toMatchObject({ offered: 304, taken: 0 });
  });

  it('end on SIGTERM with 0 and no control.json, and send later what was paid meanwhile', async () => {
    expect(await end(alice!, 'SIGTERM')).toMatchObject({ code: 0 });
    expect(existsSync(join(a, 'control.json'))).toBe(false);
    const paid = await inProcess('pay', 'bob', '4', 'data', a);
    expect(paid.out).toMatch(/no peer is connected: it goes out with the next link\n$/);
    for (const words of [
      ['dial', '127.0.0.1:9'],
      ['fault', 'heal'],
      ['peers'],
      ['stats'],
      ['spans'],
      ['read', 'a:b'],
    ]) {
      expect(await inProcess(...words, 'data', a)).toEqual(
        refusal(
          1,
          'node_not_running',
          /no node runs in .*: start it with "npm run node start data /,
        ),
      );
    }
    expect(await ask('status', 'data', a)).toMatchObject({ running: false, address: null });
    alice = await startNode(a);
    await ask('dial', alice.address, 'data', b);
    for (const home of [a, b]) await untilBalances(home, await both('+5.50', '-5.50'));
  });

  it('end on SIGINT with 0, even when it comes again while they close', async () => {
    alice!.child.kill('SIGINT');
    while (existsSync(join(a, 'control.json'))) await new Promise((turn) => setTimeout(turn, 1));
    expect(await end(alice!, 'SIGINT')).toMatchObject({ code: 0 });
  });

  it('answer from the store after SIGKILL, though an old control.json lies there', async () => {
    const before = await balancesAt(b);
    await end(bob!, 'SIGKILL');
    const stale = JSON.parse(readFileSync(join(b, 'control.json'), 'utf8')) as { address: string };
    expect(await balancesAt(b)).toEqual(before);

    // Whoever has the port by now must not be believed.
    const port = Number(stale.address.split(':')[1]);
    const squatter = createServer((_request, response) =>
      response.end('{"jsonrpc":"2.0","result":[]}'),
    );
    await new Promise<void>((resolve) => squatter.listen(port, '127.0.0.1', resolve));
    expect((squatter.address() as AddressInfo).port).toBe(port);
    expect(await balancesAt(b)).toEqual(before);
    squatter.close();

    bob = await startNode(b);
    expect(JSON.parse(readFileSync(join(b, 'control.json'), 'utf8'))).toMatchObject({
      pid: bob.child.pid,
    });
    expect(await ask('status', 'data', b)).toMatchObject({ running: true });
  });

  it('never ask twice what may have been done: a node that fell silent is named', async () => {
    const path = join(b, 'control.json');
    const good = readFileSync(path, 'utf8');
    // Takes the request and hangs up, as a node does that dies in the middle.
    const dying = createServer((request) => request.socket.destroy());
    await new Promise<void>((resolve) => dying.listen(0, '127.0.0.1', resolve));
    const { port } = dying.address() as AddressInfo;
    const control = JSON.parse(good) as object;
    writeFileSync(path, JSON.stringify({ ...control, address: `127.0.0.1:${port}` }));
    const ran = await inProcess('pay', 'alice', '1', 'data', b);
    expect(ran).toEqual(
      refusal(1, 'node_unreachable', /may be done or not; look before you ask again/),
    );
    dying.close();
    writeFileSync(path, good);
  });

  it.each([
    ['{"address":', /control.json is damaged; stop the node and start it again/],
    ['{"address":"evil.example:80","token":"x","pid":1}', /is damaged/],
    ['', /is damaged/],
  ])('say that control.json is damaged where it is %j', async (text, sentence) => {
    const path = join(b, 'control.json');
    const good = readFileSync(path, 'utf8');
    writeFileSync(path, text);
    expect(await inProcess('status', 'data', b)).toEqual(refusal(1, 'node_not_running', sentence));
    writeFileSync(path, good);
  });

  it('end when nobody reads what they say, and tidy up', async () => {
    await end(bob!, 'SIGTERM');
    const unread = start(['node', 'start', 'data', b, ...LOCAL]);
    unread.child.stdout?.destroy();
    const ran = await within('the end of a node that nobody reads', unread.ended);
    expect(ran).toMatchObject({ code: 0, err: expect.not.stringContaining('EPIPE') as string });
    expect(existsSync(join(b, 'control.json'))).toBe(false);
    expect((await inProcess('verify', 'data', b)).code).toBe(0);
  });
});

describe('one answer', () => {
  it('stops quietly when its reader has seen enough, and says so when the disk is full', async () => {
    const unread = start(['node', 'help']);
    unread.child.stdout?.destroy();
    const full = ['-c', `exec "$0" "$@" > /dev/full`, process.execPath, ...MAIN];
    const [quiet, loud] = await Promise.all([
      unread.ended,
      launch('sh', [...full, 'node', 'help']).ended,
    ]);
    expect(quiet).toMatchObject({ code: 0, err: '' });
    expect(loud).toEqual(refusal(4, 'store_failed', /standard output: ENOSPC/));
  });

  it.each([
    [['demo', 'help'], /npm run demo .*stay /s],
    [['sim', 'help'], /npm run sim .*seed SEED /s],
    [['node', 'pay', 'help'], /npm run node pay TO AMOUNT .*memo TEXT /s],
    [['node', 'canon', 'help'], /npm run node canon\n.*lines /s],
  ])('to %j is its words', async (words, help) => {
    expect(await run(words)).toEqual({
      code: 0,
      out: expect.stringMatching(help) as string,
      err: '',
    });
  });

  it('is JSON on request, where no command is named and where npm took a flag', async () => {
    const [unknown, flag, plain] = await Promise.all([
      run(['nod', 'status', 'json']),
      run(['node', 'status', 'json'], { env: { npm_config_data: './x' } }),
      run(['nod']),
    ]);
    expect(unknown).toMatchObject({ code: 64, err: '' });
    expect(JSON.parse(unknown.out)).toMatchObject({ ok: false, status: 'usage' });
    expect(flag.code).toBe(64);
    expect(JSON.parse(flag.out)).toMatchObject({
      reason: expect.stringMatching(/no dashes: npm run node status json data \.\/x$/) as string,
    });
    expect(plain).toEqual(refusal(64, 'usage', /no command "nod"; did you mean "node"\?/));
  });

  it('of a disk that takes no more is a sentence and exit code 4, and the store still opens', async () => {
    const home = temporary();
    await ask('init', 'network', 'full', 'name', 'me', 'members', `you=${STRANGER}`, 'data', home);
    // A file may not grow beyond 8 blocks of 1 KiB here: writes fail with EFBIG.
    const words = ['node', 'start', 'data', home, 'json', ...LOCAL];
    const limit = ['-c', 'ulimit -f 8; exec "$0" "$@"', process.execPath, ...MAIN];
    const limited = launch('bash', [...limit, ...words]);
    await limited.said(/"ok":true/);
    let last: Ran = { code: 0, out: '', err: '' };
    while (last.code === 0) last = await inProcess('pay', 'you', '0.01', 'data', home);
    expect(last.err).toMatch(/^(node_unreachable|store_failed): [^\n]+\n$/);
    const ran = await within('the end of a node whose disk is full', limited.ended);
    expect(ran.code).toBe(4);
    expect(ran.out).toMatch(
      /"ok":false,"status":"store_failed","reason":"The store could not write/,
    );
    expect(existsSync(join(home, 'control.json'))).toBe(false);
    expect((await inProcess('verify', 'data', home)).code).toBe(0);
  });
});

describe('a home', () => {
  const root = temporary();
  const good = join(root, 'good');
  const other = join(root, 'other');
  let serial = 0;

  beforeAll(async () => {
    for (const home of [good, other]) {
      await ask('init', 'network', home.slice(-5), 'members', `you=${STRANGER}`, 'data', home);
      await ask('pay', 'you', '1', 'data', home);
    }
  });

  /** A copy of the good home without its store, to be damaged. */
  const copy = async (): Promise<string> => {
    const home = join(root, `home-${serial++}`);
    mkdirSync(home);
    for (const file of ['key.json', 'network.json']) {
      await copyFile(join(good, file), join(home, file));
    }
    return home;
  };

  const spoil = (path: string, change: (text: string) => string | Uint8Array): void =>
    writeFileSync(path, change(readFileSync(path, 'utf8')));

  type Damage = (home: string) => void;
  const network =
    (change: (text: string) => string | Uint8Array): Damage =>
    (home) =>
      spoil(join(home, 'network.json'), change);
  const key =
    (change: (text: string) => string): Damage =>
    (home) =>
      spoil(join(home, 'key.json'), change);

  const damages: readonly (readonly [string, Damage, number, string, RegExp])[] = [
    [
      'no network',
      (home) => rmSync(join(home, 'network.json')),
      1,
      'network_missing',
      /Found one with "npm run node init data DIR network NAME"/,
    ],
    ['an empty network', network(() => ''), 1, 'network_invalid', /good copy/],
    ['half a network', network((text) => text.slice(0, 99)), 1, 'network_invalid', /expected JSON/],
    ['a network that is null', network(() => 'null'), 1, 'network_invalid', /good copy/],
    [
      'a network after a byte order mark',
      network((text) => `\ufeff${text}`),
      1,
      'network_invalid',
      /JSON/,
    ],
    [
      'a network that is no UTF-8',
      network(() => Buffer.from([0x7b, 0xff])),
      1,
      'network_invalid',
      /0xff/,
    ],
    [
      'a network with a key twice',
      network((text) => text.replace('{', '{"kind":"x",')),
      1,
      'network_invalid',
      /once/,
    ],
    [
      'a network with a field too many',
      network((text) => text.replace('{', '{"more":1,')),
      1,
      'network_invalid',
      /more/,
    ],
    [
      'a network with a __proto__',
      network((text) => text.replace('{', '{"__proto__":{},')),
      1,
      'network_invalid',
      /__proto__/,
    ],
    [
      'a DID that spells no key',
      network((text) => text.replaceAll('z6Mk', 'z6Mj')),
      1,
      'network_invalid',
      /Ed25519/,
    ],
    [
      'two names that differ in case',
      network((text) => text.replace(/"you": ("[^"]+")/, '"you": $1, "You": $1')),
      1,
      'network_invalid',
      /case alone/,
    ],
    [
      'a quorum nobody reaches',
      network((text) => text.replace('"quorum": 1', '"quorum": 2')),
      1,
      'network_invalid',
      /quorum of 2 of 1/,
    ],
    [
      'a currency twice',
      network((text) => text.replace(/\{[^{}]*"decimals": 2\s*\}/, '$&,$&')),
      1,
      'network_invalid',
      /currency is listed twice/,
    ],
    [
      'a folder as network',
      (home) => {
        rmSync(join(home, 'network.json'));
        mkdirSync(join(home, 'network.json'));
      },
      1,
      'network_missing',
      /it is no regular file/,
    ],
    ['no key', (home) => rmSync(join(home, 'key.json')), 1, 'key_missing', /there is no key file/],
    ['an empty key', key(() => ''), 1, 'key_unreadable', /no JSON/],
    [
      'a key with a flipped digit',
      key((text) =>
        text.replace(/"seed":"(.)/, (_all, digit) => `"seed":"${digit === '0' ? 1 : 0}`),
      ),
      1,
      'key_unreadable',
      /checksum does not fit/,
    ],
    ['a key of 5 KiB', key((text) => text + ' '.repeat(5_000)), 1, 'key_unreadable', /bytes/],
    [
      'a folder as key',
      (home) => {
        rmSync(join(home, 'key.json'));
        mkdirSync(join(home, 'key.json'));
      },
      1,
      'key_unreadable',
      /it is no file/,
    ],
    [
      'a file as store',
      (home) => writeFileSync(join(home, 'store'), ''),
      4,
      'store_failed',
      /a file is in the way/,
    ],
  ];

  it.each(damages)(
    'with %s is refused in a sentence',
    async (_name, damage, code, status, sentence) => {
      const home = await copy();
      damage(home);
      for (const words of [['status'], ['start', ...LOCAL]]) {
        expect(await inProcess(...words, 'data', home)).toEqual(refusal(code, status, sentence));
      }
      expect(existsSync(join(home, 'control.json'))).toBe(false);
    },
  );

  it('with the store of another network is refused, and the store is left as it was', async () => {
    const home = await copy();
    cpSync(join(other, 'store'), join(home, 'store'), { recursive: true });
    const ran = await run(['node', 'start', 'data', home, ...LOCAL]);
    expect(ran).toEqual(
      refusal(
        1,
        'network_other',
        /store belongs to network [0-9a-f]{64}, not [0-9a-f]{64}: use another data directory/,
      ),
    );
    for (const file of ['key.json', 'network.json']) {
      await copyFile(join(other, file), join(home, file));
    }
    expect(await ask('verify', 'data', home)).toEqual({ records: 1, problems: [] });
  });

  it('with the store of another owner is refused', async () => {
    const home = await copy();
    cpSync(join(good, 'store'), join(home, 'store'), { recursive: true });
    await copyFile(join(other, 'key.json'), join(home, 'key.json'));
    expect(await inProcess('status', 'data', home)).toEqual(
      refusal(1, 'network_other', /store belongs to owner did:key/),
    );
  });

  it('with a sealed key opens with its passphrase alone, however that is given', async () => {
    const home = join(root, 'sealed');
    const file = join(root, 'passphrase');
    writeFileSync(file, 'correct horse\n');
    const right = { MURMURATION_PASSPHRASE: 'correct horse' };
    const made = await run(['node', 'init', 'network', 'coop', 'data', home, 'json'], {
      env: right,
    });
    const { did } = resultOf<{ did: string }>(made);
    expect(readFileSync(join(home, 'key.json'), 'utf8')).not.toContain('"seed"');
    const status = ['node', 'status', 'data', home];
    const [none, wrong, missing] = await Promise.all([
      run(status),
      run(status, { env: { MURMURATION_PASSPHRASE: 'wrong' } }),
      run(status, { env: { MURMURATION_PASSPHRASE_FILE: join(root, 'nowhere') } }),
    ]);
    expect(none).toEqual(
      refusal(1, 'passphrase_wrong', /is sealed: say it in MURMURATION_PASSPHRASE, or/),
    );
    expect(wrong).toEqual(refusal(1, 'passphrase_wrong', /this is not the passphrase of the key/));
    expect(missing).toEqual(refusal(1, 'key_unreadable', /the passphrase file .*nowhere: ENOENT/));
    const opened = await run([...status, 'json'], { env: { MURMURATION_PASSPHRASE_FILE: file } });
    expect(resultOf(opened)).toMatchObject({ did });
  });

  it('is not made where none can be, nor in nothing', async () => {
    for (const directory of [join(good, 'key.json'), '/dev/null/home', '/proc/1/home']) {
      const ran = await inProcess('init', 'data', directory);
      expect(ran).toEqual(
        refusal(4, 'store_failed', /cannot be a data directory|cannot be written/),
      );
    }
    expect(await inProcess('init', 'data', '')).toEqual(refusal(64, 'usage', /an empty text/));
  });

  it('is founded once: the same words change nothing, others are refused', async () => {
    const home = temporary();
    const words = ['init', 'network', 'once', 'data', home] as const;
    const first = await ask<{ network: string }>(...words);
    expect(await ask(...words)).toEqual({ ...first, created: false });
    const again = await inProcess('init', 'network', 'twice', 'data', home);
    expect(again).toEqual(refusal(1, 'network_other', /a node belongs to one network for good/));
    expect(await ask(...words)).toMatchObject({ network: first.network });
  });

  it.each([
    [['network', ''], /network: expected a name of 1 to 64 characters/],
    [['network', 'x'.repeat(65)], /network: expected a name of 1 to 64/],
    [['name', 'alice'], /"name" is for founding a network: say "network NAME" too/],
    [['network', 'x', 'name', 'b b'], /name: expected a letter, then letters/],
    [['network', 'x', 'name', '7'], /name: expected a letter/],
    [['network', 'x', 'members', 'bob'], /members: expected name=did:key:.*, got bob/],
    [['network', 'x', 'members', 'bob=x'], /members: bob: expected 56 characters/],
    [['network', 'x', 'members', `bob=${STRANGER}=x`], /members: expected name=did:key/],
    [['network', 'x', 'members', `=${STRANGER}`], /members: expected name=did:key/],
    [['network', 'x', 'members', `bob=${STRANGER},Bob=${STRANGER}`], /bob is named twice/],
    [['network', 'x', 'members', `bob=${STRANGER},eve=${STRANGER}`], /is named twice/],
    [['network', 'x', 'name', 'bob', 'members', `BOB=${STRANGER}`], /bob is named twice/],
    [['network', 'x', 'currency', 'a b'], /currency: expected letters/],
    [['network', 'x', 'decimals', '9'], /decimals: expected 0 to 8, got 9/],
    [['network', 'x', 'decimals', ''], /decimals: expected 0 to 8, got/],
    [['network', 'x', 'decimals', '1e0'], /decimals: expected 0 to 8, got 1e0/],
    [['network', 'x', 'baseline', '-1'], /baseline: expected an amount such as 10/],
    [['network', 'x', 'baseline', '2', 'cap', '1'], /baseline: expected at most the cap/],
    [['network', 'x', 'cap', '90071992547409.92'], /cap: .* is too large/],
  ])('is not founded with %j', async (words, sentence) => {
    const home = join(root, 'unfounded');
    expect(await inProcess('init', ...words, 'data', home)).toEqual(refusal(64, 'usage', sentence));
    expect(existsSync(join(home, 'network.json'))).toBe(false);
  });

  it('joins by a good file alone, and makes no key for a bad one', async () => {
    const home = join(root, 'joiner');
    const file = join(root, 'bad.json');
    writeFileSync(file, '{}');
    expect(await inProcess('join', file, 'data', home)).toEqual(
      refusal(1, 'network_invalid', /kind/),
    );
    expect(await inProcess('join', join(root, 'no'), 'data', home)).toEqual(
      refusal(1, 'network_missing', /ENOENT.*Expected the network\.json of who founded/),
    );
    expect(existsSync(home)).toBe(false);
    await ask('join', join(good, 'network.json'), 'data', home);
    const second = await inProcess('join', join(other, 'network.json'), 'data', home);
    expect(second).toEqual(refusal(1, 'network_other', /one network for good/));
  });
});

describe('a member of ill will', () => {
  const mallory = createSigner(Buffer.alloc(32, 66));
  let [home, file] = ['', ''];
  let serial = 0;

  beforeAll(async () => {
    const root = temporary();
    [home, file] = [join(root, 'home'), join(root, 'records')];
    const members = ['members', `mallory=${mallory.did}`];
    await ask('init', 'network', '\u001b[31mred', ...members, 'data', home);
  });

  /** A home of this network that has been offered an entry of Mallory's; gives what its owner sees of it. */
  const offered = async (
    timestamp: number,
    accounts: readonly EntryLine[],
  ): Promise<{ readonly reader: string; readonly taken: number }> => {
    const content = contentLayer();
    const bytes = readFileSync(join(home, 'network.json'));
    const { id: network } = readNetwork(bytes, content, publicKeyOf);
    const record = referenceLayers.records({ content, network }).sign(
      {
        kind: 'icn/entry/1',
        network,
        topic: 'ledger:hours',
        author: mallory.did,
        sequence: 1,
        previous: null,
        parents: [],
        timestamp,
        body: { accounts, memo: 'one\r\n\u2028two\u009b' },
      },
      mallory,
    );
    writeFileSync(file, JSON.stringify(record));
    const reader = `${home}-${serial++}`;
    await ask('join', join(home, 'network.json'), 'data', reader);
    return { reader, ...(await ask<{ taken: number }>('import', file, 'data', reader)) };
  };

  const you = STRANGER as Did;
  const payment: readonly EntryLine[] = [
    { account: you, debit: '1' },
    { account: mallory.did, credit: '1' },
  ];

  it('shows a date beyond all calendars and a memo that moves the cursor, and does no harm', async () => {
    const { reader, taken } = await offered(Number.MAX_SAFE_INTEGER, payment);
    expect(taken).toBe(1);
    const { code, out, err } = await inProcess('history', 'mallory', 'data', reader);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^9007199254740991 +-0\.01 +mallory +accepted .* one\?\?\?two\?$/m);
  });

  it('names the network so that a terminal turns red, and it does not', async () => {
    const joined = await inProcess('join', join(home, 'network.json'), 'data', `${home}-red`);
    expect(joined).toMatchObject({ code: 0, err: '' });
    expect(joined.out).toMatch(/^name +\?\[31mred$/m);
  });

  it('moves an account by nothing, and every store still opens', async () => {
    const { reader } = await offered(1, [
      ...payment,
      { account: mallory.did, debit: '5' },
      { account: mallory.did, credit: '5' },
      { account: createSigner(Buffer.alloc(32, 67)).did, debit: '5' },
      { account: createSigner(Buffer.alloc(32, 67)).did, credit: '5' },
    ]);
    expect(await ask('verify', 'data', reader)).toEqual({ records: 1, problems: [] });
    const alone = await offered(2, [
      { account: mallory.did, debit: '5' },
      { account: mallory.did, credit: '5' },
    ]);
    expect(await ask('verify', 'data', alone.reader)).toEqual({ records: 1, problems: [] });
  });
});
