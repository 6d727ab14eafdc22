/** Answers about trust, for people. */
import type { Json } from '#contracts/identifiers.ts';
import { conduct, table, text, time, type Printer, type Row } from './text.ts';

const until = (value: Json | undefined): string =>
  value === null || value === undefined ? 'since the genesis' : `until ${time(value).slice(0, 10)}`;

/** How a score comes about, in a few words: what we say ourselves, else the best voucher. */
const why = ({ direct, vouchers, score }: Row): string => {
  const [best, ...others] = vouchers as readonly Row[];
  const own = direct as Row | null;
  if (own && Number(own['score']) >= Number(score)) return `said here, ${until(own['expiresAt'])}`;
  if (!best) return 'nobody vouches';
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return `vouched by ${text(best['by'])}${more}, ${until(best['expiresAt'])}`;
};

const list: Printer = (value) => {
  const rows = (value as readonly Row[]).map((row) => [
    text(row['name']),
    text(row['score']),
    text(row['class']),
    why(row),
    conduct(row['conduct']),
    text(row['did']),
  ]);
  return rows.length > 0
    ? table(['who', 'score', 'class', 'because', 'conduct', 'did'], rows)
    : ['this node trusts nobody yet'];
};

/** One person, with everything that speaks for them. */
const one: Printer = (value) => {
  const row = (value as readonly Row[])[0]!;
  const direct = row['direct'] as Row | null;
  const vouchers = row['vouchers'] as readonly Row[];
  return [
    `${text(row['name'])}  ${text(row['did'])}`,
    `score ${text(row['score'])}, ${text(row['class'])}; conduct ${conduct(row['conduct'])}`,
    direct
      ? `said here: ${text(direct['score'])}, ${until(direct['expiresAt'])}`
      : 'nothing said here',
    ...vouchers.map(
      (each) =>
        `${text(each['by'])} says ${text(each['score'])}, ${until(each['expiresAt'])}: worth ${text(each['worth'])} here`,
    ),
    ...(vouchers.length === 0 ? ['nobody we trust vouches'] : []),
  ];
};

const said: Printer = (value) => {
  const { name, score, class: trustClass, direct, id, peers } = value as Row;
  const expires = until((direct as Row | null)?.['expiresAt']);
  return [
    `you trust ${text(name)} ${text(score)}, ${expires}: ${text(trustClass)}; record ${text(id).slice(0, 16)}`,
    peers === 0
      ? 'no peer is connected: it goes out with the next link'
      : `told to ${text(peers)} connected ${peers === 1 ? 'peer' : 'peers'}`,
  ];
};

export const trustPrinters: { readonly [name: string]: Printer } = {
  trust: list,
  'trust of': one,
  'trust set': said,
};
