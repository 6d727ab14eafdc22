/** What may be asked of the council: how it stands, propose, vote, and the chain for a file. */
import * as z from 'zod';
import type {
  CertificateFile,
  CouncilEvidence,
  Decision,
  OpenProposal,
  ProposalView,
} from '#contracts/certificates.ts';
import type { Did, Json } from '#contracts/identifiers.ts';
import type { Node } from '#contracts/node.ts';
import { refused, type Outcome } from '#contracts/outcome.ts';
import { MEMO_BYTES_MAX } from '#contracts/records.ts';
import { parseAmount } from '#reference/operations/amounts.ts';
import { nameOf } from '#reference/operations/people.ts';
import { idPrefix, onlyOne } from './entries.ts';
import { grantDecisionOf, grantGist, grantWish } from './grants.ts';
import { change, method, none, ok, person, who, type Answer, type Methods } from './method.ts';

/** Proofs in one answer; each convicts its steward alone. */
const EVIDENCE_SHOWN = 100;

const named = (node: Node, dids: readonly Did[]): readonly string[] =>
  dids.map((did) => nameOf(did, node.network.genesis));

/** A decision in a few words. */
const gist = (node: Node, decision: Decision): string => {
  switch (decision.kind) {
    case 'checkpoint':
      return `records settled: ${decision.count}, chains that went further: ${decision.heads.length}`;
    case 'grant':
      return grantGist(node, decision);
    case 'ruling':
      return `dispute ${decision.dispute.slice(0, 16)}: ${decision.reason}`;
    case 'stewards':
      return `${named(node, decision.stewards).join(', ')}; ${decision.quorum} decide`;
  }
};

const proposalView = (node: Node, { record, state, voters }: ProposalView) => ({
  id: record.id,
  number: record.body.number,
  kind: record.body.decision.kind,
  by: nameOf(record.author, node.network.genesis),
  gist: gist(node, record.body.decision),
  state,
  votes: named(node, voters),
});

const openView = (node: Node, { abstention, ...proposal }: OpenProposal): Json => ({
  ...proposalView(node, proposal),
  abstention: abstention ? { ...abstention } : null,
});

const evidenceView = (node: Node, { steward, epoch, number, records }: CouncilEvidence): Json => ({
  steward: nameOf(steward, node.network.genesis),
  epoch,
  number,
  kind: records[0].kind,
  records: records.map(({ id }) => id),
});

const status = (node: Node): Answer => {
  const { council } = node;
  const view = council.view();
  const last = council.certificates().at(-1);
  const { genesis } = node.network;
  return ok({
    stewards: named(node, view.office.stewards),
    epoch: view.office.epoch,
    quorum: view.office.quorum,
    isSteward: view.isSteward,
    obstacle: view.obstacle ?? null,
    certified: view.certified,
    accepted: view.accepted,
    hindrance: view.hindrance
      ? { number: view.hindrance.number, missing: view.hindrance.missing.length, reason: view.hindrance.reason } // prettier-ignore
      : null,
    last: last
      ? { id: last.proposal.id, kind: last.proposal.body.decision.kind, gist: gist(node, last.proposal.body.decision) } // prettier-ignore
      : null,
    next: view.next.number,
    onTurn: view.onTurn === undefined ? null : nameOf(view.onTurn, genesis),
    open: view.open.map((each) => openView(node, each)),
    voted: view.voted ?? null,
    undecidable: view.undecidable,
    broken: view.broken ? { ...view.broken } : null,
    evidence: view.evidence.slice(0, EVIDENCE_SHOWN).map((each) => evidenceView(node, each)),
  });
};

const wish = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('checkpoint'),
    deciding: z.array(idPrefix).max(64).optional(),
  }),
  grantWish,
  z.strictObject({
    kind: z.literal('ruling'),
    dispute: idPrefix,
    from: person,
    to: person,
    amount: z.string().max(64),
    reason: z.string().min(1).refine((text) => Buffer.byteLength(text) <= MEMO_BYTES_MAX, `at most ${MEMO_BYTES_MAX} bytes`), // prettier-ignore
  }),
  z.strictObject({
    kind: z.literal('stewards'),
    stewards: z.array(person).min(1).max(64),
    quorum: z.int().min(1),
  }),
]);
type Wish = z.infer<typeof wish>;

const ids = (node: Node, prefixes: readonly string[]) => {
  const topics = node.network.genesis.currencies.map(({ name }) => `ledger:${name}`);
  const held = topics.flatMap((topic) => node.knowledge(topic).ordered());
  return prefixes.map((prefix) =>
    onlyOne(
      held.filter((id) => id.startsWith(prefix)),
      { what: `entry ${prefix}`, unknown: 'entry_unknown', ambiguous: 'entry_ambiguous' },
      (id) => id,
    ),
  );
};

