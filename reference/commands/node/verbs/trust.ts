/** `npm run node trust`: whom this node trusts and why, and saying so. */
import { Fault } from '#contracts/faults.ts';
import type { Json } from '#contracts/identifiers.ts';
import { ATTESTATION_DAYS_DEFAULT, ATTESTATION_DAYS_MAX } from '#contracts/node.ts';
import { wholeNumber, type Spoken } from '#reference/commands/words.ts';
import { ask, show } from '../ask.ts';
import { common, type Subcommand } from '../subcommand.ts';

const USAGE = '[of WHO | set WHO SCORE]';

/** A number in plain digits: not 1e-1, and no minus, which no score has. */
const scoreOf = (text: string): number => {
  if (/^\d{1,6}(\.\d{1,9})?$/.test(text)) return Number(text);
  throw new Fault('usage', `trust: expected a score from 0 to 1, such as 0.6, got ${text}`);
};

interface Question {
  /** Of the printer. */
  readonly name: string;
  readonly method: string;
  readonly params: Json;
}

const read = (spoken: Spoken): Question => {
  const [verb, who, score, ...more] = spoken.rest;
  const saysDays = spoken.values.has('days');
  if (verb === undefined && !saysDays) return { name: 'trust', method: 'trust.list', params: {} };
  if (verb === 'of' && who !== undefined && score === undefined && !saysDays) {
    return { name: 'trust of', method: 'trust.list', params: { who } };
  }
  if (verb === 'set' && who !== undefined && score !== undefined && more.length === 0) {
    const bounds = [1, ATTESTATION_DAYS_MAX] as const;
    const days = wholeNumber(spoken, 'days', ATTESTATION_DAYS_DEFAULT, bounds);
    const params = { who, score: scoreOf(score), days };
    return { name: 'trust set', method: 'trust.attest', params };
  }
  throw new Fault('usage', `expected: npm run node trust ${USAGE} (days N with set)`);
};

export const trust: Subcommand = {
  usage: USAGE,
  summary: 'whom this node trusts and why; says how far it trusts somebody',
  restMin: 0,
  restMax: 3,
  words: {
    days: {
      value: 'N',
      summary: 'until what is said expires',
      byDefault: String(ATTESTATION_DAYS_DEFAULT),
    },
    ...common,
  },
  run: async (home, spoken) => {
    const { name, method, params } = read(spoken);
    return show(name, await ask(home, method, params), spoken);
  },
};
