/** `node topics`, `open`, `close`, `publish` and `read`: topics beside the ledgers. */
import { Fault } from '#contracts/faults.ts';
import { RETENTION_DEFAULT } from '#contracts/topics.ts';
import { TRUST_CLASSES } from '#contracts/trust.ts';
import { oneOf, wholeNumber, type Vocabulary } from '#reference/commands/words.ts';
import { question } from '../ask.ts';
import type { Subcommand } from '../subcommand.ts';

const DAYS = RETENTION_DEFAULT.ageMsMax / 86_400_000;

const openWords: Vocabulary = {
  for: { value: 'WHO,...', summary: 'only these may publish and read; everybody unless told' },
  trusted: { value: 'CLASS', summary: `only who is trusted so far: ${TRUST_CLASSES.join(', ')}` },
  local: { summary: 'never leaves this node' },
  records: {
    value: 'N',
    summary: 'remembered at most',
    byDefault: String(RETENTION_DEFAULT.recordsMax),
  },
  days: { value: 'N', summary: 'remembered for so long', byDefault: String(DAYS) },
};

export const topicCommands: { readonly [name: string]: Subcommand } = {
  topics: question('topics', 'gossip.topics', 'what is held of each topic'),
  open: question('open', 'gossip.open', 'opens a topic, such as garden:plans', {
    onlyRunning: true,
    usage: 'TOPIC',
    restMin: 1,
    restMax: 1,
    words: openWords,
    params: (spoken) => {
      const minTrust = oneOf(spoken, 'trusted', TRUST_CLASSES);
      const allowed = spoken.values.get('for')?.split(',');
      if (allowed?.includes('')) {
        throw new Fault('usage', 'for: expected names, separated by commas');
      }
      return {
        topic: spoken.rest[0]!,
        ...(allowed && { allowed }),
        ...(minTrust === undefined ? {} : { minTrust }),
        scope: spoken.values.has('local') ? 'local' : 'network',
        records: wholeNumber(spoken, 'records', RETENTION_DEFAULT.recordsMax, [1, 100_000]),
        days: wholeNumber(spoken, 'days', DAYS, [1, 3_650]),
      };
    },
  }),
  close: question('close', 'gossip.close', 'closes a topic here', {
    onlyRunning: true,
    usage: 'TOPIC',
    restMin: 1,
    restMax: 1,
    params: ({ rest }) => ({ topic: rest[0]! }),
  }),
  publish: question('publish', 'gossip.publish', 'says something in an open topic', {
    onlyRunning: true,
    usage: 'TOPIC TEXT',
    restMin: 2,
    restMax: 2,
    params: ({ rest }) => ({ topic: rest[0]!, text: rest[1]! }),
  }),
  read: question('read', 'gossip.said', 'what is remembered of an open topic, causes first', {
    onlyRunning: true,
    usage: 'TOPIC',
    restMin: 1,
    restMax: 1,
    words: { limit: { value: 'N', summary: 'the last so many', byDefault: '1000' } },
    params: (spoken) => ({
      topic: spoken.rest[0]!,
      limit: wholeNumber(spoken, 'limit', 1_000, [1, 1_000]),
    }),
  }),
};
