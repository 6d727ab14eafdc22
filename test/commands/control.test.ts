/**
 * The control server as an attacker on the same machine meets it: another user, a web page in the
 * operator's browser, a name rebound to loopback, and whoever is slow, large or wrong on purpose.
 */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '#contracts/identifiers.ts';
import { openOffline } from '#reference/commands/node/daemon/daemon.ts';
import { homeAt } from '#reference/commands/node/home/home.ts';
import { readSettings } from '#reference/config.ts';
import { referenceLayers } from '#reference/layers.ts';
import { refused } from '#contracts/outcome.ts';
import type { Node, NodeEvent } from '#contracts/node.ts';
import { create } from '#reference/mailbox/mailbox.ts';
import { callNode, watchNode } from '#reference/operations/client.ts';
import { BODY_BYTES_MAX, startControl, type ControlServer } from '#reference/operations/control.ts';
import { CHANGES_WAITING_MAX, createChanges } from '#reference/operations/changes.ts';
import { BATCH_REQUESTS_MAX } from '#reference/operations/json-rpc.ts';
import { isChange, methods } from '#reference/operations/methods.ts';
import { cleanUp, inProcess, temporary, until, within } from '#test/support/command.ts';

const TOKEN = 't'.repeat(43);
const STRANGER = 'did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH';

let node: Node;
let server: ControlServer;
let port = 0;

beforeAll(async () => {
  const directory = temporary();
  await inProcess(
    'init',
    'network',
    'x',
    'name',
    'me',
    'members',
    `you=${STRANGER}`,
    'data',
    directory,
  );
  node = await openOffline(homeAt(directory), referenceLayers, readSettings());
  server = await startControl(node, TOKEN);
  port = Number(server.address.split(':')[1]);
});
afterAll(cleanUp);
afterAll(async () => {
  await server.close();
  await node.stop();
});

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string | Uint8Array;
}

const send = ({ method = 'POST', path = '/rpc', headers = {}, body = '' }: Ask): Promise<Reply> =>
  within(
    `an answer to ${method} ${path}`,
    new Promise((resolve, reject) => {
      const defaults = { authorization: `Bearer ${TOKEN}` };
      const options = {
        host: '127.0.0.1',
        port,
        method,
        path,
        headers: { ...defaults, ...headers },
      };
      const request = httpRequest(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      });
      request.on('error', reject);
      request.end(body);
    }),
  );

interface Rpc {
  readonly jsonrpc: string;
  readonly id: Json;
  readonly result?: Json;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: Json };
}

const rpc = async (body: unknown): Promise<Rpc> => {
  const text = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const reply = await send({ body: text });
  expect([reply.status, reply.headers['content-type']]).toEqual([200, 'application/json']);
  return JSON.parse(reply.body) as Rpc;
};

const call = (method: string, params?: unknown, id: unknown = 1): Promise<Rpc> =>
  rpc({ jsonrpc: '2.0', id, method, params });

const recordsHeld = async (): Promise<number> =>
  ((await call('gossip.topics')).result as unknown as readonly { records: number }[]).reduce(
    (sum, { records }) => sum + records,
    0,
  );

/** Whether the server still does its work. */
const isAlive = async (): Promise<boolean> => {
  const { result } = await call('network.status');
  return (result as { readonly name: string }).name === 'me';
};

