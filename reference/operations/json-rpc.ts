/**
 * JSON-RPC 2.0, without its transport: the bytes of a body in, the answer out.
 *
 * A request without an id is a notification: it is done and nothing is said of it. A batch is answered
 * in its own order, one after the other, so that nobody gets more of the node at a time by asking in a crowd.
 */
import { isUtf8 } from 'node:buffer';
import { Fault, messageOf } from '#contracts/faults.ts';
import type { Json } from '#contracts/identifiers.ts';
import type { Answer } from './methods/method.ts';

/** Requests in one batch. */
export const BATCH_REQUESTS_MAX = 64;

/** JSON-RPC 2.0, section 5.1; refusals of our own are one code with the status as data. */
const CODES = {
  parse: -32_700,
  request: -32_600,
  method: -32_601,
  params: -32_602,
  internal: -32_603,
  refused: 1,
};

/** Runs a method; a Fault keeps its code, anything else that is thrown is a defect. */
export type Run = (method: string, params: unknown) => Promise<Answer>;

type Id = string | number | null;

interface RpcRequest {
  readonly jsonrpc: '2.0';
  /** undefined: a notification. */
  readonly id?: Id;
  readonly method: string;
  readonly params?: unknown;
}

const isId = (id: unknown): id is Id =>
  typeof id === 'string' || typeof id === 'number' || id === null;

const isRequest = (value: unknown): value is RpcRequest => {
  if (typeof value !== 'object' || value === null) return false;
  const { jsonrpc, id, method } = value as Partial<RpcRequest>;
  return jsonrpc === '2.0' && (id === undefined || isId(id)) && typeof method === 'string';
};

const failure = (id: Id, code: number, message: string, data?: Json): Json => ({
  jsonrpc: '2.0',
  id,
  error: { code, message, ...(data === undefined ? {} : { data }) },
});

const codeOf = (status: string): number => {
  if (status === 'method_unknown') return CODES.method;
  return status === 'params_invalid' ? CODES.params : CODES.refused;
};

/** A method that threw: a Fault of the store or the system keeps its code, the rest is a defect. */
const broken = (id: Id, error: unknown): Json =>
  error instanceof Fault
    ? failure(id, CODES.refused, error.message, { status: error.code })
    : failure(id, CODES.internal, messageOf(error), { status: 'defect' });

/** One request; undefined for a notification. */
const answerOne = async (run: Run, request: unknown): Promise<Json | undefined> => {
  if (!isRequest(request)) return failure(null, CODES.request, 'not a JSON-RPC 2.0 request');
  const { id = null, method, params } = request;
  const answer = await run(method, params).then(
    (outcome): Json =>
      outcome.ok
        ? { jsonrpc: '2.0', id, result: outcome.value }
        : failure(id, codeOf(outcome.status), outcome.reason, { status: outcome.status }),
    (error: unknown) => broken(id, error),
  );
  return request.id === undefined ? undefined : answer;
};

const answerBatch = async (run: Run, batch: readonly unknown[]): Promise<Json | undefined> => {
  if (batch.length === 0 || batch.length > BATCH_REQUESTS_MAX) {
    const expected = `expected a batch of 1 to ${BATCH_REQUESTS_MAX} requests, got ${batch.length}`;
    return failure(null, CODES.request, expected);
  }
  const answers: Json[] = [];
  for (const request of batch) {
    const answer = await answerOne(run, request);
    if (answer !== undefined) answers.push(answer);
  }
  return answers.length > 0 ? answers : undefined;
};

/** Answers one body; undefined where there is nothing to say. */
export const answerBody = async (run: Run, body: Buffer): Promise<Json | undefined> => {
  let parsed: unknown;
  try {
    if (!isUtf8(body)) throw new Error('invalid UTF-8');
    parsed = JSON.parse(body.toString('utf8'));
  } catch (error) {
    return failure(null, CODES.parse, `not JSON: ${messageOf(error)}`);
  }
  return Array.isArray(parsed) ? answerBatch(run, parsed) : answerOne(run, parsed);
};