const checkpointOf = (node: Node, prefixes: readonly string[]): Outcome<Decision, string> => {
  const found = ids(node, prefixes);
  const failed = found.find((each) => !each.ok);
  if (failed && !failed.ok) return failed;
  return node.council.checkpoint(found.flatMap((each) => (each.ok ? [each.value] : [])));
};

const rulingOf = (
  node: Node,
  asked: Extract<Wish, { readonly kind: 'ruling' }>,
): Outcome<Decision, string> => {
  const all = node.network.genesis.currencies.flatMap(({ name, decimals }) =>
    node.disputes(`ledger:${name}`).map(({ dispute }) => ({ dispute, decimals })),
  );
  const found = onlyOne(
    all.filter(({ dispute }) => dispute.id.startsWith(asked.dispute)),
    {
      what: `dispute ${asked.dispute}`,
      unknown: 'dispute_unknown',
      ambiguous: 'dispute_ambiguous',
    },
    ({ dispute }) => dispute.id,
  );
  if (!found.ok) return found;
  const { dispute, decimals } = found.value;
  const [from, to] = [who(node, asked.from), who(node, asked.to)];
  if (!from.ok) return from;
  if (!to.ok) return to;
  if (from.value === to.value) return refused('person_self', 'a ruling moves between two accounts');
  const amount = parseAmount(asked.amount, decimals);
  if (!amount.ok) return amount;
  return {
    ok: true,
    value: {
      kind: 'ruling',
      topic: dispute.topic,
      dispute: dispute.id,
      accounts: [
        { account: to.value, debit: String(amount.value) },
        { account: from.value, credit: String(amount.value) },
      ],
      reason: asked.reason,
    },
  };
};

const stewardsOf = (
  node: Node,
  asked: Extract<Wish, { readonly kind: 'stewards' }>,
): Outcome<Decision, string> => {
  const stewards: Did[] = [];
  for (const name of asked.stewards) {
    const found = who(node, name);
    if (!found.ok) return found;
    stewards.push(found.value);
  }
  return { ok: true, value: { kind: 'stewards', stewards, quorum: asked.quorum } };
};

const decisionOf = (node: Node, asked: Wish): Outcome<Decision, string> => {
  switch (asked.kind) {
    case 'checkpoint':
      return checkpointOf(node, asked.deciding ?? []);
    case 'grant':
      return grantDecisionOf(node, asked);
    case 'ruling':
      return rulingOf(node, asked);
    case 'stewards':
      return stewardsOf(node, asked);
  }
};

const propose = async (node: Node, asked: Wish): Promise<Answer> => {
  const decision = decisionOf(node, asked);
  if (!decision.ok) return decision;
  const proposed = await node.council.propose(decision.value);
  if (!proposed.ok) return proposed;
  // Who decides something by hand is for it; a checkpoint that is plain is voted for in its turn.
  const byHand = asked.kind !== 'checkpoint' || (asked.deciding ?? []).length > 0;
  const voted = byHand ? await node.council.vote(proposed.value) : undefined;
  return ok({
    id: proposed.value,
    gist: gist(node, decision.value),
    voted: voted?.ok ?? false,
    refused: voted && !voted.ok ? `${voted.status}: ${voted.reason}` : null,
    peers: node.peers().length,
  });
};

const vote = async (node: Node, asked: { readonly id: string }): Promise<Answer> => {
  const open = node.council.view().open;
  const found = onlyOne(
    open.filter(({ record }) => record.id.startsWith(asked.id)),
    {
      what: `open proposal ${asked.id}`,
      unknown: 'proposal_unknown',
      ambiguous: 'proposal_ambiguous',
    },
    ({ record }) => record.id,
  );
  if (!found.ok) return found;
  const { id } = found.value.record;
  const voted = await node.council.vote(id);
  return voted.ok ? ok({ id: voted.value, proposal: id, peers: node.peers().length }) : voted;
};

const certificates = (node: Node): Answer => {
  const file: CertificateFile = {
    kind: 'icn/certificates/1',
    network: node.network.id,
    certificates: node.council.certificates(),
  };
  return ok(file as unknown as Json);
};

export const consensusMethods: Methods = {
  'consensus.status': method('stewards, certificates, open proposals, evidence', none, status),
  'consensus.propose': change('proposes the next certificate', wish, propose),
  'consensus.vote': change('votes for an open proposal', z.strictObject({ id: idPrefix }), vote),
  'consensus.export': method('the chain of certificates, for a file', none, certificates),
};
