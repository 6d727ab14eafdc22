/**
 * The live page in a real browser, told by a node that only strangers ever wrote to: everything stays text,
 * whatever it says, and there is never more of it than the page has room for.
 */
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Did } from '#contracts/identifiers.ts';
import type { Node, NodeEvent } from '#contracts/node.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { openOffline } from '#reference/commands/node/daemon/daemon.ts';
import { homeAt } from '#reference/commands/node/home/home.ts';
import { readSettings } from '#reference/config.ts';
import { referenceLayers } from '#reference/layers.ts';
import { startControl, type ControlServer } from '#reference/operations/control.ts';
import { browserMissing, openPage, type Page } from '#test/support/browser.ts';
import { cleanUp, inProcess, temporary, until } from '#test/support/command.ts';

const TOKEN = 't'.repeat(43);

/** What people type into fields to see what happens; several as in the Big List of Naughty Strings. */
const NAUGHTY = [
  '<img src=x onerror="window.hacked=1">',
  '<script>window.hacked=1</script>',
  '"><script>window.hacked=1</script>',
  '<svg/onload=window.hacked=1>',
  '<iframe src="javascript:window.hacked=1">',
  'javascript:window.hacked=1',
  "';window.hacked=1//",
  '</script><script>window.hacked=1</script>',
  '<!-- style -->',
  '${window.hacked=1}',
  '{{window.hacked=1}}',
  '&lt;b&gt;&amp;',
  '\u202etest\u202c',
  '\u0000\u0007\u001b[31m',
  'Z\u0323\u0323\u0323\u0323\u0323\u0323\u0323\u0323',
  '\u{1f469}\u200d\u{1f52c}',
  '\ufeff',
  'undefined',
  '__proto__',
  'x'.repeat(10_000),
];

const pages: Page[] = [];
const servers: ControlServer[] = [];
let node: Node | undefined;

