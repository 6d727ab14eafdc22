/** Mutants of 07.11: what is believed. */
import type { Mutant } from '#labs/matrix/mutant.ts';

export const liars: readonly Mutant[] = [
  {
    name: 'opens-nothing',
    misconception: 'It has the shape of a record, and the sender has checked it.',
    edits: [
      {
        file: 'gossip.ts',
        find: `const opened = records.open(claim);
    if (!opened.ok) return \`record_\${opened.status}\`;`,
        replace: `const opened = { value: claim as unknown as SignedRecord };
    if (id === undefined) return 'record_malformed';`,
      },
    ],
    killedBy: '07.11',
    diagnosis: 'took-what-is-not-genuine',
  },
  {
    name: 'trusts-answers',
    misconception: 'I have asked for this one by its id, so the answer is what I asked for.',
    edits: [
      {
        file: 'gossip.ts',
        find: 'const take = (claims: readonly Json[], from: Did) => {',
        replace: 'const take = (claims: readonly Json[], from: Did, asked = false) => {',
      },
      { file: 'gossip.ts', find: 'const asked = missing();', replace: 'const before = missing();' },
      { file: 'gossip.ts', find: '!asked.includes(id)', replace: '!before.includes(id)' },
      {
        file: 'gossip.ts',
        find: 'const opened = open(claim);',
        replace: 'const opened = asked ? (claim as unknown as SignedRecord) : open(claim);',
      },
      {
        file: 'gossip.ts',
        find: 'return take(message.records, peer).effects;',
        replace: 'return take(message.records, peer, true).effects;',
      },
    ],
    killedBy: '07.11',
    diagnosis: 'took-what-is-not-genuine',
  },
  {
    name: 'remembers-refusals',
    misconception: 'What I have refused once I need not look at again.',
    edits: [
      {
        file: 'gossip.ts',
        find: 'if (id !== undefined && isHere(id)) return',
        replace: 'if (id !== undefined && (isHere(id) || refused.has(id))) return',
      },
      {
        file: 'gossip.ts',
        find: '    if (!opened.ok) return `record_${opened.status}`;',
        replace:
          '    if (!opened.ok && id !== undefined) refused.add(id);\n    if (!opened.ok) return `record_${opened.status}`;',
      },
      {
        file: 'gossip.ts',
        find: 'const listeners = new Set<Did>();',
        replace: 'const listeners = new Set<Did>();\n  const refused = new Set<RecordId>();',
      },
    ],
    killedBy: '07.11',
    diagnosis: 'dropped-on-arrival',
  },
  {
    name: 'topic-unchecked',
    misconception: 'The message is about this topic, so the entry in it is as well.',
    edits: [
      {
        file: 'gossip.ts',
        find: "    if (opened.value.topic !== topic) return 'record_topic_unknown';\n",
        replace: '',
      },
    ],
    killedBy: '07.11',
    diagnosis: 'took-what-is-not-genuine',
  },
  {
    name: 'waits-without-bound',
    misconception: 'What waits is genuine, so there can never be much of it.',
    edits: [
      {
        file: 'gossip.ts',
        find: '    waiting = waiting.slice(-settings.waitingMax);\n',
        replace: '',
      },
    ],
    killedBy: '07.11',
    diagnosis: 'waits-without-bound',
  },
  {
    name: 'never-gives-up',
    misconception: 'What an entry names must exist somewhere, so I keep asking.',
    edits: [{ file: 'gossip.ts', find: '          giveUp(message.missing);\n', replace: '' }],
    killedBy: '07.11',
    diagnosis: 'waits-for-ever',
  },
];
