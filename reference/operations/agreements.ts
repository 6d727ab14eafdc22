/**
 * Agreements: contracts at work on a ledger.
 *
 * An entry that a rule gave names its contract (`contract`, the document's hash) and says in its memo which
 * rule was run on what, as canonical JSON. So the state of a contract is kept nowhere: it is a fold over the
 * entries that name it, in the order of an export, each run again on the state so far. An entry counts if the
 * rule still gives exactly its lines; otherwise it is passed over: somebody named the contract in vain, or
 * two members ran it at the same time and the other one's entry came first. What was paid by it stands either
 * way: the ledger judges money, the contract judges its state. Equal entries, equal state.
 */
import * as z from 'zod';
import {
  NAME_PATTERN,
  type Contract,
  type ContractState,
  type ContractStatus,
} from '#contracts/contract-language.ts';
import { ledgerTopic, type Did, type Json } from '#contracts/identifiers.ts';
import { AMOUNT_MAX } from '#contracts/ledger.ts';
import type { Node } from '#contracts/node.ts';
import type { Outcome } from '#contracts/outcome.ts';
import type { EntryBody, SignedRecord } from '#contracts/records.ts';
import { create as createContent } from '#reference/content/content.ts';
import { create as createLanguage } from '#reference/contract-language/contract-language.ts';

const content = createContent();

/** Reads a document. */
export const readAgreement = (
  document: Json,
  isDid: (text: string) => boolean,
): Outcome<Contract, ContractStatus> => createLanguage({ content, isDid }).read(document);

/** The call behind an entry: its memo. */
export interface AgreedCall {
  readonly rule: string;
  readonly arguments: { readonly [name: string]: Json };
  readonly time: number;
}

/** Milliseconds between running a rule and signing its entry. */
const SIGNING_MS_MAX = 60_000;

const callSchema = z.strictObject({
  rule: z.string().regex(NAME_PATTERN),
  arguments: z.record(z.string().regex(NAME_PATTERN), z.json()),
  time: z.int().min(0),
});

export const memoOf = (call: AgreedCall): string => {
  const canonical = content.canonicalize(call);
  if (!canonical.ok) throw new Error(`a call without canonical form: ${canonical.reason}`);
  return canonical.value;
};

const callOf = ({ timestamp, body }: SignedRecord): AgreedCall | undefined => {
  const { memo = '' } = body as EntryBody;
  const parsed = content.parseCanonical(Buffer.from(memo));
  const call = parsed.ok ? callSchema.safeParse(parsed.value).data : undefined;
  if (!call) return undefined;
  const age = timestamp - call.time;
  return age >= 0 && age <= SIGNING_MS_MAX ? call : undefined;
};

/** Entries that name a contract and stand, in the order of an export. */
const entriesOf = (node: Node, { id, currency }: Contract): readonly SignedRecord[] => {
  const topic = ledgerTopic(currency);
  const found: SignedRecord[] = [];
  for (const author of node.balances(topic).keys()) {
    for (const { record, verdict, standing } of node.history(topic, author)) {
      const counts = verdict.status === 'accepted' && standing === 'stands';
      const names = (record.body as EntryBody).contract === id;
      if (counts && names && record.author === author) found.push(record);
    }
  }
  const { depth } = node.knowledge(topic);
  const depths = new Map(found.map((record) => [record.id, depth(record.id)]));
  return found.sort(
    (left, right) => depths.get(left.id)! - depths.get(right.id)! || (left.id < right.id ? -1 : 1),
  );
};

export interface AgreedState {
  readonly state: ContractState;
  /** Entries that made it. */
  readonly counted: number;
  /** Entries that name the contract and were passed over. */
  readonly passedOver: number;
}

/** What an author may spend by a rule: of its own balance, up to this. */
export const ownCapability = (account: Did, fallsMax: bigint = AMOUNT_MAX) => [
  { account, fallsMax },
];

/** The state of a contract, from all that this node holds. */
export const stateOf = (node: Node, contract: Contract): AgreedState => {
  let { initial: state } = contract;
  const entries = entriesOf(node, contract);
  let counted = 0;
  for (const record of entries) {
    const call = callOf(record);
    if (!call) continue;
    const capabilities = ownCapability(record.author);
    const ran = contract.run(state, { ...call, caller: record.author, capabilities });
    const { accounts } = record.body as EntryBody;
    if (!ran.ok || JSON.stringify(ran.value.accounts) !== JSON.stringify(accounts)) continue;
    ({ state } = ran.value);
    counted += 1;
  }
  return { state, counted, passedOver: entries.length - counted };
};
