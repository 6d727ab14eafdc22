/**
 * `npm run node`: operate a node. One table of subcommands; each says its words, and its help is made
 * from them.
 */
import { Fault } from '#contracts/faults.ts';
import { HISTORY_ROWS_MAX } from '#reference/operations/methods/ledger.ts';
import { question } from './ask.ts';
import { EXIT } from '#reference/commands/exit.ts';
import { consensus } from './verbs/consensus.ts';
import { contract } from './verbs/contract.ts';
import { exportRecords, importRecords } from './home/files.ts';
import { homeAt } from './home/home.ts';
import { dispute, disputes, ledger, quarantine, refund } from './verbs/inbox.ts';
import { init, join } from './verbs/membership.ts';
import { page } from './verbs/page.ts';
import { snapshot } from './verbs/snapshot.ts';
import { start } from './verbs/start.ts';
import { topicCommands } from './verbs/topics.ts';
import { trust } from './verbs/trust.ts';
import { currencyWord, said, type Subcommand } from './subcommand.ts';
import { watch } from './verbs/watch.ts';
import { describeWords, nearest, readWords, wholeNumber } from '#reference/commands/words.ts';

/** Loaded when asked for: it needs every layer, and a question to a running node needs none. */
const loadPlumbing = async () => (await import('./verbs/plumbing.ts')).plumbing;

/** `verify` asks two things: of a signature on standard input, or of this node's store. */
const verifyOnInput = async (words: readonly string[]): Promise<number | undefined> => {
  const piped = !words.includes('data') && !process.stdin.isTTY;
  return piped ? (await loadPlumbing()).run('verify', words) : undefined;
};

export const subcommands: { readonly [name: string]: Subcommand } = {
  init,
  join,
  start,
  status: question('status', 'network.status', 'who, where, how many, and what was refused'),
  peers: question('peers', 'network.peers', 'open links', { onlyRunning: true }),
  dial: question('dial', 'network.dial', 'dials an address until it answers', {
    onlyRunning: true,
    usage: 'HOST:PORT',
    restMin: 1,
    restMax: 1,
    params: ({ rest }) => ({ address: rest[0]! }),
  }),
  pay: question('pay', 'ledger.transfer', 'acknowledges a debt: you received a service from TO', {
    usage: 'TO AMOUNT [CURRENCY]',
    restMin: 2,
    restMax: 3,
    words: {
      memo: { value: 'TEXT', summary: 'what it was for' },
      refunds: { value: 'ID', summary: 'the entry that it gives back, to settle a dispute' },
    },
    params: (spoken) => {
      const [to = '', amount = '', currency] = spoken.rest;
      return {
        to,
        amount,
        ...(currency === undefined ? {} : { currency }),
        ...said(spoken, 'memo'),
        ...said(spoken, 'refunds'),
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
  contract,
  export: exportRecords,
  import: importRecords,
  ...topicCommands,
  trust,
  ledger,
  quarantine,
  dispute,
  disputes,
  refund,
  consensus,
  snapshot,
  watch,
  page,
  stats: question('stats', 'network.stats', 'what was counted since the start', {
    onlyRunning: true,
  }),
  spans: question(
    'spans',
    'node.spans',
    'the last pieces of work: when, how long, how they ended',
    {
      onlyRunning: true,
      words: { otlp: { summary: 'as OTLP in JSON, for an OpenTelemetry collector; implies json' } },
      params: ({ values }) => ({ otlp: values.has('otlp') }),
    },
  ),
  fault: question('fault', 'network.fault', 'cuts the links with some peers, for demonstrations', {
    onlyRunning: true,
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

/** What is wider than its column has a line of its own, and what it means stands below. */
const inColumns = (left: string, summary: string): string[] =>
  left.length > 30
    ? [`  ${left}`, `  ${''.padEnd(30)}  ${summary}`]
    : [`  ${left.padEnd(30)}  ${summary}`];

const overview = async (): Promise<string> =>
  [
    'npm run node SUBCOMMAND [WORDS]',
    '',
    ...Object.entries(subcommands).flatMap(([name, { usage, summary }]) =>
      inColumns(`${name} ${usage}`.trimEnd(), summary),
    ),
    '',
    'On standard input, JSON in and JSON out:',
    ...Object.entries((await loadPlumbing()).commands).flatMap(([name, { summary }]) =>
      inColumns(name, summary),
    ),
    '',
    'npm run node SUBCOMMAND help: the words of one.',
  ].join('\n');

const helpOf = (
  name: string,
  { usage, summary, words }: Pick<Subcommand, 'usage' | 'summary' | 'words'>,
): string =>
  [`npm run node ${name} ${usage}`.trimEnd(), `  ${summary}`, '', ...describeWords(words)].join(
    '\n',
  );

/** Runs the command; gives its exit code. */
export const node = async (typed: readonly string[]): Promise<number> => {
  const [first = 'help', ...rest] = typed;
  // `help pay` is `pay help`.
  const [name, words] =
    first === 'help' && rest[0] !== undefined ? [rest[0], ['help']] : [first, rest];
  if (name === 'help') {
    console.log(await overview());
    return EXIT.ok;
  }
  const answered =
    name === 'verify' && words[0] !== 'help' ? await verifyOnInput(words) : undefined;
  if (answered !== undefined) return answered;
  const found = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
  const plumbing = found ? undefined : await loadPlumbing();
  if (plumbing && Object.hasOwn(plumbing.commands, name)) {
    if (words[0] === 'help') {
      const { summary } = plumbing.commands[name]!;
      console.log(helpOf(name, { usage: '', summary, words: plumbing.vocabulary }));
      return EXIT.ok;
    }
    return (await plumbing.run(name, words)) ?? EXIT.usage;
  }
  if (!found) {
    const known = [...Object.keys(subcommands), ...Object.keys((await loadPlumbing()).commands)];
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
