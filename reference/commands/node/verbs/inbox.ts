/** `node ledger`, `node quarantine`, and what belongs to disputes. */
import { Fault } from '#contracts/faults.ts';
import { question } from '../ask.ts';
import { currencyWord, said, type Subcommand } from '../subcommand.ts';
import { verbs } from './two-words.ts';

const byId = (id: string) => ({ id });

export const ledger: Subcommand = verbs(
  'ledger',
  'what became of the last entries; forks and their proofs',
  {
    'merge-report': { method: 'ledger.merge.report' },
    conflicts: { method: 'ledger.conflicts', params: (_, spoken) => said(spoken, 'currency') },
  },
  currencyWord,
);

export const quarantine: Subcommand = verbs(
  'quarantine',
  'the inbox of what was refused or displaced',
  {
    list: { method: 'ledger.quarantine.list' },
    get: { method: 'ledger.quarantine.get', takes: 'ID', params: byId },
    release: { method: 'ledger.quarantine.release', takes: 'ID', params: byId },
    drop: { method: 'ledger.quarantine.drop', takes: 'ID', params: byId },
    purge: { method: 'ledger.quarantine.purge' },
  },
);

export const dispute: Subcommand = question(
  'dispute',
  'ledger.dispute',
  'says that an entry which names you is wrong',
  {
    usage: 'ENTRY reason TEXT',
    restMin: 1,
    restMax: 1,
    words: { reason: { value: 'TEXT', summary: 'what is wrong with it' } },
    params: (spoken) => {
      const reason = said(spoken, 'reason');
      if (reason['reason'] === undefined) {
        throw new Fault(
          'usage',
          'dispute: say what is wrong: npm run node dispute ENTRY reason TEXT',
        );
      }
      return { entry: spoken.rest[0]!, ...reason };
    },
  },
);

export const disputes: Subcommand = question(
  'disputes',
  'ledger.disputes',
  'every dispute and what was given back',
  { words: currencyWord, params: (spoken) => said(spoken, 'currency') },
);

export const refund: Subcommand = question(
  'refund',
  'ledger.refund',
  'gives back what an entry gave you',
  {
    usage: 'ENTRY',
    restMin: 1,
    restMax: 1,
    words: { memo: { value: 'TEXT', summary: 'what to say with it' } },
    params: (spoken) => ({ entry: spoken.rest[0]!, ...said(spoken, 'memo') }),
  },
);
