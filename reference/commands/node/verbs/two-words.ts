/** Subcommands of two words: `quarantine list`, `ledger merge-report`. The second chooses the method. */
import { Fault } from '#contracts/faults.ts';
import type { Json } from '#contracts/identifiers.ts';
import { ask, show } from '../ask.ts';
import { common, type Subcommand } from '../subcommand.ts';
import { nearest, type Spoken, type Vocabulary } from '#reference/commands/words.ts';

/** What a second word asks. */
export interface Verb {
  readonly method: string;
  /** What must follow it: `ID`; nothing where left out. */
  readonly takes?: string;
  /** Parameters, from what follows and from the words. */
  readonly params?: (operand: string, spoken: Spoken) => Json;
}

/** A subcommand that asks one of several methods. */
export const verbs = (
  name: string,
  summary: string,
  table: { readonly [verb: string]: Verb },
  words: Vocabulary = {},
): Subcommand => {
  const usages = Object.entries(table).map(([verb, { takes }]) => [verb, takes].join(' ').trim());
  return {
    usage: usages.join(' | '),
    summary,
    restMin: 1,
    restMax: 2,
    words: { ...words, ...common },
    run: async (home, spoken) => {
      const [word = '', operand] = spoken.rest;
      const verb = Object.hasOwn(table, word) ? table[word] : undefined;
      if (!verb) {
        const meant = nearest(word, Object.keys(table));
        const hint = meant ? `did you mean "${meant}"?` : `say one of ${usages.join(', ')}`;
        throw new Fault('usage', `${name}: "${word}" means nothing here; ${hint}`);
      }
      if ((operand === undefined) !== (verb.takes === undefined)) {
        throw new Fault(
          'usage',
          `expected: npm run node ${name} ${word} ${verb.takes ?? ''}`.trim(),
        );
      }
      const params = verb.params?.(operand ?? '', spoken) ?? {};
      return show(`${name} ${word}`, await ask(home, verb.method, params), spoken);
    },
  };
};
