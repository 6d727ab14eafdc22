/** Ids as people type them: the beginning of one, as long as it fits nothing else. */
import * as z from 'zod';
import { ledgerTopic } from '#contracts/identifiers.ts';
import type { HistoryRow, Node } from '#contracts/node.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';

/** The whole of an id or its beginning. */
export const idPrefix = z
  .string()
  .regex(/^[0-9a-f]{1,64}$/, 'expected an id or its beginning, in lower-case hexadecimal digits');

/** Candidates named in a refusal. */
const CANDIDATES_SHOWN = 10;

/** The one of some things that is meant; the refusals name what was looked for, `what`, and list who fits. */
export const onlyOne = <Thing, Unknown extends string, Ambiguous extends string>(
  found: readonly Thing[],
  sought: { readonly what: string; readonly unknown: Unknown; readonly ambiguous: Ambiguous },
  nameOf: (thing: Thing) => string,
): Outcome<Thing, Unknown | Ambiguous> => {
  const [first, ...others] = found;
  if (first === undefined) return refused(sought.unknown, `there is no ${sought.what}`);
  if (others.length === 0) return accepted(first);
  const named = found.slice(0, CANDIDATES_SHOWN).map(nameOf);
  const more = found.length > named.length ? [`and ${found.length - named.length} more`] : [];
  return refused(
    sought.ambiguous,
    `${sought.what} may be any of ${[...named, ...more].join(', ')}`,
  );
};

/** An entry of this node's own history, in any currency, by its id or the beginning of it. */
export const entryOf = (
  node: Node,
  prefix: string,
): Outcome<HistoryRow, 'entry_unknown' | 'entry_ambiguous'> => {
  const rows = node.network.genesis.currencies.flatMap(({ name }) =>
    node.history(ledgerTopic(name), node.did),
  );
  return onlyOne(
    rows.filter(({ record }) => record.id.startsWith(prefix)),
    {
      what: `entry ${prefix} that names this node's account`,
      unknown: 'entry_unknown',
      ambiguous: 'entry_ambiguous',
    },
    ({ record }) => record.id,
  );
};
