/** The founding document of a network: read strictly, hashed once, never changed. */
import * as z from 'zod';
import type { Content } from '#contracts/content.ts';
import { Fault } from '#contracts/faults.ts';
import type { Genesis } from '#contracts/genesis.ts';
import type { Did, NetworkId } from '#contracts/identifiers.ts';
import type { Network } from '#contracts/node.ts';
import type { Records } from '#contracts/records.ts';

const did = z.string().min(1).max(128);
const minorUnits = z.int().min(0);

const schema = z.strictObject({
  kind: z.literal('icn/genesis/1'),
  name: z.string().min(1).max(64),
  stewards: z.array(did).max(64),
  quorum: z.int().min(1),
  currencies: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[A-Za-z0-9_-]{1,32}$/),
        decimals: z.int().min(0).max(8),
      }),
    )
    .min(1)
    .max(64),
  grants: z
    .array(
      z.strictObject({
        account: did,
        currency: z.string(),
        baseline: minorUnits,
        cap: minorUnits,
        untilSequence: z.int().min(1),
      }),
    )
    .max(10_000),
  trust: z
    .array(z.strictObject({ from: did, to: did, score: z.number().min(0).max(1) }))
    .max(10_000),
  names: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,31}$/), did),
});

/** The id of a genesis: the hash of its canonical form. */
export const networkOf = (genesis: Genesis, content: Content): Network => {
  const outcome = content.canonicalize(genesis);
  if (!outcome.ok) throw new Fault('network_invalid', `network.json: ${outcome.reason}`);
  return { genesis, id: content.hash(outcome.value) as NetworkId };
};

const everyDid = (genesis: Genesis): readonly Did[] => [
  ...genesis.stewards,
  ...genesis.grants.map(({ account }) => account),
  ...genesis.trust.flatMap(({ from, to }) => [from, to]),
  ...Object.values(genesis.names),
];

/**
 * Reads a `network.json`. Throws Fault `network_invalid` naming the place: a wrong shape, a DID that
 * spells no key, a grant in a currency that does not exist, a quorum that the stewards cannot reach,
 * a currency, a steward or a name that is there twice.
 */
export const readNetwork = (
  bytes: Uint8Array,
  content: Content,
  publicKey: Records['publicKey'],
): Network => {
  const invalid = (reason: string): Fault =>
    new Fault('network_invalid', `network.json: ${reason}. Ask whoever founded it for a good copy`);
  const parsed = content.parse(bytes);
  if (!parsed.ok) throw invalid(parsed.reason);
  const checked = schema.safeParse(parsed.value);
  if (!checked.success) {
    const issue = checked.error.issues[0];
    throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong shape'}`);
  }
  const genesis = checked.data as unknown as Genesis; // The shape was checked; the DIDs are, below.
  for (const each of everyDid(genesis)) {
    const key = publicKey(each);
    if (!key.ok) throw invalid(`${each}: ${key.reason}`);
  }
  const currencies = new Set(genesis.currencies.map(({ name }) => name));
  const stray = genesis.grants.find(({ currency }) => !currencies.has(currency));
  if (stray) throw invalid(`a grant names the currency ${stray.currency}, which is not listed`);
  if (currencies.size < genesis.currencies.length) throw invalid('a currency is listed twice');
  const stewards = new Set(genesis.stewards).size;
  if (stewards < genesis.stewards.length) throw invalid('a steward is listed twice');
  if (genesis.quorum > Math.max(1, stewards)) {
    throw invalid(`a quorum of ${genesis.quorum} of ${stewards} stewards`);
  }
  // People type names in any case; nobody may be paid in another's place.
  const names = Object.keys(genesis.names);
  if (new Set(names.map((each) => each.toLowerCase())).size < names.length) {
    throw invalid('two names differ in case alone');
  }
  return networkOf(genesis, content);
};
