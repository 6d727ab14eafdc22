/**
 * A cooperative to measure with: members with keys, a founding document, and entries they might have
 * signed in a busy year. Everything follows from numbers; nothing is read from a disk.
 */
import { createHash } from 'node:crypto';
import type { Content } from '#contracts/content.ts';
import type { Genesis } from '#contracts/genesis.ts';
import type { RecordId, Topic } from '#contracts/identifiers.ts';
import type { Records, SignedRecord, Signer } from '#contracts/records.ts';
import { referenceLayers } from '#reference/layers.ts';
import type { Network } from '#contracts/node.ts';
import { networkOf } from '#reference/node/genesis.ts';
import { createSigner } from '#reference/records/signer.ts';

export const CURRENCY = 'hours';
export const TOPIC: Topic = `ledger:${CURRENCY}`;

/** Who writes where nothing else is said. */
export const AUTHORS = 10;

export interface Member {
  readonly seed: Uint8Array;
  readonly signer: Signer;
}

export interface Cooperative {
  readonly members: readonly Member[];
  readonly network: Network;
  readonly content: Content;
  readonly records: Records;
}

const memberOf = (index: number): Member => {
  const seed = new Uint8Array(createHash('sha256').update(`bench member ${index}`).digest());
  return { seed, signer: createSigner(seed) };
};

/** Everybody may owe a great deal, and trusts everybody. */
const genesisOf = (members: readonly Member[]): Genesis => {
  const dids = members.map(({ signer }) => signer.did);
  const [steward] = dids;
  return {
    kind: 'icn/genesis/1',
    name: 'measured cooperative',
    stewards: steward === undefined ? [] : [steward],
    quorum: 1,
    currencies: [{ name: CURRENCY, decimals: 2 }],
    grants: dids.map((account) => ({
      account,
      currency: CURRENCY,
      baseline: 1_000_000_000,
      cap: 1_000_000_000,
      untilSequence: Number.MAX_SAFE_INTEGER,
    })),
    trust: dids.flatMap((from) =>
      dids.filter((to) => to !== from).map((to) => ({ from, to, score: 0.6 })),
    ),
    names: {},
  };
};

/** A cooperative of so many members. */
export const foundCooperative = (count: number): Cooperative => {
  const members = Array.from({ length: count }, (_, index) => memberOf(index));
  const content = referenceLayers.content();
  const network = networkOf(genesisOf(members), content);
  return {
    members,
    network,
    content,
    records: referenceLayers.records({ content, network: network.id }),
  };
};

/** How many entries are signed before their authors hear of each other's. */
const CONCURRENT = 3;
const START_MS = 1_767_225_600_000;

/**
 * Entries by all members in turn, each a payment to another member, causes first. Each names its
 * author's last and the entry that was new `CONCURRENT` entries ago, so that there are always as many heads.
 */
export const signEntries = (cooperative: Cooperative, count: number): SignedRecord[] => {
  const { members, network, records } = cooperative;
  const entries: SignedRecord[] = [];
  for (let index = 0; index < count; index++) {
    const author = members[index % members.length]!.signer;
    const round = Math.floor(index / members.length);
    const payee =
      members[(index + 1 + (round % (members.length - 1))) % members.length]!.signer.did;
    const heard = entries[index - CONCURRENT];
    const parents: RecordId[] = heard && heard.author !== author.did ? [heard.id] : [];
    const draft = {
      kind: 'icn/entry/1' as const,
      network: network.id,
      topic: TOPIC,
      author: author.did,
      sequence: round + 1,
      previous: entries[index - members.length]?.id ?? null,
      parents,
      timestamp: START_MS + index * 1_000,
      body: {
        accounts: [
          { account: payee, debit: '150' },
          { account: author.did, credit: '150' },
        ],
        memo: `entry ${index}: an hour and a half in the garden`,
      },
    };
    entries.push(records.sign(draft, author));
  }
  return entries;
};
