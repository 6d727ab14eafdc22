/** Answers for people: one printer per subcommand, lines out. */
import type { Json } from '#contracts/identifiers.ts';
import { consensusPrinters } from './consensus.ts';
import { inboxPrinters } from './inbox.ts';
import { trustPrinters } from './trust.ts';
import { conduct, counted, pairs, table, text, time, type Printer, type Row } from './text.ts';

export { printable, table } from './text.ts';

/** Facts a line each; below them what was counted, if anything was. */
const status: Printer = (value) => {
  const { network, cut, counters, ...facts } = value as Row;
  const { name, id } = network as Row;
  const counts = Object.entries(counters as Row);
  return [
    ...pairs({
      ...facts,
      network: `${text(name)}, ${text(id)}`,
      cut: (cut as readonly string[]).join(', ') || 'nobody',
    }),
    ...(counts.length > 0 ? ['counted since the start:'] : []),
    ...pairs(counters!).map((line) => `  ${line}`),
  ];
};

const started: Printer = (value) => {
  const { did, network, address, transport, control, multicast } = value as Row;
  return [
    `${text(did)} runs in ${text(network)}`,
    `listening at ${text(address)} (${text(transport)}), asked at ${text(control)}`,
    multicast === null
      ? 'peers on this network are found by mDNS'
      : `no mDNS: ${text(multicast)}. Name peers with "peers HOST:PORT"`,
    'Ctrl-C stops it.',
  ];
};

const quoted = (directory: string): string =>
  /^[\w./~-]+$/.test(directory) ? directory : JSON.stringify(directory);

const founded: Printer = (value) => {
  const { directory, network, networkFile } = value as Row;
  const data = quoted(text(directory));
  return [
    ...pairs(value),
    network === undefined
      ? `next: tell the DID to who founds your cooperative, or found one: npm run node init data ${data} network NAME`
      : `next: send ${text(networkFile)} to the others, and npm run node start data ${data}`,
  ];
};

const joined: Printer = (value) => {
  const { directory, you } = value as Row;
  return [
    ...pairs(value),
    ...(you === null
      ? [
          'nobody in it has this DID: it may be owed there, and may not owe before its stewards grant that',
        ]
      : []),
    `next: npm run node start data ${quoted(text(directory))}`,
  ];
};

const balances: Printer = (value) => {
  const { currency, accounts, sum } = value as Row;
  const rows = (accounts as readonly Row[]).map((row) => [
    text(row['name']),
    text(row['balance']),
    text(row['limit']),
    text(row['did']),
  ]);
  return [
    ...(rows.length > 0
      ? table(['account', 'balance', 'may owe', 'did'], rows)
      : ['nobody owes anybody anything yet']),
    `sum ${text(sum)} ${text(currency)}`,
  ];
};

const history: Printer = (value) => {
  const { account, currency, entries, cursor } = value as Row;
  const rows = (entries as readonly Row[]).map((row) => [
    time(row['timestamp']),
    text(row['change']),
    text(row['author']),
    text(row['status']),
    text(row['standing']),
    `${row['settled'] === true ? 'settled' : 'provisional'}${row['certificate'] === null ? '' : `, by grant ${text(row['certificate']).slice(0, 16)}`}`,
    text(row['id']).slice(0, 16),
    text(row['memo']),
  ]);
  const headings = [
    'time',
    'change',
    'signed by',
    'status',
    'standing',
    'certified',
    'entry',
    'memo',
  ];
  return [
    `${text(account)}, ${text(currency)}: ${counted(rows.length, 'entry', 'entries')}`,
    ...(rows.length > 0 ? table(headings, rows) : []),
    ...(cursor === null ? [] : [`more: after ${text(cursor)}`]),
  ];
};

const peers: Printer = (value) => {
  const rows = (value as readonly Row[]).map((row) => [
    text(row['name']),
    text(row['address']),
    text(row['side']),
    text(row['roundTripMs']),
    text(row['class']),
    conduct(row['conduct']),
    text(row['did']),
  ]);
  return rows.length > 0
    ? table(['peer', 'address', 'we are', 'round trip ms', 'class', 'conduct', 'did'], rows)
    : [
        'no open links: mDNS finds peers where there is multicast; else npm run node dial HOST:PORT',
      ];
};

const topics: Printer = (value) =>
  table(
    ['topic', 'for', 'records', 'authors', 'heads', 'waiting', 'forked', 'fingerprint'],
    (value as readonly Row[]).map((row) => [
      text(row['topic']),
      row['scope'] === 'local' ? 'this node' : text(row['access']),
      text(row['records']),
      text(row['authors']),
      text(row['heads']),
      text(row['waiting']),
      String((row['forked'] as readonly Json[]).length),
      text(row['fingerprint']).slice(0, 16),
    ]),
  );

