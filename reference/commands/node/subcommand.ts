/** What a subcommand of `npm run node` is, and the words that several share. */
import type { Home } from './home/home.ts';
import type { Spoken, Vocabulary } from '#reference/commands/words.ts';

/** One subcommand of `npm run node`. */
export interface Subcommand {
  /** What stands where: `TO AMOUNT [CURRENCY]`. */
  readonly usage: string;
  readonly summary: string;
  readonly restMin: number;
  readonly restMax: number;
  readonly words: Vocabulary;
  run(home: Home, spoken: Spoken): Promise<number>;
}

/** Words that every subcommand knows. */
export const common: Vocabulary = {
  data: { value: 'DIR', summary: "the node's directory", byDefault: '.murmuration' },
  json: { summary: 'answers as JSON' },
};

export const currencyWord: Vocabulary = {
  currency: { value: 'NAME', summary: 'which currency', byDefault: "the network's first" },
};

/** A parameter that is there only if it was said. */
export const said = (
  spoken: Spoken,
  word: string,
  name = word,
): { readonly [name: string]: string } => {
  const value = spoken.values.get(word);
  return value === undefined ? {} : { [name]: value };
};
