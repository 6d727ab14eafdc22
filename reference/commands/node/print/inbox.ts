/** Answers for people, of the merge report, the inbox, forks and disputes. */
import type { Json } from '#contracts/identifiers.ts';
import { counted, pairs, table, text, time, type Printer, type Row } from './text.ts';

/** Of an id or a key as much as people compare. */
const short = (value: Json | undefined): string => text(value).slice(0, 16);

const rowsOf = (value: Json | undefined): readonly Row[] => (value ?? []) as readonly Row[];

const itemTable = (items: readonly Row[]): string[] =>
  table(
    ['observed', 'reason', 'signed by', 'proven', 'brought by', 'record', 'key', 'detail'],
    items.map((item) => [
      time(item['observedAt']),
      text(item['reason']),
      text(item['author']),
      item['proven'] === true ? 'yes' : 'no',
      text(item['peer']) || 'nobody',
      short(item['id']),
      short(item['key']),
      text(item['detail']),
    ]),
  );

const list: Printer = (value) => {
  const { items, count, itemsMax } = value as Row;
  return [
    ...(count === 0 ? [] : itemTable(rowsOf(items))),
    `${counted(Number(count), 'item', 'items')} in quarantine, room for ${text(itemsMax)}`,
  ];
};

const idLines = (title: string, ids: Json | undefined): string[] =>
  (ids as readonly string[]).map((id) => `${title}  ${text(id)}`);

const report: Printer = (value) => {
  if (value === null) return ['nothing was merged yet'];
  const row = value as Row;
  const { timestamp, totalProcessed, accepted, discarded, pending, displaced } = row;
  const quarantined = rowsOf(row['quarantined']);
  return [
    `${time(timestamp)}: ${counted(Number(totalProcessed), 'entry', 'entries')}, ${row['hasIssues'] === true ? 'with issues' : 'no issues'}`,
    ...idLines('accepted   ', accepted),
    ...rowsOf(discarded).map(
      ({ id, status }) => `discarded    ${text(id) || 'no id'}  ${text(status)}`,
    ),
    ...idLines('pending    ', pending),
    ...idLines('displaced  ', displaced),
    ...rowsOf(row['conflicts']).map(
      ({ author, winner, loser, resolution }) =>
        `conflict     ${text(author)} signed ${short(winner)} and ${short(loser)} (${text(resolution)})`,
    ),
    ...(quarantined.length > 0 ? itemTable(quarantined) : []),
  ];
};

const conflicts: Printer = (value) => {
  const proofs = rowsOf(value);
  if (proofs.length === 0) return ['nobody signed two records after one'];
  return proofs.map(({ author, topic, previous, records }) => {
    const [one, other] = rowsOf(records).map(({ id }) => text(id));
    const after = previous === null ? 'the start' : short(previous);
    return `${text(author)} in ${text(topic)}, after ${after}: ${one} and ${other}`;
  });
};

const disputes: Printer = (value) => {
  const rows = rowsOf(value).map((row) => [
    time(row['timestamp']),
    text(row['state']),
    text(row['filer']),
    short(row['entry']),
    text(row['due']),
    text(row['returned']),
    text(row['reason']),
  ]);
  return rows.length > 0
    ? table(['filed', 'state', 'by', 'entry', 'due', 'returned', 'reason'], rows)
    : ['nobody disputes anything'];
};

export const inboxPrinters: { readonly [name: string]: Printer } = {
  'ledger merge-report': report,
  'ledger conflicts': conflicts,
  'quarantine list': list,
  'quarantine get': pairs,
  'quarantine release': (value) => [
    `record ${text((value as Row)['released'])} counts: it left the inbox`,
  ],
  'quarantine drop': (value) => [
    `${short((value as Row)['key'])} left the inbox; the ledger is as it was`,
  ],
  'quarantine purge': (value) => [
    `${counted(Number((value as Row)['purged']), 'item', 'items')} had expired`,
  ],
  dispute: (value) => [
    `dispute ${short((value as Row)['id'])} about entry ${short((value as Row)['entry'])} is stored here`,
  ],
  disputes,
  refund: (value) => {
    const { amount, currency, to, refunds, id } = value as Row;
    return [
      `you gave ${text(to)} ${text(amount)} ${text(currency)} back for entry ${short(refunds)}; entry ${short(id)} is stored here`,
    ];
  },
};