describe('who may ask', () => {
  const status = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'network.status' });

  it.each([
    ['no token', { authorization: '' }],
    ['a wrong token of the right length', { authorization: `Bearer ${'u'.repeat(43)}` }],
    ['a beginning of the token', { authorization: `Bearer ${TOKEN.slice(1)}` }],
    ['the token without its scheme', { authorization: TOKEN }],
    ['the token as a password', { authorization: `Basic ${btoa(`x:${TOKEN}`)}` }],
    ['a cookie', { authorization: '', cookie: `token=${TOKEN}` }],
  ])('is refused with 401: %s', async (_name, headers) => {
    for (const [method, path] of [
      ['POST', '/rpc'],
      ['GET', '/events'],
      ['GET', '/metrics'],
      ['HEAD', '/metrics'],
    ]) {
      const reply = await send({ method: method!, path: path!, headers, body: status });
      expect(reply.status).toBe(401);
      const error = 'expected the bearer token of control.json';
      expect(reply.body).toBe(method === 'HEAD' ? '' : JSON.stringify({ error }));
      expect(reply.body).not.toContain(TOKEN);
    }
  });

  it.each([
    ['a name rebound to loopback', { host: 'evil.example' }],
    ['the same with our port', () => ({ host: `evil.example:${port}` })],
    ['our address at another port', { host: '127.0.0.1:1' }],
    ['our address without a port', { host: '127.0.0.1' }],
    ['another loopback address', () => ({ host: `127.0.0.2:${port}` })],
    ['a name that begins like ours', () => ({ host: `localhost:${port}.evil.example` })],
    ['another page', { origin: 'https://evil.example' }],
    ['a sandboxed page', { origin: 'null' }],
    ['a page at another port', { origin: 'http://127.0.0.1:1' }],
    ['a page of our own over TLS', () => ({ origin: `https://127.0.0.1:${port}` })],
  ])('is refused with 403 though it knows the token: %s', async (_name, given) => {
    const headers = typeof given === 'function' ? given() : given;
    const reply = await send({ headers, body: status });
    expect(reply.status).toBe(403);
    expect(reply.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('a page that asks first whether it may is told nothing', async () => {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const reply = await send({ method: 'OPTIONS', headers });
    expect(reply.status).toBe(403);
    expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-'))).toEqual([]);
  });

  it('the operator may, by address and by name, and from a page of our own', async () => {
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) {
      const reply = await send({ headers: { host, origin: `http://${host}` }, body: status });
      expect(reply.status).toBe(200);
    }
  });

  it.each([
    ['GET', '/rpc'],
    ['PUT', '/rpc'],
    ['POST', '/events'],
    ['POST', '/rpc/'],
    ['POST', '/RPC'],
    ['POST', '//rpc'],
    ['POST', '/rpc?x=1'],
    ['POST', '/../rpc'],
    ['POST', '/%72pc'],
    ['POST', '/rpc%00'],
    ['GET', '/events/../rpc'],
    ['GET', '/control.json'],
    ['GET', '/../../etc/passwd'],
    ['POST', '/'],
    ['HEAD', '/'],
    ['GET', '//'],
    ['GET', '/live.js'],
    ['POST', '/metrics'],
    ['GET', '/metrics/'],
    ['GET', '/metrics?name[]=x'],
  ])('nothing is at %s %s', async (method, path) => {
    const reply = await send({ method, path, body: method === 'GET' ? '' : status });
    expect(reply.status).toBe(404);
    const error = 'expected POST /rpc, GET /events, GET /metrics, HEAD /metrics, GET /';
    expect(reply.body).toBe(method === 'HEAD' ? '' : JSON.stringify({ error }));
  });
});

