/**
 * `npm run node`: operate a node. One table of subcommands; each says its words, and its help is made
 * from them. Questions go to the running node, or to its store when it is not running.
 */
import { readFile, writeFile } from 'node:fs/promises';
import chalk from 'chalk';
import { Fault, messageOf } from '#contracts/faults.ts';
import type { Json } from '#contracts/identifiers.ts';
import { readSettings, settingsSchema } from '#reference/config.ts';
import { referenceLayers } from '#reference/layers.ts';
import { callNode, readControl } from '#reference/operations/client.ts';
import {
  HISTORY_ROWS_MAX,
  isDialable,
  runMethod,
  type Answer,
} from '#reference/operations/methods.ts';
import type { Node } from '#contracts/node.ts';
import { formatAddress } from '#reference/transport/address.ts';
import { openOffline, startDaemon, untilStopped } from './daemon.ts';
import { EXIT, exitOf } from './exit.ts';
import { foundNetwork } from './found.ts';
import { ensureIdentity, homeAt, writeNetwork, type Home } from './home.ts';
import { contentLayer, publicKeyOf } from './home.ts';
import { plumbing } from './plumbing.ts';
import { readNetwork } from '#reference/node/genesis.ts';
import {
  describeWords,
  nearest,
  readWords,
  wholeNumber,
  type Spoken,
  type Vocabulary,
} from './words.ts';
import { printable, printers } from './print.ts';

interface Subcommand {
  /** What stands where: `TO AMOUNT [CURRENCY]`. */
  readonly usage: string;
  readonly summary: string;
  readonly restMin: number;
  readonly restMax: number;
  readonly words: Vocabulary;
  run(home: Home, spoken: Spoken): Promise<number>;
}

const common: Vocabulary = {
  data: { value: 'DIR', summary: "the node's directory", byDefault: '.murmuration' },
  json: { summary: 'answers as JSON' },
};

const foundingWords: Vocabulary = {
  name: { value: 'NAME', summary: 'what you are called in it' },
  members: { value: 'NAME=DID,...', summary: 'who else belongs to it from the first day' },
  currency: { value: 'NAME', summary: 'its currency', byDefault: 'hours' },
  decimals: { value: 'N', summary: 'digits after the point', byDefault: '2' },
  baseline: { value: 'AMOUNT', summary: 'what each member may owe at first', byDefault: '100' },
  cap: { value: 'AMOUNT', summary: 'what a member may owe at most', byDefault: '1000' },
};

const currencyWord: Vocabulary = {
  currency: { value: 'NAME', summary: 'which currency', byDefault: "the network's first" },
};

// --- Asking -------------------------------------------------------------------------------------

const hasCode = (error: unknown, code: Fault['code']): error is Fault =>
  error instanceof Fault && error.code === code;

/** The node of a home: the running one, or its store opened for a question when none runs. */
const openNode = async (home: Home) => {
  /** Why the running node, if there is one, cannot be asked. */
  let silence: Fault | undefined;
  const askRunning = async (method: string, params: Json): Promise<Answer | undefined> => {
    try {
      const control = await readControl(home.controlPath);
      return control && (await callNode(control, method, params));
    } catch (error) {
      // A node that was killed leaves its control file; its store is free then.
      if (!hasCode(error, 'node_not_running')) throw error;
      silence = error;
      return undefined;
    }
  };
  let offline: Node | undefined;
  const openStore = (): Promise<Node> =>
    openOffline(home, referenceLayers, readSettings()).catch((error: unknown) => {
      throw hasCode(error, 'store_locked') ? (silence ?? error) : error;
    });
  return {
    async ask(method: string, params: Json): Promise<Answer> {
      const answer = offline ? undefined : await askRunning(method, params);
      if (answer) return answer;
      offline ??= await openStore();
      return runMethod(offline, method, params);
    },
    close: () => offline?.stop(),
  };
};

/** Asks one thing. */
const ask = async (home: Home, method: string, params: Json): Promise<Answer> => {
  const node = await openNode(home);
  try {
    return await node.ask(method, params);
  } finally {
    await node.close();
  }
};

/** Prints an answer, for people or as JSON, and gives the exit code. */
const show = (name: string, answer: Answer, spoken: Spoken): number => {
  if (spoken.values.has('json')) {
    console.log(JSON.stringify(answer.ok ? { ok: true, result: answer.value } : answer));
  } else if (answer.ok) {
    for (const line of printers[name]?.(answer.value) ?? []) console.log(line);
  } else {
    console.error(`${chalk.red(answer.status)}: ${printable(answer.reason)}`);
  }
  return answer.ok ? EXIT.ok : exitOf(answer.status);
};