afterEach(async () => {
  await Promise.all(pages.splice(0).map((page) => page.close()));
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(async () => {
  await node?.stop();
  cleanUp();
});

/** A node whose answers are replaced by these, and a way to make it tell an event. */
const serve = async (answers: Partial<Node> = {}) => {
  if (!node) {
    const directory = temporary();
    await inProcess('init', 'network', 'x', 'name', 'me', 'data', directory);
    node = await openOffline(homeAt(directory), referenceLayers, readSettings());
  }
  let tell: ((event: NodeEvent) => void) | undefined;
  const told = Object.assign(Object.create(node) as Node, {
    watch: (heard: (event: NodeEvent) => void) => {
      tell = heard;
      return () => undefined;
    },
    ...answers,
  });
  const server = await startControl(told, TOKEN);
  servers.push(server);
  return { server, tell: (event: NodeEvent) => tell?.(event) };
};

const open = async (address: string): Promise<Page> => {
  const page = await openPage(address);
  pages.push(page);
  return page;
};

const textOf = (page: Page, id: string): Promise<string> =>
  page.evaluate(`document.getElementById('${id}')?.textContent ?? ''`);

const showing = (page: Page, id: string, words: string): Promise<true> =>
  until(`${id} to show ${words}`, async () =>
    (await textOf(page, id)).includes(words) ? true : undefined,
  );

const delivery = (topic: string): NodeEvent => ({
  event: 'delivered',
  record: { id: topic, topic, author: 'did:key:x', sequence: 1 } as unknown as SignedRecord,
  verdict: { status: 'accepted', reason: topic },
});

describe.skipIf(browserMissing)('in a browser', () => {
  it('shows peers, topics, balances and events as they come, and keeps the token out of sight', async () => {
    const peer = { did: 'did:key:peer' as Did, address: '127.0.0.1:7', side: 'dialler' } as const;
    const { server, tell } = await serve({ peers: () => [{ ...peer, roundTripMs: 1.5 }] });
    const page = await open(`http://${server.address}/#${TOKEN}`);
    await showing(page, 'state', 'live');
    await showing(page, 'name', 'me in x');
    await showing(page, 'peers', '127.0.0.1:7');
    await showing(page, 'topics', 'ledger:hours');
    await showing(page, 'balances', 'sum 0.00');
    expect(await page.evaluate('location.href')).toBe(`http://${server.address}/`);
    tell(delivery('ledger:hours'));
    await showing(page, 'events', 'delivered');
    expect(page.complaints).toEqual([]);
  });

  it('asks for the token where it has none, and again where it is wrong', async () => {
    const { server } = await serve();
    const page = await open(`http://${server.address}/`);
    await until('the form', async () =>
      (await page.evaluate<boolean>(`document.getElementById('ask')?.hidden === false`))
        ? true
        : undefined,
    );
    const type = (token: string) =>
      page.evaluate(`(() => {
        document.getElementById('token').value = '${token}';
        document.querySelector('button').click();
      })()`);
    await type('wrong');
    await showing(page, 'state', 'not the one of the node');
    expect(await page.evaluate(`document.getElementById('main').hidden`)).toBe(true);
    await type(TOKEN);
    await showing(page, 'name', 'me in x');
  });

  it('says that a node does not answer, and goes on by itself when it does', async () => {
    const { server } = await serve();
    const page = await open(`http://${server.address}/#${TOKEN}`);
    await showing(page, 'state', 'live');
    await server.close();
    servers.length = 0;
    await showing(page, 'state', 'does not answer');
    const again = await startControl(node!, TOKEN, { port: Number(server.address.split(':')[1]) });
    servers.push(again);
    await showing(page, 'state', 'live');
    expect(await page.evaluate(`document.getElementById('main').hidden`)).toBe(false);
  });

  it('makes text of whatever strangers write', async () => {
    const peers = NAUGHTY.map((text) => ({
      did: text as Did,
      address: text,
      side: 'dialler' as const,
      roundTripMs: undefined,
    }));
    const { server, tell } = await serve({ peers: () => peers });
    const page = await open(`http://${server.address}/#${TOKEN}`);
    await showing(page, 'state', 'live');
    await showing(page, 'peers', NAUGHTY[0]!);
    for (const text of NAUGHTY) tell(delivery(text));
    await showing(page, 'events', NAUGHTY[0]!);
    await showing(page, 'events', 'xxxxxxxx...');
    expect(await page.evaluate('window.hacked ?? null')).toBeNull();
    const tags = await page.evaluate<string[]>(
      `[...new Set([...document.querySelectorAll('main *')].map((each) => each.tagName))].sort()`,
    );
    expect(tags).toEqual(
      ['DIV', 'H2', 'LI', 'OL', 'P', 'SECTION', 'TABLE', 'TBODY', 'TD', 'TH', 'THEAD', 'TR'].sort(),
    );
    const longest = await page.evaluate<number>(
      `Math.max(...[...document.querySelectorAll('td')].map((each) => each.textContent.length))`,
    );
    expect(longest).toBeLessThan(600);
    expect(page.complaints).toEqual([]);
  });

  it('shows so many rows of a hundred thousand, and so many events', async () => {
    const many = Array.from({ length: 100_000 }, (_, index) => ({
      did: `did:key:${index}` as Did,
      address: `127.0.0.1:${index}`,
      side: 'dialler' as const,
      roundTripMs: index,
    }));
    const { server, tell } = await serve({ peers: () => many });
    const page = await open(`http://${server.address}/#${TOKEN}`);
    await showing(page, 'peers', 'and 99800 more');
    const rows = await page.evaluate(`document.querySelectorAll('#peers tbody tr').length`);
    expect(rows).toBe(200);
    for (let index = 0; index < 1_000; index++) {
      tell(delivery(`ledger:${index}`));
      // A watcher has room for 256 at a time, and a moment to read them.
      if (index % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await showing(page, 'events', 'ledger:999');
    expect(await page.evaluate(`document.querySelectorAll('#events li').length`)).toBe(200);
  });
});
