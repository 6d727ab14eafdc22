/** `node init` and `node join`: a key, and a cooperative to use it in. */
import { CONTENT_BYTES_MAX } from '#contracts/content.ts';
import { Fault, messageOf } from '#contracts/faults.ts';
import type { Json } from '#contracts/identifiers.ts';
import { show } from '../ask.ts';
import { foundNetwork } from '../home/found.ts';
import { ensureIdentity, networkIn, publicKeyOf, writeNetwork, type Home } from '../home/home.ts';
import { readNamed } from '../read-input.ts';
import { common, type Subcommand } from '../subcommand.ts';
import type { Spoken, Vocabulary } from '#reference/commands/words.ts';

const sealedWord: Vocabulary = {
  sealed: { summary: 'asks for a passphrase and seals the new key with it' },
};

const foundingWords: Vocabulary = {
  name: { value: 'NAME', summary: 'what you are called in it' },
  members: { value: 'NAME=DID,...', summary: 'who else belongs to it from the first day' },
  stewards: { value: 'NAME,...', summary: 'who certifies', byDefault: 'you' },
  quorum: { value: 'N', summary: 'stewards that decide', byDefault: 'the fewest that are safe' },
  currency: { value: 'NAME', summary: 'its currency', byDefault: 'hours' },
  decimals: { value: 'N', summary: 'digits after the point', byDefault: '2' },
  baseline: { value: 'AMOUNT', summary: 'what each member may owe at first', byDefault: '100' },
  cap: { value: 'AMOUNT', summary: 'what a member may owe at most', byDefault: '1000' },
};

const runInit = async (home: Home, spoken: Spoken): Promise<number> => {
  const name = spoken.values.get('network');
  const idle = Object.keys(foundingWords).find((word) => spoken.values.has(word));
  if (name === undefined && idle !== undefined) {
    throw new Fault('usage', `"${idle}" is for founding a network: say "network NAME" too`);
  }
  const sealed = spoken.values.has('sealed');
  const { did, created } = await ensureIdentity(home, { sealed });
  const result: { [key: string]: Json } = { did, created, directory: home.directory };
  if (name !== undefined) {
    const network = await writeNetwork(home, foundNetwork(did, name, spoken.values, publicKeyOf));
    result['network'] = network.id;
    result['networkFile'] = home.networkPath;
  }
  return show('init', { ok: true, value: result }, spoken);
};

const runJoin = async (home: Home, spoken: Spoken): Promise<number> => {
  const file = spoken.rest[0]!;
  const bytes = await readNamed(file, CONTENT_BYTES_MAX).catch((error: unknown) => {
    throw new Fault(
      'network_missing',
      `${file}: ${messageOf(error)}. Expected the network.json of who founded the network`,
    );
  });
  const network = networkIn(file, bytes);
  const sealed = spoken.values.has('sealed');
  const { did, created } = await ensureIdentity(home, { sealed });
  await writeNetwork(home, network.genesis);
  const [you = null] = Object.entries(network.genesis.names).find(([, each]) => each === did) ?? [];
  const value = {
    did,
    created,
    network: network.id,
    name: network.genesis.name,
    you,
    directory: home.directory,
  };
  return show('join', { ok: true, value }, spoken);
};

export const init: Subcommand = {
  usage: '',
  summary: 'makes a key, and with "network" founds a cooperative',
  restMin: 0,
  restMax: 0,
  words: {
    network: { value: 'NAME', summary: 'founds a network of that name' },
    ...foundingWords,
    ...sealedWord,
    ...common,
  },
  run: runInit,
};

export const join: Subcommand = {
  usage: 'FILE',
  summary: 'makes a key and joins the network of a network.json',
  restMin: 1,
  restMax: 1,
  words: { ...sealedWord, ...common },
  run: runJoin,
};