describe('JSON-RPC', () => {
  it.each([
    ['nothing', ''],
    ['half an object', '{"jsonrpc":"2.0","id":1'],
    ['a byte order mark', '\ufeff{}'],
    ['text', 'hello'],
    ['bytes that are no UTF-8', Uint8Array.from([0x22, 0xff, 0x22])],
  ])('%s is no JSON: -32700 with id null', async (_name, body) => {
    const answer = await rpc(body);
    expect(answer).toMatchObject({ jsonrpc: '2.0', id: null, error: { code: -32_700 } });
  });

  it.each([
    ['null', null],
    ['an empty batch', []],
    [
      'a batch of 10 000',
      Array.from({ length: 10_000 }, () => ({ jsonrpc: '2.0', id: 1, method: 'network.status' })),
    ],
    ['no version', { id: 1, method: 'network.status' }],
    ['version 1.0', { jsonrpc: '1.0', id: 1, method: 'network.status' }],
    ['a number as version', { jsonrpc: 2, id: 1, method: 'network.status' }],
    ['an object as id', { jsonrpc: '2.0', id: {}, method: 'network.status' }],
    ['no method', { jsonrpc: '2.0', id: 1 }],
    ['an array as method', { jsonrpc: '2.0', id: 1, method: ['network.status'] }],
  ])('%s is no request: -32600', async (_name, body) => {
    expect((await rpc(body)).error?.code).toBe(-32_600);
  });

  it('a notification is done and not spoken of', async () => {
    const note = {
      jsonrpc: '2.0',
      method: 'ledger.transfer',
      params: { to: 'you', amount: '0.01' },
    };
    const before = await recordsHeld();
    for (const body of [note, [note, note], { jsonrpc: '2.0', method: 'nope' }]) {
      expect(await send({ body: JSON.stringify(body) })).toMatchObject({ status: 204, body: '' });
    }
    expect(await recordsHeld()).toBe(before + 3);
  });

  it('a batch is answered in its order, one bad request beside good ones, notifications left out', async () => {
    const answers = (await rpc([
      { jsonrpc: '2.0', id: 'a', method: 'network.peers' },
      7,
      { jsonrpc: '2.0', method: 'network.peers' },
      { jsonrpc: '2.0', id: null, method: 'nope' },
      { jsonrpc: '2.0', id: 0, method: 'network.dial', params: {} },
    ])) as unknown as readonly Rpc[];
    expect(answers.map(({ id, result, error }) => [id, error?.code ?? result])).toEqual([
      ['a', []],
      [null, -32_600],
      [null, -32_601],
      [0, -32_602],
    ]);
  });

  it('a batch has room for so many requests', async () => {
    const asked = (count: number) =>
      Array.from({ length: count }, (_, id) => ({ jsonrpc: '2.0', id, method: 'network.peers' }));
    expect(await rpc(asked(BATCH_REQUESTS_MAX))).toHaveLength(BATCH_REQUESTS_MAX);
    const { error } = await rpc(asked(BATCH_REQUESTS_MAX + 1));
    expect(error?.message).toBe('expected a batch of 1 to 64 requests, got 65');
  });

  it.each([
    '',
    'nope',
    'network',
    'network.',
    'toString',
    '__proto__',
    'constructor',
    'x'.repeat(100_000),
  ])('no method is called %j: -32601', async (method) => {
    const answer = await call(method);
    expect(answer.error).toMatchObject({ code: -32_601, data: { status: 'method_unknown' } });
    expect(JSON.stringify(answer).length).toBeLessThan(300);
  });

  it.each([
    ['network.status', { more: 1 }],
    ['network.status', []],
    ['network.status', 'x'],
    ['network.status', 7],
    ['network.dial', {}],
    ['network.dial', { address: 7 }],
    ['network.dial', { address: 'x' }],
    ['network.dial', { address: `${'x'.repeat(300)}:1` }],
    ['network.fault', { cut: 'me' }],
    ['network.fault', { cut: Array.from({ length: 129 }, () => 'me') }],
    ['ledger.transfer', {}],
    ['ledger.transfer', { to: 'you' }],
    ['ledger.transfer', { to: 'you', amount: 1 }],
    ['ledger.transfer', { to: ['you'], amount: '1' }],
    ['ledger.transfer', { to: '', amount: '1' }],
    ['ledger.transfer', { to: 'you', amount: '1', memo: 'a'.repeat(4_097) }],
    ['ledger.transfer', { to: 'you', amount: '1', memo: 'é'.repeat(2_049) }],
    ['ledger.transfer', { to: 'you', amount: '1', memo: '\ud800' }],
    ['ledger.transfer', { to: 'you', amount: '1', author: STRANGER }],
    ['gossip.digest', {}],
    ['gossip.digest', { topic: 'x'.repeat(129) }],
    ['node.spans', { otlp: 'yes' }],
    ['ledger.history', { limit: 0 }],
    ['ledger.history', { limit: 1.5 }],
    ['ledger.history', { limit: 1_001 }],
    ['ledger.history', { after: 'x'.repeat(65) }],
    ['ledger.quarantine.get', { id: '../../key.json' }],
    ['ledger.quarantine.release', { id: 'f'.repeat(100_000) }],
    ['ledger.quarantine.drop', { id: '__proto__' }],
    ['ledger.import', {}],
    ['ledger.import', { lines: [7] }],
    ['ledger.import', { lines: ['x'.repeat(65_537)] }],
  ])('%s does not take %j: -32602', async (method, params) => {
    const answer = await call(method, params);
    expect(answer.error).toMatchObject({ code: -32_602, data: { status: 'params_invalid' } });
    expect(answer.error?.message.length).toBeLessThan(300);
  });

  it('a refusal of the node is 1 with its status, and the id comes back as it was', async () => {
    for (const id of [0, -1, 1.5, '', 'x', null]) {
      const answer = await call('ledger.transfer', { to: 'nobody', amount: '1' }, id);
      expect(answer).toMatchObject({ id, error: { code: 1, data: { status: 'person_unknown' } } });
    }
  });

  it('a method that breaks is -32603, and the next one works', async () => {
    const { run } = methods['network.peers']!;
    Object.assign(methods['network.peers']!, {
      run: () => {
        throw new Error('planted');
      },
    });
    const answer = await call('network.peers');
    Object.assign(methods['network.peers']!, { run });
    expect(answer.error).toEqual({ code: -32_603, message: 'planted', data: { status: 'defect' } });
    expect((await call('network.peers')).result).toEqual([]);
  });

  it('hostile keys in parameters neither arrive nor stay', async () => {
    const before = Reflect.ownKeys(Object.prototype);
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      const body = `{"jsonrpc":"2.0","id":1,"method":"ledger.balance","params":{"${key}":{"polluted":1}}}`;
      const { error, result } = await rpc(body);
      expect(error?.code === -32_602 || result !== undefined).toBe(true);
    }
    expect(Reflect.ownKeys(Object.prototype)).toEqual(before);
  });

  it('the whole set of refusals signed nothing', async () => {
    // Three notifications are all that was to be signed.
    expect(await recordsHeld()).toBe(3);
  });

  it('the same import, twenty times at once, is taken once', async () => {
    await call('ledger.transfer', { to: 'you', amount: '1', memo: 'once' });
    const { result } = await call('ledger.export', {});
    const before = (await call('gossip.topics')).result;
    await Promise.all(Array.from({ length: 20 }, () => call('ledger.import', { lines: result })));
    expect((await call('gossip.topics')).result).toEqual(before);
  });
});