const extentOf = (row: Row): string =>
  `${text(row['topics'])} topics, ${text(row['subscriptions'])} subscriptions, ${text(row['clocks'])} clock components`;

const saidThere: Printer = (value) => {
  const rows = ((value as Row)['said'] as readonly Row[]).map((row) => [
    time(row['timestamp']),
    text(row['author']),
    text(row['sequence']),
    text(row['text']),
  ]);
  return rows.length > 0
    ? table(['time', 'author', 'number', 'what was said'], rows)
    : ['nothing is remembered here'];
};

const paid: Printer = (value) => {
  const { amount, currency, to, id, peers: count } = value as Row;
  return [
    `you owe ${text(to)} ${text(amount)} ${text(currency)} more; entry ${text(id).slice(0, 16)} is stored here`,
    count === 0
      ? 'no peer is connected: it goes out with the next link'
      : `told to ${text(count)} connected ${count === 1 ? 'peer' : 'peers'}; provisional until certified`,
  ];
};

const imported: Printer = (value) => {
  const { offered, taken, refused, reasons, waiting } = value as Row;
  const why = (reasons as readonly string[]).join(', ');
  return [
    `${text(taken)} of ${text(offered)} records were new, ${text(refused)} were refused${why === '' ? '' : ` (${why})`}; ${text(waiting)} wait for ancestors`,
  ];
};

const verified: Printer = (value) => [
  `${counted(Number((value as Row)['records']), 'record', 'records')}: every id, signature, verdict and balance as stored`,
];

const ranRule: Printer = (value) => {
  const { contract, rule, currency, lines, id } = value as Row;
  const rows = (lines as readonly Row[]).map((row) => [
    text(row['name']),
    text(row['change']),
    text(row['did']),
  ]);
  return [
    `${text(rule)} of ${text(contract)}, in ${text(currency)}:`,
    ...table(['account', 'change', 'did'], rows),
    id === null ? 'nothing was signed' : `entry ${text(id).slice(0, 16)} is signed and stored here`,
  ];
};

const checkedContract: Printer = (value) => {
  const { rules, participants, ...facts } = value as Row;
  const everybody = typeof participants === 'string';
  return [
    ...pairs({
      ...facts,
      participants: everybody ? participants : (participants as readonly string[]).join(', '),
    }),
    'rules:',
    ...(rules as readonly Row[]).map(({ name, parameters }) => {
      const words = (parameters as readonly Row[]).map(
        (each) => `${text(each['name'])}=${text(each['type']).toUpperCase()}`,
      );
      return `  ${[text(name), ...words].join(' ')}`;
    }),
  ];
};

const contractState: Printer = (value) => {
  const { contract, id, state, counted, passedOver } = value as Row;
  return [
    `${text(contract)}, ${text(id)}`,
    `made by ${counted === 1 ? '1 entry' : `${text(counted)} entries`}, ${text(passedOver)} passed over`,
    ...pairs(state!),
  ];
};

export const printers: { readonly [name: string]: Printer } = {
  init: founded,
  join: joined,
  start: started,
  status,
  peers,
  dial: (value) => [`dialling ${text((value as Row)['dialling'])} until it answers`],
  pay: paid,
  balances,
  history,
  verify: verified,
  export: (value) => [
    `${text((value as Row)['records'])} records to ${text((value as Row)['file'])}`,
  ],
  import: imported,
  topics,
  open: (value) => {
    const { topic, access, scope } = value as Row;
    const whom = scope === 'local' ? 'this node alone' : text(access);
    return [`${text(topic)} is open here, for: ${whom}`];
  },
  close: (value) => [`${text((value as Row)['closed'])} is closed here`],
  publish: (value) => {
    const { topic, id } = value as Row;
    return [`said in ${text(topic)}: record ${text(id).slice(0, 16)}`];
  },
  read: saidThere,
  ...trustPrinters,
  ...inboxPrinters,
  ...consensusPrinters,
  'snapshot save': (value) => [`saved: ${extentOf(value as Row)}`],
  'snapshot verify': (value) =>
    ['current', 'previous'].map((name) => {
      const found = (value as Row)[name] as Row;
      return `${name.padEnd(8)}  ${found['status'] === 'good' ? `good: ${extentOf(found)}` : text(found['reason'])}`;
    }),
  'contract check': checkedContract,
  'contract run': ranRule,
  'contract state': contractState,
  fault: (value) => {
    const cut = (value as Row)['cut'] as readonly string[];
    return [cut.length > 0 ? `cut off from ${cut.join(', ')}` : 'nobody is cut off'];
  },
};
