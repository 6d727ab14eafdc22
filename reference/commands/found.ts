/** Founding a cooperative from the words of `node init`. */
import { Fault } from '#contracts/faults.ts';
import type { Genesis } from '#contracts/genesis.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { Records } from '#contracts/records.ts';
import { parseAmount } from '#reference/operations/amounts.ts';

/** Members of one cooperative trust each other as Partners from the first day. */
const FOUNDING_TRUST = 0.6;

const NAME_PATTERN = /^[A-Za-z][A-Za-z0-9_-]{0,31}$/;

const readMembers = (text: string, publicKey: Records['publicKey']): Map<string, Did> => {
  const members = new Map<string, Did>();
  for (const pair of text.split(',').filter((each) => each !== '')) {
    const [name = '', did = ''] = pair.split('=');
    if (!NAME_PATTERN.test(name)) {
      throw new Fault('usage', `members: expected name=did:key:..., got ${pair}`);
    }
    const key = publicKey(did);
    if (!key.ok) throw new Fault('usage', `members: ${name}: ${key.reason}`);
    if (members.has(name)) throw new Fault('usage', `members: ${name} is named twice`);
    members.set(name, did as Did);
  }
  return members;
};

const minorUnits = (word: string, text: string, decimals: number): number => {
  const amount = parseAmount(text, decimals);
  if (!amount.ok) throw new Fault('usage', `${word}: ${amount.reason}`);
  if (amount.value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new Fault('usage', `${word}: ${text} is too large`);
  }
  return Number(amount.value);
};

/** The genesis that the words describe. Throws Fault `usage` naming the word that does not fit. */
export const foundNetwork = (
  founder: Did,
  name: string,
  words: ReadonlyMap<string, string>,
  publicKey: Records['publicKey'],
): Genesis => {
  const currency = words.get('currency') ?? 'hours';
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(currency)) {
    throw new Fault('usage', `currency: expected letters, digits, _ or -, got ${currency}`);
  }
  const decimals = Number(words.get('decimals') ?? '2');
  if (!(Number.isInteger(decimals) && decimals >= 0 && decimals <= 8)) {
    throw new Fault('usage', `decimals: expected 0 to 8, got ${words.get('decimals')}`);
  }
  const members = readMembers(words.get('members') ?? '', publicKey);
  members.set(words.get('name') ?? 'founder', founder);
  const baseline = minorUnits('baseline', words.get('baseline') ?? '100', decimals);
  const cap = minorUnits('cap', words.get('cap') ?? '1000', decimals);
  if (baseline > cap) throw new Fault('usage', 'baseline: expected at most the cap');
  const dids = [...new Set(members.values())].sort();
  return {
    kind: 'icn/genesis/1',
    name,
    stewards: [founder],
    quorum: 1,
    currencies: [{ name: currency, decimals }],
    grants: dids.map((account) => ({
      account,
      currency,
      baseline,
      cap,
      untilSequence: Number.MAX_SAFE_INTEGER,
    })),
    trust: dids.flatMap((from) =>
      dids.filter((to) => to !== from).map((to) => ({ from, to, score: FOUNDING_TRUST })),
    ),
    names: Object.fromEntries(members),
  };
};