/** A socket that speaks as it likes; `heard` is all that came back, `closed` whether it was ended. */
const raw = (
  address = server.address,
): { socket: Socket; heard: () => string; closed: Promise<void> } => {
  const socket = connect(Number(address.split(':')[1]), '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (more: string) => (text += more));
  socket.on('error', () => {});
  // Not `once`, which rejects on an error: a reset is an end like any other.
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  return { socket, heard: () => text, closed };
};

const HEAD = () =>
  `POST /rpc HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${TOKEN}\r\n`;

describe.concurrent('whoever is slow, large or wrong', () => {
  it.each([
    ['says how large it is', { 'content-length': String(BODY_BYTES_MAX + 1) }],
    ['does not say', { 'transfer-encoding': 'chunked' }],
  ])('a body above the limit is 413 where the client %s', async (_name, headers) => {
    const { socket, heard, closed } = raw();
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`${HEAD()}${fields.join('')}\r\n`);
    if ('transfer-encoding' in headers) {
      const chunk = Buffer.alloc(1_048_576, 0x20);
      for (let sent = 0; sent <= BODY_BYTES_MAX; sent += chunk.length) {
        socket.write(Buffer.concat([Buffer.from('100000\r\n'), chunk, Buffer.from('\r\n')]));
      }
    }
    await until('413', () => (heard().startsWith('HTTP/1.1 413') ? true : undefined), 5_000);
    await until(
      'the reason',
      () => (heard().includes('at most 16777216 bytes') ? true : undefined),
      5_000,
    );
    socket.destroy();
    await closed;
    expect(await isAlive()).toBe(true);
  });

  it('a body of the largest size is read', async () => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'nope' });
    const answer = await rpc(body + ' '.repeat(BODY_BYTES_MAX - body.length));
    expect(answer.error?.code).toBe(-32_601);
  });

  it('whoever is refused is not listened to: its connection ends', async () => {
    const { socket, heard, closed } = raw();
    socket.write(
      `POST /rpc HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 9000000\r\n\r\n`,
    );
    await within('the end of the refused connection', closed, 8_000);
    expect(heard()).toMatch(/^HTTP\/1\.1 401/);
  });

  it.each([
    ['nothing', () => ''],
    ['half a head, a byte a second', () => 'POST /rpc HT'],
    ['a head without its end', () => HEAD()],
  ])(
    'who says %s is shown out within ten seconds, and others are served meanwhile',
    async (_name, text) => {
      const { socket, closed } = raw();
      socket.write(text());
      const drip = setInterval(() => socket.write('x'), 1_000);
      if (text() === '') clearInterval(drip);
      expect(await isAlive()).toBe(true);
      await within('the end of a slow connection', closed, 10_000).finally(() =>
        clearInterval(drip),
      );
    },
  );

  it.each([
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['HTTP/9', 'POST /rpc HTTP/9.9\r\n\r\n', 400],
    ['no Host', 'POST /rpc HTTP/1.1\r\n\r\n', 400],
    ['a head of 17 KiB', `POST /rpc HTTP/1.1\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`, 431],
    [
      'two lengths',
      'POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      400,
    ],
    [
      'a length and chunks',
      'POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
  ])('%s is answered and ended', async (_name, text, status) => {
    const { socket, heard, closed } = raw();
    socket.write(text);
    await within('the end of the connection', closed, 8_000);
    expect(heard()).toMatch(new RegExp(`^HTTP/1\\.1 ${status}`));
    expect(await isAlive()).toBe(true);
  });

  it('a hundred idle connections keep nobody out for long', async () => {
    const own = await startControl(node, TOKEN);
    const idle = Array.from({ length: 100 }, () => raw(own.address));
    const control = { address: own.address, token: TOKEN, pid: process.pid };
    await until(
      'a free place',
      () => callNode(control, 'network.status', {}).catch(() => undefined),
      10_000,
    );
    for (const { socket } of idle) socket.destroy();
    await Promise.all(idle.map(({ closed }) => closed));
    expect(await callNode(control, 'network.status', {})).toMatchObject({ ok: true });
    await own.close();
  });
});

