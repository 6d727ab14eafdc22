/** Metrics and events as those have them who watch a node: Prometheus, a page, `node watch`. */
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Node, NodeEvent } from '#contracts/node.ts';
import { createBook } from '#reference/telemetry/book.ts';
import { openOffline } from '#reference/commands/node/daemon/daemon.ts';
import { homeAt } from '#reference/commands/node/home/home.ts';
import { readSettings } from '#reference/config.ts';
import { referenceLayers } from '#reference/layers.ts';
import { watchNode, type Heard } from '#reference/operations/client.ts';
import { startControl, type ControlServer } from '#reference/operations/control.ts';
import { EVENTS_KEPT_MAX } from '#reference/operations/stream.ts';
import { cleanUp, inProcess, resultOf, start, temporary, within } from '#test/support/command.ts';
import { promtool, promtoolMissing } from '#test/support/promtool.ts';

const TOKEN = 't'.repeat(43);
const headers = { authorization: `Bearer ${TOKEN}` };

let offline: Node;
const servers: ControlServer[] = [];

beforeAll(async () => {
  const directory = temporary();
  await inProcess('init', 'network', 'x', 'name', 'me', 'data', directory);
  offline = await openOffline(homeAt(directory), referenceLayers, readSettings());
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await offline.stop();
  cleanUp();
});

/** A node with a book, and a way to make it tell an event. */
const serve = async () => {
  const telemetry = createBook({ now: () => performance.now() });
  let tell: ((event: NodeEvent) => void) | undefined;
  const node = Object.assign(Object.create(offline) as Node, {
    telemetry,
    watch: (heard: (event: NodeEvent) => void) => {
      tell = heard;
      return () => undefined;
    },
  });
  const server = await startControl(node, TOKEN);
  servers.push(server);
  const control = { address: server.address, token: TOKEN, pid: process.pid };
  return {
    server,
    telemetry,
    control,
    tell: (text: string) => tell?.({ event: 'failed', reason: text }),
    url: (path: string) => `http://${server.address}${path}`,
  };
};

describe('/metrics', () => {
  it('is whole before anything happened, for fifty at once, while nobody waits long', async () => {
    const { url } = await serve();
    const first = await fetch(url('/metrics'), { headers });
    expect([first.status, first.headers.get('content-type')]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
    const empty = await first.text();
    if (promtoolMissing === undefined) {
      expect(promtool(['check', 'metrics'], empty)).toEqual({ code: 0, said: '' });
    }
    const replies = await Promise.all(
      Array.from({ length: 50 }, async () => (await fetch(url('/metrics'), { headers })).text()),
    );
    for (const reply of replies) expect(reply).toBe(empty);
  });

  it('has no body for HEAD', async () => {
    const { url } = await serve();
    const reply = await fetch(url('/metrics'), { method: 'HEAD', headers });
    expect([reply.status, await reply.text()]).toEqual([200, '']);
  });

  it('a scraper that reads nothing keeps nobody waiting', async () => {
    const { server, url } = await serve();
    const port = Number(server.address.split(':')[1]);
    const socket = connect(port, '127.0.0.1').pause();
    const head = `GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`;
    socket.write(head.repeat(20));
    const beganAt = performance.now();
    const reply = await fetch(url('/metrics'), { headers });
    expect(reply.status).toBe(200);
    expect(performance.now() - beganAt).toBeLessThan(5_000);
    socket.destroy();
  });

  it('counts requests by outcome, and never by what somebody called a method', async () => {
    const { url, telemetry } = await serve();
    const call = (method: string) =>
      fetch(url('/rpc'), {
        method: 'POST',
        headers,
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method }),
      });
    for (let index = 0; index < 100; index++) await call(`nope-${index}`);
    await call('network.peers');
    const text = await (await fetch(url('/metrics'), { headers })).text();
    expect(text).toContain('icn_rpc_requests_total{outcome="refused"} 100\n');
    expect(text).toContain('icn_rpc_requests_total{outcome="answered"} 1\n');
    expect(text).not.toContain('nope');
    const named = telemetry.spans().map(({ attributes }) => attributes['rpc.method']);
    expect(new Set(named)).toEqual(new Set(['unknown', 'network.peers']));
  });
});

