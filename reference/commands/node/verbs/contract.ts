/** `node contract check`, `run` and `state`: agreements about transfers, in a file. */
import { CONTENT_BYTES_MAX } from '#contracts/content.ts';
import { Fault, messageOf } from '#contracts/faults.ts';
import type { Json } from '#contracts/identifiers.ts';
import type { Contract } from '#contracts/contract-language.ts';
import { readAgreement } from '#reference/operations/agreements.ts';
import type { Spoken, Vocabulary } from '#reference/commands/words.ts';
import { ask, show } from '../ask.ts';
import { contentLayer, publicKeyOf, type Home } from '../home/home.ts';
import { readNamed } from '../read-input.ts';
import { common, said, type Subcommand } from '../subcommand.ts';

const contractWords: Vocabulary = {
  dry: { summary: 'shows the entry and signs nothing' },
  most: { value: 'AMOUNT', summary: 'what the rule may cost you at most' },
};

const USAGE = 'check FILE | run FILE RULE NAME=VALUE... | state FILE';

/** Strictly read: a key that is said twice would mean two things to two readers. */
const readDocument = async (file: string): Promise<Json> => {
  const bytes = await readNamed(file, CONTENT_BYTES_MAX).catch((error: unknown) => {
    throw new Fault('usage', `${file}: ${messageOf(error)}. Expected the file of a contract`);
  });
  const parsed = contentLayer().parse(bytes);
  if (parsed.ok) return parsed.value;
  throw new Fault('usage', `${file} is no JSON that everybody reads alike: ${parsed.reason}`);
};

const view = ({ id, name, participants, currency, rules }: Contract): Json => ({
  contract: name,
  id,
  currency,
  participants: participants ? [...participants] : 'everybody',
  rules: rules.map((rule) => ({
    name: rule.name,
    parameters: rule.parameters.map((each) => ({ ...each })),
  })),
});

const check = (document: Json, spoken: Spoken): number => {
  const read = readAgreement(document, (text) => publicKeyOf(text).ok);
  return show('contract check', read.ok ? { ok: true, value: view(read.value) } : read, spoken);
};

/** `time=3` and the like. */
const pairsOf = (words: readonly string[]): { readonly [name: string]: string } => {
  const pairs = words.map((word): readonly [string, string] => {
    const [name = '', ...rest] = word.split('=');
    if (name === '' || rest.length === 0) {
      throw new Fault('usage', `contract run: expected NAME=VALUE, got "${word}"`);
    }
    return [name, rest.join('=')];
  });
  const twice = pairs.find(([name], index) => pairs.findIndex(([other]) => other === name) < index);
  if (twice) throw new Fault('usage', `contract run: "${twice[0]}" was said twice`);
  return Object.fromEntries(pairs);
};

const run = async (home: Home, spoken: Spoken): Promise<number> => {
  const [verb, file = '', rule, ...words] = spoken.rest;
  const isRun = verb === 'run' && rule !== undefined;
  const isOther = (verb === 'check' || verb === 'state') && rule === undefined;
  if (!isRun && !isOther) throw new Fault('usage', `expected: npm run node contract ${USAGE}`);
  if (!isRun && (spoken.values.has('dry') || spoken.values.has('most'))) {
    throw new Fault('usage', `contract ${verb}: "dry" and "most" go with "run"`);
  }
  const pairs = pairsOf(words);
  const document = await readDocument(file);
  if (verb === 'check') return check(document, spoken);
  if (!isRun)
    return show('contract state', await ask(home, 'contract.state', { document }), spoken);
  const params = {
    document,
    rule,
    arguments: pairs,
    dry: spoken.values.has('dry'),
    ...said(spoken, 'most'),
  };
  return show('contract run', await ask(home, 'contract.run', params), spoken);
};

export const contract: Subcommand = {
  usage: USAGE,
  summary: 'agreements about transfers: checks a file, runs a rule, tells the state',
  restMin: 2,
  restMax: 3 + 16,
  words: { ...contractWords, ...common },
  run,
};
