/**
 * The control server: JSON-RPC 2.0 and a stream of events on loopback, for the operator alone.
 *
 * A web page in the operator's own browser can reach loopback too, so three things are checked before
 * a byte of the body is read: the bearer token (a file only the operator can read), the Host header
 * (a name that was rebound to 127.0.0.1 carries its own) and Origin (a browser always tells).
 *
 *   POST /rpc      one request or a batch, at most 16 MiB (an import is large)
 *   GET  /events   server-sent events: connected, disconnected, delivered, heard, merged, failed; overflow
 *                  where some were left out, missed where somebody came back too late
 *   GET  /metrics  what was counted, as Prometheus reads it; HEAD too
 *   GET  /         the live page. It knows nothing by itself: it asks for the token, and with it the node
 *
 * Questions are answered as they come; changes go through a mailbox (`changes.ts`), and each stream of
 * events has one (`watcher.ts`).
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { messageOf } from '#contracts/faults.ts';
import type { Json } from '#contracts/identifiers.ts';
import type { CreateMailbox } from '#contracts/mailbox.ts';
import type { Node } from '#contracts/node.ts';
import { create as createMailbox } from '#reference/mailbox/mailbox.ts';
import { createExposition, EXPOSITION_TYPE } from '#reference/telemetry/exposition.ts';
import { createChanges } from './changes.ts';
import { answerBody, type Run } from './json-rpc.ts';
import { isChange, methods, runMethod } from './methods.ts';
import { livePage } from './page.ts';
import { createEventStream, STREAMS_MAX } from './stream.ts';

export const BODY_BYTES_MAX = 16_777_216;
/** Connections at one time: the streams, and room for questions. */
const CONNECTIONS_MAX = 64;
/** A request's head must be here by then, and its whole body by then. */
const HEAD_MS_MAX = 5_000;
const REQUEST_MS_MAX = 30_000;

export interface ControlServer {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  close(): Promise<void>;
}

export interface ControlOptions {
  /** 0 lets the kernel choose. */
  readonly port?: number;
  /** Called when the server breaks while it serves; it is to be closed then. */
  readonly died?: (reason: Error) => void;
  /** The reference's own unless told. */
  readonly mailbox?: CreateMailbox;
}

const routeOf = (request: IncomingMessage): string => `${request.method} ${request.url}`;

const sameText = (left: string, right: string): boolean => {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
};

/** What is served without the token: a browser has no way to show it before it has the page. */
const OPEN_ROUTES: readonly string[] = ['GET /'];

/** The HTTP status to refuse with before anything is read; undefined lets the request in. */
const objection = (
  request: IncomingMessage,
  token: string,
  port: number,
): readonly [number, string] | undefined => {
  const { host = '', origin, authorization = '' } = request.headers;
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (!hosts.includes(host)) return [403, `expected Host ${hosts[0]}, got ${host}`];
  if (origin !== undefined && !hosts.some((each) => origin === `http://${each}`)) {
    return [403, `requests from ${origin} are not served`];
  }
  if (OPEN_ROUTES.includes(routeOf(request))) return undefined;
  if (!sameText(authorization, `Bearer ${token}`)) {
    return [401, 'expected the bearer token of control.json'];
  }
  return undefined;
};

/** The bytes of a body; undefined for one above the bound. */
const readBody = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  if (Number(request.headers['content-length']) > BODY_BYTES_MAX) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Left early, the connection must live until it has heard why.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length;
    if (bytes > BODY_BYTES_MAX) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
};

const reply = (response: ServerResponse, status: number, body: Json): void => {
  // Who is refused need not be listened to any longer: what is left of the request is not read.
  if (status !== 200) response.setHeader('connection', 'close');
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

type Route = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** Serves a node to whoever holds the token. Port 0 lets the kernel choose. */
export const startControl = (
  node: Node,
  token: string,
  { port = 0, died, mailbox = createMailbox }: ControlOptions = {},
): Promise<ControlServer> => {
  const { telemetry } = node;
  const changes = createChanges({ createMailbox: mailbox });
  const stream = createEventStream(node, randomBytes(8).toString('hex'), mailbox);
  const exposition = createExposition(telemetry, {
    'service.name': 'murmuration',
    'service.instance.id': node.did,
  });
  let bound = 0;

  const run: Run = async (method, params) => {
    const name = Object.hasOwn(methods, method) ? method : 'unknown';
    const span = telemetry.span('rpc.request', { 'rpc.method': name });
    try {
      const ask = () => runMethod(node, method, params);
      const answer = await (isChange(method) ? changes.ask(ask) : ask());
      const outcome = answer.ok ? 'answered' : 'refused';
      telemetry.count('icn_rpc_requests_total', 1, outcome);
      span.end({}, answer.ok ? undefined : answer.status);
      return answer;
    } catch (error) {
      telemetry.count('icn_rpc_requests_total', 1, 'broken');
      span.end({}, messageOf(error));
      throw error;
    }
  };

  const routes: { readonly [route: string]: Route } = {
    'POST /rpc': async (request, response) => {
      const body = await readBody(request);
      if (body === undefined) {
        reply(response, 413, { error: `at most ${BODY_BYTES_MAX} bytes` });
        return;
      }
      const answer = await answerBody(run, body);
      if (answer === undefined) response.writeHead(204).end();
      else reply(response, 200, answer);
    },
    'GET /events': (request, response) => {
      if (stream.serve(request, response)) return;
      reply(response, 503, { error: `${STREAMS_MAX} watchers are enough` });
    },
    'GET /metrics': async (_request, response) => {
      const text = await exposition.render();
      response.writeHead(200, { 'content-type': EXPOSITION_TYPE, 'cache-control': 'no-store' });
      response.end(text);
    },
    'HEAD /metrics': (_request, response) => {
      response.writeHead(200, { 'content-type': EXPOSITION_TYPE }).end();
    },
    'GET /': async (_request, response) => {
      const { headers, body } = await livePage();
      response.writeHead(200, headers).end(body);
    },
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const refusal = objection(request, token, bound);
    if (refusal) {
      reply(response, refusal[0], { error: refusal[1] });
      return;
    }
    const route = routeOf(request);
    const found = Object.hasOwn(routes, route) ? routes[route] : undefined;
    if (found) await found(request, response);
    else reply(response, 404, { error: `expected ${Object.keys(routes).join(', ')}` });
  };

  const limits = {
    headersTimeout: HEAD_MS_MAX,
    requestTimeout: REQUEST_MS_MAX,
    // How often the two above are looked at; 30 s unless told.
    connectionsCheckingInterval: 1_000,
  };
  const server = createServer(limits, (request, response) => {
    serve(request, response).catch((error: unknown) => {
      if (!response.headersSent) reply(response, 500, { error: messageOf(error) });
      else response.destroy();
    });
  });
  server.maxConnections = CONNECTIONS_MAX;

  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      // No more descriptors, for one: without a listener it would end the process.
      server.on('error', (error) => died?.(error));
      bound = (server.address() as AddressInfo).port;
      resolve({
        address: `127.0.0.1:${bound}`,
        close: () =>
          new Promise((closed) => {
            stream.close();
            changes.close();
            server.close(() => closed());
            // After those who waited were answered.
            setImmediate(() => server.closeAllConnections());
          }),
      });
    });
  });
};