/** A subcommand that asks one method and prints its answer. */
const question = (
  name: string,
  method: string,
  summary: string,
  options: {
    readonly usage?: string;
    readonly words?: Vocabulary;
    readonly restMin?: number;
    readonly restMax?: number;
    readonly params?: (spoken: Spoken) => Json | Promise<Json>;
  } = {},
): Subcommand => ({
  usage: options.usage ?? '',
  summary,
  restMin: options.restMin ?? 0,
  restMax: options.restMax ?? 0,
  words: { ...options.words, ...common },
  run: async (home, spoken) => {
    const params = (await options.params?.(spoken)) ?? {};
    return show(name, await ask(home, method, params), spoken);
  },
});

/** A parameter that is there only if it was said. */
const said = (spoken: Spoken, word: string, name = word): { readonly [name: string]: string } => {
  const value = spoken.values.get(word);
  return value === undefined ? {} : { [name]: value };
};

// --- Making and running -------------------------------------------------------------------------

const init = async (home: Home, spoken: Spoken): Promise<number> => {
  const name = spoken.values.get('network');
  const idle = Object.keys(foundingWords).find((word) => spoken.values.has(word));
  if (name === undefined && idle !== undefined) {
    throw new Fault('usage', `"${idle}" is for founding a network: say "network NAME" too`);
  }
  const { did, created } = await ensureIdentity(home);
  const result: { [key: string]: Json } = { did, created, directory: home.directory };
  if (name !== undefined) {
    const network = await writeNetwork(home, foundNetwork(did, name, spoken.values, publicKeyOf));
    result['network'] = network.id;
    result['networkFile'] = home.networkPath;
  }
  return show('init', { ok: true, value: result }, spoken);
};

const join = async (home: Home, spoken: Spoken): Promise<number> => {
  const file = spoken.rest[0]!;
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new Fault('network_missing', `${file}: ${messageOf(error)}`);
  });
  const network = readNetwork(bytes, contentLayer(), publicKeyOf);
  const { did, created } = await ensureIdentity(home);
  await writeNetwork(home, network.genesis);
  const value = { did, created, network: network.id, name: network.genesis.name };
  return show('join', { ok: true, value }, spoken);
};

const settingWords: Vocabulary = Object.fromEntries(
  Object.entries(settingsSchema.shape).map(([name, schema]) => {
    const { unit, reason } = schema.meta() as { readonly unit: string; readonly reason: string };
    return [
      name,
      { value: unit.toUpperCase(), summary: reason, byDefault: String(schema.parse(undefined)) },
    ];
  }),
);

const start = async (home: Home, spoken: Spoken): Promise<number> => {
  const settings = readSettings(
    Object.fromEntries([...spoken.values].filter(([word]) => Object.hasOwn(settingWords, word))),
  );
  const peers = (spoken.values.get('peers') ?? '').split(',').filter((each) => each !== '');
  for (const peer of peers) {
    if (!isDialable(peer)) {
      throw new Fault('usage', `peers: expected host:port, separated by commas, got ${peer}`);
    }
  }
  const port = wholeNumber(spoken, 'port', 0, [0, 65_535]);
  const host = spoken.values.get('host') ?? '0.0.0.0';
  const networkInterface = spoken.values.get('interface');
  const level = spoken.values.has('verbose') ? 'debug' : 'info';
  const daemon = await startDaemon({
    home,
    layers: referenceLayers,
    settings,
    listen: formatAddress({ host, port }),
    peers: peers.map((address) => ({ address, did: undefined })),
    multicast: spoken.values.has('alone')
      ? undefined
      : networkInterface === undefined
        ? {}
        : { interface: networkInterface },
    logLevel: level,
  });
  const value: Json = {
    did: daemon.node.did,
    network: daemon.node.network.genesis.name,
    address: daemon.address,
    control: daemon.control.address,
    multicast: spoken.values.has('alone') ? 'not wanted' : (daemon.multicastUnavailable ?? null),
  };
  const code = show('start', { ok: true, value }, spoken);
  await untilStopped(daemon, process.send !== undefined);
  return code;
};

// --- Files --------------------------------------------------------------------------------------

