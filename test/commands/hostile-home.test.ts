/** What lies in a home, and who answers at its address: pipes, devices, strangers. Nothing hangs, nothing breaks. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanUp, inProcess, refusal, temporary } from '#test/support/command.ts';

let root = '';
let home = '';

const reset = (name: string): string => {
  const path = join(home, name);
  rmSync(path, { recursive: true, force: true });
  return path;
};

beforeAll(async () => {
  root = temporary();
  home = join(root, 'home');
  await inProcess('init', 'network', 'coop', 'data', home);
});

afterAll(cleanUp);

/** What may stand in the place of a file. */
const inTheWay: { readonly [what: string]: (path: string) => void } = {
  'a folder': (path) => mkdirSync(path),
  'a pipe without a writer': (path) => execFileSync('mkfifo', [path]),
  'a device that never ends': (path) => symlinkSync('/dev/zero', path),
  'ten megabytes': (path) => writeFileSync(path, ' '.repeat(10_000_000)),
};

describe.skipIf(process.platform === 'win32')('in the place of', () => {
  it.each(Object.entries(inTheWay))('network.json %s is refused in a line', async (_, put) => {
    const whole = await inProcess('init', 'network', 'coop', 'data', home);
    expect(whole.code).toBe(0);
    put(reset('network.json'));
    const words = /network\.json cannot be read \(.*\): put a good copy in its place/;
    expect(await inProcess('status', 'data', home)).toEqual(refusal(1, 'network_missing', words));
    reset('network.json');
    expect((await inProcess('init', 'network', 'coop', 'data', home)).code).toBe(0);
  });

  it.each(Object.entries(inTheWay))('control.json %s says what to do', async (_, put) => {
    put(reset('control.json'));
    const words = /control\.json cannot be read \(.*\): take it away; if the node runs, stop it/;
    expect(await inProcess('watch', 'data', home)).toEqual(refusal(1, 'node_not_running', words));
    // A question that the store can answer is answered.
    expect((await inProcess('status', 'data', home)).code).toBe(0);
    reset('control.json');
  });

  it('what a person names: a device is read to a bound and no further', async () => {
    const endless = '/dev/zero';
    const said = [
      await inProcess('join', endless, 'data', join(root, 'joiner')),
      await inProcess('contract', 'check', endless, 'data', home),
      await inProcess('import', endless, 'data', home),
    ];
    expect(said).toEqual([
      refusal(1, 'network_missing', /zero: it has more than 1048576 bytes/),
      refusal(64, 'usage', /zero: it has more than 1048576 bytes/),
      refusal(64, 'usage', /zero: line 1 is longer than a record/),
    ]);
  });
});

describe('a home called', () => {
  it.each([
    'with spaces',
    'two\nlines',
    "it's",
    '-x',
    'json',
    '..here',
    'größe 日本 \u202e\u001b[2J',
    'x'.repeat(200),
  ])('%j is a home like any other, and moves no cursor', async (name) => {
    const path = join(root, name);
    const made = await inProcess('init', 'network', 'coop', 'data', path);
    expect([made.code, made.err]).toEqual([0, '']);
    const told = await inProcess('status', 'data', path);
    expect([told.code, told.err]).toEqual([0, '']);
    const moves = ['\u001b', '\u202e'].filter((mark) => `${made.out}${told.out}`.includes(mark));
    expect(moves).toEqual([]);
  });
});

describe('an import', () => {
  const file = (text: string): string => {
    const path = join(root, 'lines');
    writeFileSync(path, text);
    return path;
  };

  it('names the line of the file, whatever was offered before it', async () => {
    // Beyond the first lot of ten thousand.
    const path = file(`${'{}\n'.repeat(10_004)}{"a":\n`);
    const words = /line 10005 is not JSON: expected a file that "npm run node export FILE" wrote/;
    expect(await inProcess('import', path, 'data', home)).toEqual(
      refusal(1, 'json_malformed', words),
    );
  });

  it('of what is no record says why it was refused, and leaves nothing behind', async () => {
    const before = Reflect.ownKeys(Object.prototype);
    const lines = [
      '[]',
      'null',
      '"x"',
      '7',
      '{"__proto__":{"polluted":true}}',
      '{"constructor":{"prototype":{"polluted":true}}}',
      `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
    ];
    const ran = await inProcess('import', file(lines.join('\r\n')), 'data', home);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toMatch(
      /^0 of 7 records were new, 7 were refused \(record_malformed\); 0 wait/,
    );
    expect(Reflect.ownKeys(Object.prototype)).toEqual(before);
  });
});

describe('a stranger at the address of control.json', () => {
  const answers: { readonly [what: string]: (response: ServerResponse) => void } = {
    'who knows no token': (response) => response.writeHead(401).end(),
    'who speaks no JSON': (response) => response.end('<html>'),
    'who speaks another JSON': (response) => response.end('{"result":1}'),
  };

  /** Runs a command while somebody answers there. */
  const against = async (
    answer: (response: ServerResponse, url: string) => void,
    ...words: readonly string[]
  ) => {
    const server = createServer((request, response) => answer(response, request.url ?? ''));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const control = { address, token: 'x'.repeat(43), pid: process.pid };
    writeFileSync(join(home, 'control.json'), JSON.stringify(control));
    try {
      return await inProcess(...words, 'data', home);
    } finally {
      server.closeAllConnections();
      server.close();
      reset('control.json');
    }
  };

  const words = /does not know the token of control\.json: if the node runs, stop it and start it/;

  it.each(Object.entries(answers))('%s is not asked, and the store is', async (_, answer) => {
    expect(await against(answer, 'watch')).toEqual(refusal(1, 'node_not_running', words));
    expect(await against(answer, 'peers')).toEqual(refusal(1, 'node_not_running', words));
    expect((await against(answer, 'status')).out).toMatch(/running +false/);
  });

  it.each([
    ['no JSON', 'data: {"event"\n\n'],
    ['an event without end', `data: ${'x'.repeat(2_000_000)}`],
  ])('who tells of events %s is not listened to', async (_, events) => {
    const ran = await against((response, url) => {
      if (url === '/rpc') response.end('{"jsonrpc":"2.0","id":1,"result":{}}');
      else response.write(events);
    }, 'watch');
    expect(ran).toEqual(refusal(1, 'node_not_running', words));
  });
});
