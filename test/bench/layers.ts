/**
 * `layers`: each step on the way of an entry beside the bare library call on the same bytes.
 *
 * The bare call is what somebody in a hurry would have written: JSON.parse without a schema, a hash
 * without canonical form, OpenSSL without the rules about strange keys, a Map of sums without
 * verdicts. The difference is what the layer's promises cost.
 */
import { createHash, createPublicKey, verify as verifyBare } from 'node:crypto';
import type { Json } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { referenceLayers } from '#reference/layers.ts';
import { TOPIC, foundCooperative, signEntries } from './cooperative.ts';
import { mailboxFigure } from './mailbox.ts';
import { compare, type Pair } from './measure.ts';
import type { Bench, Figure } from './report.ts';

const ENTRIES = 8_192;

/** The next of a list, and after the last the first again. */
const cycle = <Item>(items: readonly Item[]): (() => Item) => {
  let at = 0;
  return () => items[at++ % items.length]!;
};

const parseBare = (bytes: Uint8Array): Json =>
  JSON.parse(Buffer.from(bytes).toString('utf8')) as Json;

const hashBare = (record: object): string =>
  createHash('sha256').update(JSON.stringify(record)).digest('hex');

const messageOf = ({ id }: SignedRecord): Uint8Array =>
  new TextEncoder().encode(`icn/v1/record:${id}`);

const pairsOf = (): readonly (readonly [name: string, Pair])[] => {
  const cooperative = foundCooperative(10);
  const { content, records, network } = cooperative;
  const entries = signEntries(cooperative, ENTRIES);
  const claims = entries as unknown as Json[];
  const frames = referenceLayers.frames({ content });
  const frameOf = (batch: readonly Json[]): Uint8Array =>
    frames.encode({ type: 'announce', topic: TOPIC, records: batch, ids: [] });
  const single = frameOf(claims.slice(0, 1));
  const batch = frameOf(claims.slice(0, 256));
  const decoder = frames.decoder();
  const keys = new Map(
    cooperative.members.map(({ signer: { did } }) => {
      const key = records.publicKey(did);
      const x = Buffer.from(key.ok ? key.value : []).toString('base64url');
      return [did, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })];
    }),
  );
  const checkBare = (record: SignedRecord): boolean =>
    verifyBare(
      null,
      messageOf(record),
      keys.get(record.author)!,
      Buffer.from(record.signature, 'base64url'),
    );
  const [forOpen, forOpenBare, forHash, forHashBare] = [1, 2, 3, 4].map(() => cycle(entries));
  const [forCheck, forCheckBare, forFoldBare] = [1, 2, 3].map(() => cycle(entries));

  /** A ledger that begins anew after its last entry. */
  let ledger = referenceLayers.ledger({ genesis: network.genesis });
  let folded = 0;
  const fold = (): unknown => {
    if (folded === entries.length) {
      ledger = referenceLayers.ledger({ genesis: network.genesis });
      folded = 0;
    }
    return ledger.add(entries[folded++]!);
  };
  const sums = new Map<string, bigint>();
  const foldBare = (): unknown => {
    const { body } = forFoldBare!();
    if (!('accounts' in body)) return undefined;
    for (const { account, debit, credit } of body.accounts) {
      sums.set(account, (sums.get(account) ?? 0n) + BigInt(debit ?? 0) - BigInt(credit ?? 0));
    }
    return sums;
  };

  return [
    [
      `frame decode, 1 record, ${single.length} bytes | JSON.parse`,
      { ours: () => decoder.push(single), bare: () => parseBare(single.subarray(4)) },
    ],
    [
      `frame decode, 256 records, ${batch.length} bytes | JSON.parse`,
      { ours: () => decoder.push(batch), bare: () => parseBare(batch.subarray(4)) },
    ],
    [
      'canonical hash of a record | JSON.stringify, SHA-256',
      { ours: () => content.id(forHash!() as never), bare: () => hashBare(forHashBare!()) },
    ],
    [
      'verify a signature | OpenSSL with a ready key',
      {
        ours: () => {
          const record = forCheck!();
          const signature = Buffer.from(record.signature, 'base64url');
          return records.verify(record.author, messageOf(record), signature);
        },
        bare: () => checkBare(forCheckBare!()),
      },
    ],
    [
      'record open | JSON.stringify, SHA-256, OpenSSL',
      {
        ours: () => records.open(forOpen!() as unknown as Json),
        bare: () => {
          const record = forOpenBare!();
          return hashBare(record) !== record.id && checkBare(record);
        },
      },
    ],
    ['ledger.add | two sums in a Map', { ours: fold, bare: foldBare }],
  ];
};

export const layers: Bench = {
  summary: 'decode, open, hash, verify and fold beside the bare library call',
  async run() {
    const figures = pairsOf().map(([name, pair]): Figure => {
      const { oursNs, bareNs } = compare(pair);
      return { name, value: oursNs / 1e6, unit: 'ms', limit: bareNs / 1e6 };
    });
    // The empty loop is the calibration: what the measuring itself costs a call.
    const { oursNs } = compare({ ours: () => undefined, bare: () => undefined });
    return {
      name: 'layers',
      about: [
        'time a call, medians of 301 slices of each, in turn; right of the | is what the limit calls',
        'the limit promises less: no schema, no canonical form, no strict keys, no verdict',
      ],
      figures: [
        ...figures,
        await mailboxFigure(),
        { name: 'an empty call', value: oursNs / 1e6, unit: 'ms' },
      ],
    };
  },
};