describe('event streams', () => {
  const control = () => ({ address: server.address, token: TOKEN, pid: process.pid });

  it('tell sixteen watchers of a payment, and send four away', async () => {
    const stop = new AbortController();
    const heard = Array.from({ length: 20 }, () => 0);
    const ended = heard.map((_, index) =>
      watchNode(
        control(),
        ({ event }) => void (heard[index]! += event === 'delivered' ? 1 : 0),
        stop.signal,
      ).then(() => index),
    );
    const away: number[] = [];
    for (const each of ended) void each.then((index) => away.push(index));
    await until('four to be sent away', () => (away.length === 4 ? true : undefined), 5_000);
    const paid = await callNode(control(), 'ledger.transfer', { to: 'you', amount: '1' });
    expect(paid).toMatchObject({ ok: true });
    await until(
      'sixteen to hear',
      () => {
        return heard.filter((count) => count === 1).length === 16 ? true : undefined;
      },
      5_000,
    );
    stop.abort();
    await within('all streams to end', Promise.all(ended), 5_000);
    // Their places are free again: a stream that was sent away would have ended at once.
    const again = new AbortController();
    await until(
      'a place for a new stream',
      async () => {
        const next = watchNode(control(), () => {}, again.signal).then(() => 'ended');
        const pause = new Promise((resolve) => setTimeout(resolve, 50, 'open'));
        return (await Promise.race([next, pause])) === 'open' || undefined;
      },
      5_000,
    );
    again.abort();
  });

  it('tell a slow reader how many events it missed', async () => {
    const { watched, say, hasWatcher } = sayable();
    const own = await startControl(watched, TOKEN);
    const { socket, heard, closed } = raw(own.address);
    socket.write(
      `GET /events HTTP/1.1\r\nHost: ${own.address}\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`,
    );
    await until('the head of the stream', () => (heard().includes(': here') ? true : undefined));
    socket.pause();
    // The kernel keeps a few megabytes of its own; 60 MB it does not.
    for (let count = 0; count < 1_000; count++) {
      say({ event: 'failed', reason: `${'x'.repeat(60_000)} ${count}.` });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(hasWatcher()).toBe(true);
    socket.resume();
    const missed = await until('the gap to be named', () => {
      const found = [...heard().matchAll(/"event":"overflow","lost":(\d+)/g)];
      const lost = found.reduce((sum, [, count]) => sum + Number(count), 0);
      const came = heard().match(/x \d+\."/g)?.length ?? 0;
      return lost + came === 1_000 ? lost : undefined;
    });
    expect(missed).toBeGreaterThan(500);
    // After the gap it goes on as before.
    say({ event: 'failed', reason: 'and on' });
    await until('the next event', () => (heard().includes('and on') ? true : undefined));
    await own.close();
    await closed;
    expect(hasWatcher()).toBe(false);
  });
});

/** The node with events that a test makes up. */
const sayable = () => {
  let heard: ((event: NodeEvent) => void) | undefined;
  const watched = Object.assign(Object.create(node) as Node, {
    watch: (listener: (event: NodeEvent) => void) => {
      heard = listener;
      return () => (heard = undefined);
    },
  });
  return {
    watched,
    say: (event: NodeEvent) => heard?.(event),
    hasWatcher: () => heard !== undefined,
  };
};

describe('changes', () => {
  /** A node whose payments wait until they are let through. */
  const gated = () => {
    const begun: string[] = [];
    const gates: (() => void)[] = [];
    const slow = Object.assign(Object.create(node) as Node, {
      async pay({ memo }: { memo?: string }) {
        begun.push(memo ?? '');
        await new Promise<void>((resolve) => gates.push(resolve));
        return refused('over_limit', `planted ${memo}`);
      },
    });
    return { slow, begun, gates };
  };

  it('run one at a time; too many are told busy; questions pass', async () => {
    const { slow, begun, gates } = gated();
    const own = await startControl(slow, TOKEN);
    const control = { address: own.address, token: TOKEN, pid: process.pid };
    const pay = (memo: number) =>
      callNode(control, 'ledger.transfer', { to: 'you', amount: '1', memo: `m${memo}` });
    const asked = Array.from({ length: 1 + CHANGES_WAITING_MAX + 8 }, (_, index) => pay(index));
    let busy = 0;
    for (const each of asked) {
      void each.then((answer) => (busy += !answer.ok && answer.status === 'busy' ? 1 : 0));
    }
    // One is under way and 32 wait, whoever of them came first.
    await until('eight to be refused', () => (busy === 8 ? true : undefined));
    expect(await callNode(control, 'network.status', {})).toMatchObject({ ok: true });
    for (let count = 0; count <= CHANGES_WAITING_MAX; count++) {
      await until(`change ${count}`, () => (gates.length === count + 1 ? true : undefined));
      expect(begun).toHaveLength(count + 1);
      gates[count]!();
    }
    const answers = await Promise.all(asked);
    const statuses = answers.map((answer) => (answer.ok ? 'paid' : answer.status)).sort();
    expect(statuses).toEqual([
      ...Array.from({ length: 8 }, () => 'busy'),
      ...Array.from({ length: 1 + CHANGES_WAITING_MAX }, () => 'over_limit'),
    ]);
    await own.close();
  });

  it('that wait when the server closes are answered, and what was begun is left in doubt', async () => {
    const { slow, begun, gates } = gated();
    const own = await startControl(slow, TOKEN);
    const control = { address: own.address, token: TOKEN, pid: process.pid };
    const pay = () => callNode(control, 'ledger.transfer', { to: 'you', amount: '1', memo: 'm' });
    const first = pay();
    await until('the first to begin', () => (begun.length === 1 ? true : undefined));
    const second = pay();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await own.close();
    expect(await first).toMatchObject({
      status: 'node_not_running',
      reason: expect.stringContaining('done or not') as string,
    });
    expect(await second).toMatchObject({
      status: 'node_not_running',
      reason: expect.stringContaining('not begun') as string,
    });
    gates[0]!();
  });

  it('that take too long are answered, and say whether they were begun', async () => {
    const changes = createChanges({ createMailbox: create, changeMsMax: 30 });
    let open: () => void = () => undefined;
    const first = changes.ask(async () => {
      await new Promise<void>((resolve) => (open = resolve));
      return { ok: true, value: null };
    });
    const second = changes.ask(() => ({ ok: true, value: null }));
    expect(await first).toMatchObject({
      status: 'deadline_exceeded',
      reason: expect.stringContaining('done or not') as string,
    });
    expect(await second).toMatchObject({
      status: 'deadline_exceeded',
      reason: expect.stringContaining('not begun') as string,
    });
    open();
    expect(await changes.ask(() => ({ ok: true, value: 7 }))).toEqual({ ok: true, value: 7 });
    await expect(changes.ask(() => Promise.reject(new Error('planted')))).rejects.toThrow(
      'planted',
    );
    changes.close();
  });

  it('are the methods that say so', () => {
    const changing = Object.keys(methods).filter((name) => isChange(name));
    expect(changing).toEqual(
      expect.arrayContaining(['ledger.transfer', 'ledger.import', 'network.dial', 'network.fault']),
    );
    expect(changing).not.toContain('ledger.balance');
    expect([isChange('nope'), isChange('__proto__')]).toEqual([false, false]);
  });
});
