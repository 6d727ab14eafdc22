/**
 * The control server: JSON-RPC 2.0 and a stream of events on loopback, for the operator alone.
 *
 * A web page in the operator's own browser can reach loopback too, so three things are checked before
 * a byte of the body is read: the bearer token (a file only the operator can read), the Host header
 * (a name that was rebound to 127.0.0.1 carries its own) and Origin (a browser always tells).
 *
 *   POST /rpc      one request, at most 16 MiB (an import is large)
 *   GET  /events   server-sent events: connected, disconnected, delivered, failed; overflow where some
 *                  were left out
 *
 * Questions are answered as they come; changes go through a mailbox (`changes.ts`), and each stream of
 * events has one (`watcher.ts`).
 */
import { isUtf8 } from 'node:buffer';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { timingSafeEqual } from 'node:crypto';
import { Fault, messageOf } from '#contracts/faults.ts';
import type { Json } from '#contracts/identifiers.ts';
import type { CreateMailbox } from '#contracts/mailbox.ts';
import type { Node } from '#contracts/node.ts';
import { create as createMailbox } from '#reference/mailbox/mailbox.ts';
import { createChanges, type Changes } from './changes.ts';
import { eventView } from './events.ts';
import { isChange, runMethod } from './methods.ts';
import { createWatcher, type Watcher } from './watcher.ts';

export const BODY_BYTES_MAX = 16_777_216;
/** Watchers at one time. */
const STREAMS_MAX = 16;

/** Connections at one time: the streams, and room for questions. */
const CONNECTIONS_MAX = 64;
/** A request's head must be here by then, and its whole body by then. */
const HEAD_MS_MAX = 5_000;
const REQUEST_MS_MAX = 30_000;

/** JSON-RPC 2.0, section 5.1; refusals of our own are one code with the status as data. */
const CODES = {
  parse: -32_700,
  request: -32_600,
  method: -32_601,
  params: -32_602,
  internal: -32_603,
  refused: 1,
};

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

interface RpcRequest {
  readonly jsonrpc: '2.0';
  readonly id: string | number | null;
  readonly method: string;
  readonly params?: unknown;
}

const isRequest = (value: unknown): value is RpcRequest => {
  if (typeof value !== 'object' || value === null) return false;
  const { jsonrpc, id, method } = value as Partial<RpcRequest>;
  const named = typeof id === 'string' || typeof id === 'number' || id === null;
  return jsonrpc === '2.0' && named && typeof method === 'string';
};

const sameText = (left: string, right: string): boolean => {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
};

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

const failure = (id: RpcRequest['id'], code: number, message: string, data?: Json): Json => ({
  jsonrpc: '2.0',
  id,
  error: { code, message, ...(data === undefined ? {} : { data }) },
});

const codeOf = (status: string): number => {
  if (status === 'method_unknown') return CODES.method;
  return status === 'params_invalid' ? CODES.params : CODES.refused;
};

/** A method that threw: a Fault of the store or the system keeps its code, the rest is a defect. */
const broken = (id: RpcRequest['id'], error: unknown): Json =>
  error instanceof Fault
    ? failure(id, CODES.refused, error.message, { status: error.code })
    : failure(id, CODES.internal, messageOf(error), { status: 'defect' });

/** Answers one body: always a JSON-RPC response. */
const answer = async (node: Node, changes: Changes, body: Buffer): Promise<Json> => {
  let parsed: unknown;
  try {
    if (!isUtf8(body)) throw new Error('invalid UTF-8');
    parsed = JSON.parse(body.toString('utf8'));
  } catch (error) {
    return failure(null, CODES.parse, `not JSON: ${messageOf(error)}`);
  }
  if (!isRequest(parsed)) return failure(null, CODES.request, 'not a JSON-RPC 2.0 request');
  const { id, method, params } = parsed;
  try {
    const run = () => runMethod(node, method, params);
    const outcome = await (isChange(method) ? changes.ask(run) : run());
    if (outcome.ok) return { jsonrpc: '2.0', id, result: outcome.value };
    return failure(id, codeOf(outcome.status), outcome.reason, { status: outcome.status });
  } catch (error) {
    return broken(id, error);
  }
};

/** Serves a node to whoever holds the token. Port 0 lets the kernel choose. */
export const startControl = (
  node: Node,
  token: string,
  { port = 0, died, mailbox = createMailbox }: ControlOptions = {},
): Promise<ControlServer> => {
  const changes = createChanges({ createMailbox: mailbox });
  const watchers = new Set<Watcher>();
  let bound = 0;

  const stream = (response: ServerResponse): void => {
    if (watchers.size >= STREAMS_MAX) {
      reply(response, 503, { error: `${STREAMS_MAX} watchers are enough` });
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': here\n\n');
    const watcher = createWatcher(response, mailbox);
    watchers.add(watcher);
    const cancel = node.watch((event) => watcher.tell(eventView(node, event)));
    response.on('close', () => {
      cancel();
      watchers.delete(watcher);
    });
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const refusal = objection(request, token, bound);
    if (refusal) {
      reply(response, refusal[0], { error: refusal[1] });
      return;
    }
    const route = `${request.method} ${request.url}`;
    if (route === 'GET /events') {
      stream(response);
    } else if (route === 'POST /rpc') {
      const body = await readBody(request);
      if (body === undefined) {
        reply(response, 413, { error: `at most ${BODY_BYTES_MAX} bytes` });
      } else {
        reply(response, 200, await answer(node, changes, body));
      }
    } else {
      reply(response, 404, { error: 'expected POST /rpc or GET /events' });
    }
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
            for (const each of watchers) each.close();
            changes.close();
            server.close(() => closed());
            // After those who waited were answered.
            setImmediate(() => server.closeAllConnections());
          }),
      });
    });
  });
};
