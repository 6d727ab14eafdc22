/**
 * A chain of certificates from a file, checked with the founding document alone: every record is opened
 * as if a stranger had brought it, and the council is made of nothing else. What it proves is who decided
 * what; that the roots are those of the entries only a fold of the entries shows (`node verify`).
 */
import * as z from 'zod';
import type { Content } from '#contracts/content.ts';
import type { Json } from '#contracts/identifiers.ts';
import type { Network } from '#contracts/node.ts';
import { refused, type Outcome } from '#contracts/outcome.ts';
import { create as createCouncil } from '#reference/council/council.ts';
import { create as createRecords } from '#reference/records/records.ts';
import { create as createSwarm } from '#reference/swarm/swarm.ts';
import { votesMinOf } from './council.ts';

const schema = z.strictObject({
  kind: z.literal('icn/certificates/1'),
  network: z.string(),
  certificates: z
    .array(z.strictObject({ proposal: z.unknown(), votes: z.array(z.unknown()).max(4_096) }))
    .max(1_000_000),
});

export const VERIFY_STATUSES = [
  'file_malformed',
  'network_other',
  'record_refused',
  'certificate_unproven',
] as const;
export type VerifyStatus = (typeof VERIFY_STATUSES)[number];

/** What a file proves: its certificates, in order. */
export const verifyCertificates = (
  network: Network,
  content: Content,
  bytes: Uint8Array,
): Outcome<Json, VerifyStatus> => {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return refused('file_malformed', 'expected JSON in UTF-8');
  }
  const file = schema.safeParse(value);
  if (!file.success) {
    const [issue] = file.error.issues;
    return refused('file_malformed', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  if (file.data.network !== network.id) {
    return refused('network_other', `the file is of network ${file.data.network.slice(0, 64)}, this is ${network.id}`); // prettier-ignore
  }
  const records = createRecords({ content, network: network.id });
  const { stewards, quorum } = network.genesis;
  const council = createCouncil({
    first: { epoch: 0, stewards, quorum },
    votesMin: votesMinOf(createSwarm()),
  });
  for (const [index, { proposal, votes }] of file.data.certificates.entries()) {
    for (const claim of [proposal, ...votes]) {
      const opened = records.open(claim as Json);
      if (!opened.ok) {
        return refused('record_refused', `certificate ${index + 1}: ${opened.status}: ${opened.reason}`); // prettier-ignore
      }
      council.add(opened.value);
    }
    if (
      council.certificates(index)[0]?.proposal.id !== (proposal as { readonly id?: unknown }).id
    ) {
      const { stewards: inOffice, quorum: needed } = council.office;
      return refused('certificate_unproven', council.obstacle ?? `certificate ${index + 1} does not follow, or has not the votes of ${needed} of ${inOffice.length} stewards`); // prettier-ignore
    }
  }
  const { office } = council;
  return {
    ok: true,
    value: {
      certificates: council.certificates().map(({ proposal, votes }) => ({
        number: proposal.body.number,
        id: proposal.id,
        kind: proposal.body.decision.kind,
        votes: new Set(votes.map(({ author }) => author)).size,
      })),
      epoch: office.epoch,
      stewards: office.stewards,
      quorum: office.quorum,
    },
  };
};
