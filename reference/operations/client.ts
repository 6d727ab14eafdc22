/** Asks a running node: JSON-RPC over loopback with the token of its `control.json`. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { Fault, messageOf } from '#contracts/faults.ts';
import type { Json } from '#contracts/identifiers.ts';
import type { Answer } from './methods/method.ts';

/** How to reach a running node: written at its start with mode 0600, removed at its end. */
export interface Control {
  readonly address: string;
  readonly token: string;
  readonly pid: number;
}

const controlSchema = z.strictObject({
  address: z.string().regex(/^127\.0\.0\.1:\d{1,5}$/),
  token: z.string().min(32).max(128),
  pid: z.int().min(1),
});

/** Whether a process of ours has this number. One of somebody else has taken a dead one's. */
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/**
 * The control of the node that runs in a data directory; undefined when none was left there, or when
 * its process is dead: whoever listens at its address now is not to be asked. Throws Fault
 * `node_not_running` for a file that says nothing.
 */
export const readControl = async (path: string): Promise<Control | undefined> => {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new Fault('node_not_running', `${path} cannot be read: ${messageOf(error)}`);
  });
  if (text === undefined) return undefined;
  const control = parseControl(path, text);
  return isAlive(control.pid) ? control : undefined;
};

const parseControl = (path: string, text: string): Control => {
  try {
    return controlSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new Fault('node_not_running', `${path} is damaged; stop the node and start it again`, {
      cause: error,
    });
  }
};

const errorSchema = z.object({
  message: z.string(),
  data: z.object({ status: z.string() }).optional(),
});

/** A method takes at most this; verifying a large store is the longest. */
const ANSWER_TIMEOUT_MS = 120_000;

/** Whether a failed fetch said nothing to anybody: only then may a request be made elsewhere. */
const neverSent = (error: unknown): boolean =>
  error instanceof TypeError &&
  (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED';

/** The address belongs to somebody else by now: a killed node leaves its file and frees its port. */
const isStranger = (status: number): boolean => [401, 403, 404, 405].includes(status);

/**
 * Runs a method on a running node. Throws Fault `node_not_running` when nobody answers there, or
 * somebody else does: then nothing was done. Throws `node_unreachable` when the node fell silent after
 * it was asked: then nobody knows.
 */
export const callNode = async (
  { address, token }: Control,
  method: string,
  params: Json,
): Promise<Answer> => {
  const response = await fetch(`http://${address}/rpc`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  }).catch((error: unknown) => {
    if (neverSent(error)) {
      throw new Fault('node_not_running', `nobody answers at ${address}`, { cause: error });
    }
    throw silent(address, error);
  });
  if (isStranger(response.status)) {
    await response.body?.cancel();
    throw new Fault('node_not_running', `another program answers at ${address}`);
  }
  const text = await response.text().catch((error: unknown) => {
    throw silent(address, error);
  });
  if (!response.ok) {
    throw new Fault('node_unreachable', `the node answered ${response.status}: ${text}`);
  }
  const answer = readAnswer(text);
  if (answer === undefined) {
    throw new Fault('node_not_running', `another program answers at ${address}`);
  }
  return answer;
};

const silent = (address: string, cause: unknown): Fault =>
  new Fault(
    'node_unreachable',
    `the node at ${address} fell silent (${messageOf(cause)}): what it was asked may be done or not; look before you ask again`,
    { cause },
  );

/** undefined for what is no answer of JSON-RPC. */
const readAnswer = (text: string): Answer | undefined => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  // A result is our own node's and may be large: its shape is not walked.
  const { jsonrpc, result, error } = Object(parsed) as { readonly [name: string]: unknown };
  if (jsonrpc !== '2.0') return undefined;
  if (result !== undefined) return { ok: true, value: result as Json };
  const refusal = errorSchema.safeParse(error);
  if (!refusal.success) return undefined;
  const { message, data } = refusal.data;
  return { ok: false, status: data?.status ?? 'failed', reason: message };
};

/** An event as it came, and where to go on after it. */
export type Heard = (event: { readonly [name: string]: Json }, id: string) => void;

/** One block of server-sent events; comments have no data. */
const hearBlock = (block: string, heard: Heard): void => {
  const lines = block.split('\n');
  const valueOf = (field: string): string | undefined =>
    lines.find((line) => line.startsWith(field))?.slice(field.length);
  const data = valueOf('data: ');
  if (data !== undefined)
    heard(JSON.parse(data) as { readonly [name: string]: Json }, valueOf('id: ') ?? '');
};

/**
 * Calls `heard` for every event of a running node until `signal` says stop; with the id of an earlier one,
 * first for those that came after it. Resolves when the stream ends.
 */
export const watchNode = async (
  { address, token }: Control,
  heard: Heard,
  signal: AbortSignal,
  after = '',
): Promise<void> => {
  try {
    const response = await fetch(`http://${address}/events`, {
      headers: {
        authorization: `Bearer ${token}`,
        ...(after === '' ? {} : { 'last-event-id': after }),
      },
      signal,
    });
    if (!response.ok) return;
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) hearBlock(block, heard);
    }
  } catch (error) {
    // The node ended or the caller has heard enough: both end the stream.
    if (!signal.aborted && !(error instanceof TypeError)) throw error;
  }
};
