/** `npm run node consensus`: how the council stands, propose, vote; a chain of certificates as a file. */
import { writeFile } from 'node:fs/promises';
import type { CertificateFile } from '#contracts/certificates.ts';
import { Fault, messageOf } from '#contracts/faults.ts';
import type { Json } from '#contracts/identifiers.ts';
import { verifyCertificates } from '#reference/node/council/certificate-file.ts';
import type { Spoken } from '#reference/commands/words.ts';
import { ask, show } from '../ask.ts';
import { contentLayer, readHomeNetwork, type Home } from '../home/home.ts';
import { readNamed } from '../read-input.ts';
import { common, type Subcommand } from '../subcommand.ts';

const USAGE = 'status | propose WHAT | vote ID | verify [FILE] | export FILE';
const PROPOSE =
  'propose checkpoint [deciding ID,...] | propose grant WHO,... [CURRENCY] [baseline AMOUNT] [cap AMOUNT] [until N] | propose ruling DISPUTE from WHO to WHO amount N reason TEXT | propose stewards WHO,... quorum N';

/** A file of certificates is at most so long. */
const FILE_BYTES_MAX = 268_435_456;

const usage = (expected: string): Fault =>
  new Fault('usage', `expected: npm run node consensus ${expected}`);

const need = (spoken: Spoken, word: string): string => {
  const value = spoken.values.get(word);
  if (value === undefined) throw usage(PROPOSE);
  return value;
};

const wishOf = (spoken: Spoken): Json => {
  const [, kind, operand, currency] = spoken.rest;
  if (currency !== undefined && kind !== 'grant') throw usage(PROPOSE);
  switch (kind) {
    case 'checkpoint': {
      if (operand !== undefined) throw usage(PROPOSE);
      const deciding = spoken.values.get('deciding');
      return { kind, ...(deciding !== undefined && { deciding: deciding.split(',') }) };
    }
    case 'ruling': {
      if (operand === undefined) throw usage(PROPOSE);
      const [from, to, amount] = [need(spoken, 'from'), need(spoken, 'to'), need(spoken, 'amount')];
      return { kind, dispute: operand, from, to, amount, reason: need(spoken, 'reason') };
    }
    case 'stewards': {
      const quorum = need(spoken, 'quorum');
      if (operand === undefined || !/^\d{1,3}$/.test(quorum)) throw usage(PROPOSE);
      return { kind, stewards: operand.split(','), quorum: Number(quorum) };
    }
    case 'grant': {
      if (operand === undefined) throw usage(PROPOSE);
      const { values } = spoken;
      const until = values.get('until');
      if (until !== undefined && !/^[1-9]\d{0,14}$/.test(until)) throw usage(PROPOSE);
      return {
        kind,
        accounts: operand.split(','),
        baseline: values.get('baseline') ?? '100',
        cap: values.get('cap') ?? '1000',
        ...(currency !== undefined && { currency }),
        ...(until !== undefined && { until: Number(until) }),
      };
    }
    default:
      throw usage(PROPOSE);
  }
};

const exportTo = async (home: Home, file: string, spoken: Spoken): Promise<number> => {
  const answer = await ask(home, 'consensus.export', {});
  if (!answer.ok) return show('consensus export', answer, spoken);
  const chain = answer.value as unknown as CertificateFile;
  await writeFile(file, `${JSON.stringify(chain, null, 1)}\n`).catch((error: unknown) => {
    throw new Fault(
      'store_failed',
      `${file}: ${messageOf(error)}. Name a file that can be written`,
    );
  });
  const value = { file, certificates: chain.certificates.length };
  return show('consensus export', { ok: true, value }, spoken);
};

/** Needs neither a node nor its store: the founding document is enough. */
const verifyFile = async (home: Home, file: string, spoken: Spoken): Promise<number> => {
  const bytes = await readNamed(file, FILE_BYTES_MAX).catch((error: unknown) => {
    throw new Fault('usage', `${file}: ${messageOf(error)}. Expected a file that "consensus export" wrote`); // prettier-ignore
  });
  const network = await readHomeNetwork(home);
  const verified = verifyCertificates(network, contentLayer(), bytes);
  return show('consensus verify', verified, spoken);
};

export const consensus: Subcommand = {
  usage: USAGE,
  summary: 'certificates: what the stewards decide together',
  restMin: 1,
  restMax: 4,
  words: {
    deciding: {
      value: 'ID,...',
      summary: 'entries beyond a fork that the checkpoint shall settle',
    },
    from: { value: 'WHO', summary: 'whose balance a ruling lowers' },
    to: { value: 'WHO', summary: 'whose balance it raises' },
    amount: { value: 'N', summary: 'by how much' },
    reason: { value: 'TEXT', summary: 'why' },
    baseline: { value: 'AMOUNT', summary: 'what a grant lets each owe at first', byDefault: '100' },
    cap: { value: 'AMOUNT', summary: 'and at most', byDefault: '1000' },
    until: {
      value: 'N',
      summary: 'the last number of their own chains in which it counts',
      byDefault: 'no end',
    },
    quorum: { value: 'N', summary: 'votes that decide under new stewards' },
    ...common,
  },
  run: async (home, spoken) => {
    const [verb, operand] = spoken.rest;
    const alone = spoken.rest.length === 1;
    const withOne = spoken.rest.length === 2;
    const answer = async (method: string, params: Json) =>
      show(`consensus ${verb}`, await ask(home, method, params), spoken);
    if (verb === 'status' && alone) return answer('consensus.status', {});
    if (verb === 'propose') return answer('consensus.propose', wishOf(spoken));
    if (verb === 'vote' && withOne) return answer('consensus.vote', { id: operand! });
    if (verb === 'verify' && alone) {
      return show('verify', await ask(home, 'ledger.verify', {}), spoken);
    }
    if (verb === 'verify' && withOne) return verifyFile(home, operand!, spoken);
    if (verb === 'export' && withOne) return exportTo(home, operand!, spoken);
    throw usage(USAGE);
  },
};
