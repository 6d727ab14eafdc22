/** Counts and spans for people, and where the page of them is. */
import type { Json } from '#contracts/identifiers.ts';
import { printable, table, type Printer } from './text.ts';

type Row = { readonly [name: string]: Json };

const cell = (value: Json): string =>
  printable(typeof value === 'string' ? value : JSON.stringify(value));

const spans: Printer = (value) => {
  const rows = (value as readonly Row[]).map(({ name, beganAt, tookMs, attributes, failure }) => [
    new Date(Number(beganAt)).toISOString().slice(11, 23),
    cell(name!),
    Number(tookMs).toFixed(2),
    failure === null ? 'done' : cell(failure!),
    Object.entries(attributes as Row)
      .map(([key, each]) => `${key} ${cell(each)}`)
      .join(', '),
  ]);
  return rows.length > 0
    ? table(['began', 'work', 'took ms', 'ended', 'with'], rows)
    : ['nothing was timed yet'];
};

const stats: Printer = (value) => {
  const { counters } = value as { readonly counters: Row };
  const rows = Object.entries(counters)
    .filter(([, count]) => count !== 0)
    .map(([name, count]) => [name, cell(count)]);
  return rows.length > 0 ? table(['what', 'since the start'], rows) : ['nothing was counted yet'];
};

export const telemetryPrinters: { readonly [name: string]: Printer } = {
  spans,
  stats,
  page: (value) => [cell((value as Row)['page']!)],
};
