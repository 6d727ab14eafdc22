/** What may be asked of trust, and said of it. */
import * as z from 'zod';
import type { Json } from '#contracts/identifiers.ts';
import { ATTESTATION_DAYS_DEFAULT, type Node, type TrustView } from '#contracts/node.ts';
import type { Conduct, Statement } from '#contracts/trust.ts';
import { nameOf } from '#reference/operations/people.ts';
import {
  change,
  method,
  notRunning,
  ok,
  person,
  who,
  type Answer,
  type Methods,
} from './method.ts';

/** Rows of one list. */
export const TRUSTED_ROWS_MAX = 1_000;

export const hundredths = (number: number): number => Math.round(number * 100) / 100;

export const conductView = ({ value, level }: Conduct): Json => ({
  value: hundredths(value),
  level,
});

const statementView = (node: Node, { author, score, expiresAt }: Statement) => ({
  by: nameOf(author, node.network.genesis),
  score,
  expiresAt: expiresAt ?? null,
});

const trustView = (node: Node, view: TrustView): Json => {
  const { did, score, trustClass, grounds, conduct } = view;
  const { direct, vouchers } = grounds;
  return {
    name: nameOf(did, node.network.genesis),
    did,
    score: hundredths(score),
    class: trustClass,
    direct: direct ? statementView(node, direct) : null,
    vouchers: vouchers.map(({ product, ...statement }) => ({
      ...statementView(node, statement),
      worth: hundredths(product),
    })),
    conduct: conductView(conduct),
  };
};

const list = (node: Node, asked: { readonly who?: string | undefined }): Answer => {
  if (asked.who === undefined) {
    const rows = node.trusted().slice(0, TRUSTED_ROWS_MAX);
    return ok(rows.map((view) => trustView(node, view)));
  }
  const found = who(node, asked.who);
  return found.ok ? ok([trustView(node, node.trust(found.value))]) : found;
};

const attest = async (
  node: Node,
  asked: { readonly who: string; readonly score: number; readonly days: number },
): Promise<Answer> => {
  const refusal = notRunning(node);
  if (refusal) return refusal;
  const found = who(node, asked.who);
  if (!found.ok) return found;
  const attested = await node.attest(found.value, asked.score, asked.days);
  if (!attested.ok) return attested;
  const peers = node.peers().length;
  return ok({ id: attested.value, peers, ...(trustView(node, node.trust(found.value)) as object) });
};

export const trustMethods: Methods = {
  'trust.list': method(
    'whom this node trusts, how far and why; of one person, whoever it is',
    z.strictObject({ who: person.optional() }),
    list,
  ),
  'trust.attest': change(
    'says how far this node trusts somebody, from 0 to 1, for so many days',
    z.strictObject({
      who: person,
      score: z.number(),
      days: z.number().default(ATTESTATION_DAYS_DEFAULT),
    }),
    attest as (node: Node, params: unknown) => Promise<Answer>,
  ),
};