describe('the event stream', () => {
  /** Watches until this was heard so often; gives all reasons and the last id. */
  const hear = async (
    control: Parameters<typeof watchNode>[0],
    what: string,
    after = '',
    times = 1,
  ): Promise<{ heard: string[]; id: string }> => {
    const stop = new AbortController();
    const heard: string[] = [];
    let last = after;
    const listen: Heard = (event, id) => {
      heard.push(String(event['reason'] ?? event['event']));
      last = id || last;
      if (heard.filter((each) => each === what).length === times) stop.abort();
    };
    await within(`the event ${what}`, watchNode(control, listen, stop.signal, after));
    return { heard, id: last };
  };

  it('goes on where a watcher was cut off', async () => {
    const { control, tell } = await serve();
    const first = hear(control, 'early', '', 2);
    const say = setInterval(() => tell('early'), 20);
    const { id } = await first;
    clearInterval(say);
    for (const text of ['a', 'b', 'c']) tell(text);
    const { heard } = await hear(control, 'c', id);
    expect(heard.slice(-3)).toEqual(['a', 'b', 'c']);
    expect(heard.slice(0, -3).every((text) => text === 'early')).toBe(true);
    expect(heard).not.toContain('missed');
  });

  it('says what it can and that some was missed, where the ring reaches back no further', async () => {
    const { control, tell, url } = await serve();
    const reply = await fetch(url('/events'), { headers });
    tell('0');
    const reader = reply.body!.getReader();
    let text = '';
    while (!text.includes('data: '))
      text += Buffer.from((await reader.read()).value ?? []).toString();
    await reader.cancel();
    const id = /^id: (.*)$/m.exec(text)![1]!;
    for (let index = 1; index <= EVENTS_KEPT_MAX + 5; index++) tell(String(index));
    const { heard } = await hear(control, String(EVENTS_KEPT_MAX + 5), id);
    expect(heard[0]).toBe('missed');
    expect(heard[1]).toBe('6');
    expect(heard.at(-1)).toBe(String(EVENTS_KEPT_MAX + 5));
  });

  it.each(['nonsense', '.', 'ffffffffffffffff.1', '0.-1', `x.${'9'.repeat(400)}`, '\u00ff'])(
    'takes %j for the id of nobody, and says that all before was missed',
    async (id) => {
      const { control, tell } = await serve();
      tell('a');
      expect((await hear(control, 'a', id)).heard).toEqual(['missed', 'a']);
    },
  );

  it('has nothing to say to a new watcher before something happens', async () => {
    const { url, tell } = await serve();
    tell('before');
    const text = await new Promise<string>((resolve, reject) => {
      const request = httpRequest(url('/events'), { headers }, (response) => {
        response.once('data', (chunk: Buffer) => {
          resolve(chunk.toString());
          request.destroy();
        });
      });
      request.on('error', (error) => {
        if (!request.destroyed) reject(error);
      });
      request.end();
    });
    expect(text).toBe(': here\n\n');
  });
});

describe('npm run node', () => {
  it('watch prints what happens until Ctrl-C; stats, spans and page answer; without a node they say so', async () => {
    const directory = temporary();
    await inProcess(
      'init',
      'network',
      'x',
      'name',
      'me',
      'members',
      `you=${offline.did}`,
      'data',
      directory,
    );
    for (const command of ['watch', 'page']) {
      const ran = await inProcess(command, 'data', directory);
      expect([ran.code, ran.err]).toEqual([1, expect.stringMatching(/^node_not_running: /)]);
    }
    const running = start(['node', 'start', 'alone', 'host', '127.0.0.1', 'data', directory]);
    await running.said(/Ctrl-C stops it/);
    const watching = start(['node', 'watch', 'json', 'data', directory]);
    const payments = setInterval(
      () => void inProcess('pay', 'you', '0.01', 'data', directory),
      300,
    );
    await watching.said(/"event":"delivered"/);
    clearInterval(payments);
    watching.child.kill('SIGINT');
    const { code, out, err } = await within('the end of watch', watching.ended);
    expect([code, err]).toEqual([0, '']);
    const told = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly event: string; readonly author?: string });
    const delivered = told.filter(({ event }) => event === 'delivered');
    expect(delivered.map(({ author }) => author)).toEqual(delivered.map(() => 'me'));
    expect(new Set(told.map(({ event }) => event))).toEqual(new Set(['merged', 'delivered']));
    const stats = resultOf<{ counters: { [name: string]: number } }>(
      await inProcess('stats', 'json', 'data', directory),
    );
    expect(stats.counters['icn_gossip_entries_published_total']).toBeGreaterThan(0);
    const spans = await inProcess('spans', 'data', directory);
    expect(spans.out).toMatch(/store\.commit +[\d.]+ +done +writes \d+/);
    const otlp = await inProcess('spans', 'otlp', 'json', 'data', directory);
    expect(resultOf(otlp)).toMatchObject({ resourceSpans: [{}] });
    const page = resultOf<{ page: string }>(await inProcess('page', 'json', 'data', directory));
    expect((await fetch(page.page)).status).toBe(200);
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  });
});
