/** Founding a cooperative from the words of `node init`. */
import { STEWARDS_MAX } from '#contracts/certificates.ts';
import { Fault } from '#contracts/faults.ts';
import type { Genesis } from '#contracts/genesis.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { Records } from '#contracts/records.ts';
import { faultOfOffice } from '#reference/council/decisions.ts';
import { quorumOf } from '#reference/swarm/quorum.ts';
import { parseAmount } from '#reference/operations/amounts.ts';

/** Everybody trusts everybody, and a network.json has room for 10 000 edges. */
const MEMBERS_MAX = 100;

/** Members of one cooperative trust each other as Partners from the first day. */
const FOUNDING_TRUST = 0.6;

const NAME_PATTERN = /^[A-Za-z][A-Za-z0-9_-]{0,31}$/;

/** Everybody by name, the founder first. One name and one DID each, whatever the case of the name. */
const readMembers = (
  text: string,
  founder: readonly [name: string, did: Did],
  publicKey: Records['publicKey'],
): Map<string, Did> => {
  const members = new Map([founder]);
  const taken = new Set<string>([founder[0].toLowerCase(), founder[1]]);
  for (const pair of text.split(',').filter((each) => each !== '')) {
    const [name = '', did = '', ...more] = pair.split('=');
    if (!NAME_PATTERN.test(name) || did === '' || more.length > 0) {
      throw new Fault('usage', `members: expected name=did:key:...,name=did:key:..., got ${pair}`);
    }
    const key = publicKey(did);
    if (!key.ok) throw new Fault('usage', `members: ${name}: ${key.reason}`);
    for (const each of [name.toLowerCase(), did]) {
      if (taken.has(each)) throw new Fault('usage', `members: ${name}: ${each} is named twice`);
      taken.add(each);
    }
    members.set(name, did as Did);
  }
  if (members.size > MEMBERS_MAX) {
    throw new Fault('usage', `members: expected at most ${MEMBERS_MAX}, got ${members.size}`);
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

/** Stewards by name, and a quorum that two certificates of one number cannot both have. */
const readOffice = (
  words: ReadonlyMap<string, string>,
  members: ReadonlyMap<string, Did>,
  own: string,
): Pick<Genesis, 'stewards' | 'quorum'> => {
  const stewards = (words.get('stewards') ?? own).split(',').map((name) => {
    const did = members.get(name);
    if (did === undefined) {
      throw new Fault('usage', `stewards: ${name} is none of ${[...members.keys()].join(', ')}`);
    }
    return did;
  });
  if (stewards.length > STEWARDS_MAX) {
    throw new Fault('usage', `stewards: expected at most ${STEWARDS_MAX}, got ${stewards.length}`);
  }
  const { votesMin } = quorumOf(stewards.length);
  const quorum = words.get('quorum') ?? String(votesMin);
  if (!/^\d{1,2}$/.test(quorum)) {
    throw new Fault('usage', `quorum: expected a whole number, got ${quorum}`);
  }
  const fault = faultOfOffice(stewards, Number(quorum), () => votesMin);
  if (fault !== undefined) throw new Fault('usage', `stewards and quorum: ${fault}`);
  return { stewards, quorum: Number(quorum) };
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
  if (name === '' || name.length > 64) {
    throw new Fault('usage', `network: expected a name of 1 to 64 characters, got "${name}"`);
  }
  const digits = words.get('decimals') ?? '2';
  if (!/^[0-8]$/.test(digits)) {
    throw new Fault('usage', `decimals: expected 0 to 8, got ${digits}`);
  }
  const decimals = Number(digits);
  const own = words.get('name') ?? 'founder';
  if (!NAME_PATTERN.test(own)) {
    throw new Fault('usage', `name: expected a letter, then letters, digits, _ or -, got ${own}`);
  }
  const members = readMembers(words.get('members') ?? '', [own, founder], publicKey);
  const baseline = minorUnits('baseline', words.get('baseline') ?? '100', decimals);
  const cap = minorUnits('cap', words.get('cap') ?? '1000', decimals);
  if (baseline > cap) throw new Fault('usage', 'baseline: expected at most the cap');
  const dids = [...new Set(members.values())].sort();
  return {
    kind: 'icn/genesis/1',
    name,
    ...readOffice(words, members, own),
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
