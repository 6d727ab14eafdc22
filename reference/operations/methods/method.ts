/** What a method is, and what several of them need. */
import * as z from 'zod';
import type { Did, Json } from '#contracts/identifiers.ts';
import { ledgerTopic } from '#contracts/identifiers.ts';
import { refused, type Outcome } from '#contracts/outcome.ts';
import type { Node } from '#contracts/node.ts';
import { resolvePerson } from '#reference/operations/people.ts';

/** An answer is JSON; a refusal carries a status, of the method's own or of the ledger's. */
export type Answer = Outcome<Json, string>;

export interface Method {
  readonly summary: string;
  readonly params: z.ZodType;
  /** It changes something: on a running node one such runs at a time. */
  readonly changes: boolean;
  run(node: Node, params: never): Answer | Promise<Answer>;
}

type Run<Params> = (node: Node, params: Params) => Answer | Promise<Answer>;

/** A question. */
export const method = <Params>(
  summary: string,
  params: z.ZodType<Params>,
  run: Run<Params>,
): Method => ({ summary, params, changes: false, run });

/** What changes something. */
export const change = <Params>(
  summary: string,
  params: z.ZodType<Params>,
  run: Run<Params>,
): Method => ({ summary, params, changes: true, run });

/** Methods by their names on the wire. */
export interface Methods {
  readonly [name: string]: Method;
}

export const currency = z.string().max(64).optional();
export const person = z.string().min(1).max(128);
export const none = z.strictObject({});

export const ok = (value: Json): Answer => ({ ok: true, value });

/** The currency asked for; the first of the network where none was. */
export const currencyOf = (node: Node, name: string | undefined) => {
  const { currencies } = node.network.genesis;
  const found = name === undefined ? currencies[0] : currencies.find((each) => each.name === name);
  return found
    ? ({ ok: true, value: { ...found, topic: ledgerTopic(found.name) } } as const)
    : refused(
        'currency_unknown',
        `expected one of ${currencies.map((each) => each.name).join(', ')}, got ${name}`,
      );
};

/** The DID of a name, a DID or the beginning of one. */
export const who = (node: Node, text: string): Outcome<Did, string> =>
  resolvePerson(text, node.network.genesis, node.isDid);

/** For what makes sense on a network alone. */
export const notRunning = (node: Node): Answer | undefined =>
  node.address === undefined
    ? refused('node_not_running', 'the node is not running: start it first')
    : undefined;