const exportTo = async (home: Home, spoken: Spoken): Promise<number> => {
  const answer = await ask(home, 'ledger.export', said(spoken, 'currency'));
  const file = spoken.rest[0];
  if (!answer.ok || (file === undefined && spoken.values.has('json'))) {
    return show('export', answer, spoken);
  }
  const lines = answer.value as readonly string[];
  const text = lines.map((line) => `${line}\n`).join('');
  if (file === undefined) {
    process.stdout.write(text);
    return EXIT.ok;
  }
  await writeFile(file, text).catch((error: unknown) => {
    throw new Fault('store_failed', `${file}: ${messageOf(error)}`);
  });
  return show('export', { ok: true, value: { file, records: lines.length } }, spoken);
};

/** What one request carries: far below the bound of a body, even with every quote escaped. */
const LOT_CHARACTERS_MAX = 4_194_304;
const LOT_LINES_MAX = 10_000;

/** Lines in their order, in lots that a request has room for. An empty file is one empty lot. */
const inLots = (lines: readonly string[]): readonly (readonly string[])[] => {
  const lots: string[][] = [[]];
  let characters = 0;
  for (const line of lines) {
    const full = characters + line.length > LOT_CHARACTERS_MAX;
    if (full || lots.at(-1)!.length >= LOT_LINES_MAX) {
      lots.push([]);
      characters = 0;
    }
    lots.at(-1)!.push(line);
    characters += line.length;
  }
  return lots;
};

const importFrom = async (home: Home, spoken: Spoken): Promise<number> => {
  const file = spoken.rest[0]!;
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Fault('usage', `${file}: ${messageOf(error)}`);
  });
  const node = await openNode(home);
  try {
    const total = { offered: 0, taken: 0, waiting: 0, missing: 0 };
    for (const lines of inLots(text.split('\n').filter((line) => line !== ''))) {
      const answer = await node.ask('ledger.import', { ...said(spoken, 'currency'), lines });
      if (!answer.ok) return show('import', answer, spoken);
      const { offered, taken, waiting, missing } = answer.value as typeof total;
      total.offered += offered;
      total.taken += taken;
      Object.assign(total, { waiting, missing });
    }
    return show('import', { ok: true, value: total }, spoken);
  } finally {
    await node.close();
  }
};

/** `verify` asks two things: of a signature on standard input, or of this node's store. */
const verifyOnInput = async (words: readonly string[]): Promise<number | undefined> => {
  const piped = !words.includes('data') && !process.stdin.isTTY;
  return piped ? plumbing.run('verify', words) : undefined;
};

const startWords: Vocabulary = {
  port: { value: 'N', summary: 'UDP port for QUIC; 0 lets the system choose', byDefault: '0' },
  host: { value: 'ADDRESS', summary: 'address to listen at', byDefault: '0.0.0.0' },
  peers: { value: 'HOST:PORT,...', summary: 'whom to dial besides those that mDNS finds' },
  interface: { value: 'ADDRESS', summary: 'IPv4 address of the interface for mDNS' },
  alone: { summary: 'no mDNS: neither announce nor browse' },
  verbose: { summary: 'log every refusal and every dial' },
};

export const subcommands: { readonly [name: string]: Subcommand } = {
  init: {
    usage: '',
    summary: 'makes a key, and with "network" founds a cooperative',
    restMin: 0,
    restMax: 0,
    words: {
      network: { value: 'NAME', summary: 'founds a network of that name' },
      ...foundingWords,
      ...common,
    },
    run: init,
  },
  join: {
    usage: 'FILE',
    summary: 'makes a key and joins the network of a network.json',
    restMin: 1,
    restMax: 1,
    words: common,
    run: join,
  },
  start: {
    usage: '',
    summary: 'runs the node until Ctrl-C',
    restMin: 0,
    restMax: 0,
    words: { ...startWords, ...settingWords, ...common },
    run: start,
  },
  status: question('status', 'network.status', 'who, where, how many, and what was refused'),
  peers: question('peers', 'network.peers', 'open links'),
  dial: question('dial', 'network.dial', 'dials an address until it answers', {
    usage: 'HOST:PORT',
    restMin: 1,
    restMax: 1,
    params: ({ rest }) => ({ address: rest[0]! }),
  }),
  pay: question('pay', 'ledger.transfer', 'acknowledges a debt: you received a service from TO', {
    usage: 'TO AMOUNT [CURRENCY]',
    restMin: 2,
    restMax: 3,
    words: { memo: { value: 'TEXT', summary: 'what it was for' } },
    params: (spoken) => {
      const [to = '', amount = '', currency] = spoken.rest;
      return {
        to,
        amount,
        ...(currency === undefined ? {} : { currency }),
        ...said(spoken, 'memo'),
      };
    },
  }),
  balances: question('balances', 'ledger.balance', 'every account and the sum', {
    usage: '[CURRENCY]',
    restMax: 1,
    params: ({ rest }) => (rest[0] === undefined ? {} : { currency: rest[0] }),
  }),
  history: question('history', 'ledger.history', 'entries that name an account, oldest first', {
    usage: '[WHO]',
    restMax: 1,
    words: {
      ...currencyWord,
      after: { value: 'ID', summary: 'begins after that entry' },
      limit: { value: 'N', summary: 'entries', byDefault: String(HISTORY_ROWS_MAX) },
    },
    params: (spoken) => ({
      ...(spoken.rest[0] === undefined ? {} : { account: spoken.rest[0] }),
      ...said(spoken, 'currency'),
      ...said(spoken, 'after'),
      limit: wholeNumber(spoken, 'limit', HISTORY_ROWS_MAX, [1, HISTORY_ROWS_MAX]),
    }),
  }),
  verify: question(
    'verify',
    'ledger.verify',
    'opens every stored record again and folds from nothing',
  ),
  export: {
    usage: '[FILE]',
    summary: 'canonical records in causal order, one a line',
    restMin: 0,
    restMax: 1,
    words: { ...currencyWord, ...common },
    run: exportTo,
  },
  import: {
    usage: 'FILE',
    summary: 'offers the records of an export',
    restMin: 1,
    restMax: 1,
    words: { ...currencyWord, ...common },
    run: importFrom,
  },
  topics: question('topics', 'gossip.topics', 'what is held of each topic'),
  fault: question('fault', 'network.fault', 'cuts the links with some peers, for demonstrations', {
    usage: 'cut WHO... | heal',
    restMin: 1,
    restMax: 64,
    params: ({ rest: [verb, ...names] }) => {
      if (verb === 'heal' && names.length === 0) return { heal: true };
      if (verb === 'cut' && names.length > 0) return { cut: names };
      throw new Fault('usage', 'fault: say "fault cut WHO..." or "fault heal"');
    },
  }),
};

const overview = (): string =>
  [
    'npm run node SUBCOMMAND [WORDS]',
    '',
    ...Object.entries(subcommands).map(
      ([name, { usage, summary }]) => `  ${`${name} ${usage}`.padEnd(30)}  ${summary}`,
    ),
    '',
    'On standard input, JSON in and JSON out:',
    ...Object.entries(plumbing.commands).map(
      ([name, { summary }]) => `  ${name.padEnd(30)}  ${summary}`,
    ),
    '',
    'npm run node SUBCOMMAND help: the words of one.',
  ].join('\n');

const helpOf = (name: string, { usage, summary, words }: Subcommand): string =>
  [`npm run node ${name} ${usage}`.trimEnd(), `  ${summary}`, '', ...describeWords(words)].join(
    '\n',
  );

/** Runs the command; gives its exit code. */
export const node = async (typed: readonly string[]): Promise<number> => {
  const [name = 'help', ...words] = typed;
  if (name === 'help') {
    console.log(overview());
    return EXIT.ok;
  }
  const answered =
    name === 'verify' && words[0] !== 'help' ? await verifyOnInput(words) : undefined;
  if (answered !== undefined) return answered;
  if (name !== 'verify' && Object.hasOwn(plumbing.commands, name)) {
    return (await plumbing.run(name, words)) ?? EXIT.usage;
  }
  const found = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
  if (!found) {
    const known = [...Object.keys(subcommands), ...Object.keys(plumbing.commands)];
    const meant = nearest(name, known);
    throw new Fault(
      'usage',
      `no subcommand "${name}"; ${meant ? `did you mean "${meant}"?` : `known: ${known.join(', ')}`}`,
    );
  }
  if (words[0] === 'help') {
    console.log(helpOf(name, found));
    return EXIT.ok;
  }
  const spoken = readWords(words, found.words, found.restMax);
  if (spoken.rest.length < found.restMin) {
    throw new Fault('usage', `expected: npm run node ${name} ${found.usage}`);
  }
  return found.run(homeAt(spoken.values.get('data')), spoken);
};
