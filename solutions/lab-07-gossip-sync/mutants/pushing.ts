/** Mutants of 07.5: the door and the push. */
import type { Mutant } from '#labs/matrix/mutant.ts';

export const pushing: readonly Mutant[] = [
  {
    name: 'passes-copies-on',
    misconception: 'What I hear I pass on; whoever has it already can ignore it.',
    edits: [
      {
        file: 'gossip.ts',
        find: 'announce(fresh, from)',
        replace: 'announce(claims as unknown as readonly SignedRecord[], from)',
      },
    ],
    killedBy: '07.5',
    diagnosis: 'rebroadcast',
  },
  {
    name: 'delivers-before-storing',
    misconception: 'Both effects are there; their order does not matter.',
    edits: [
      {
        file: 'gossip.ts',
        find: "effects.push({ effect: 'store', record }, { effect: 'deliver', record });",
        replace: "effects.push({ effect: 'deliver', record }, { effect: 'store', record });",
      },
    ],
    killedBy: '07.5',
    diagnosis: 'delivered-unstored',
  },
  {
    name: 'publishes-past-the-door',
    misconception: 'My own entry needs no checking, so it goes straight to the others.',
    edits: [
      {
        file: 'gossip.ts',
        find: 'publish: (_now, record) => take([asJson(record)], self).effects,',
        replace: `publish(_now, record) {
      log.add(record);
      return [{ effect: 'deliver', record }, ...announce([record], self)];
    },`,
      },
    ],
    killedBy: '07.5',
    diagnosis: 'delivered-unstored',
  },
  {
    name: 'announces-unstored',
    misconception: 'Telling others is urgent; what I was told is stored at my next chance.',
    edits: [
      {
        file: 'gossip.ts',
        find: "effects.push({ effect: 'store', record }, { effect: 'deliver', record });",
        replace: '',
      },
    ],
    killedBy: '07.5',
    diagnosis: 'said-before-stored',
  },
  {
    name: 'no-dedup',
    misconception: 'Whatever is opened is an entry, and an entry is stored and delivered.',
    edits: [
      {
        file: 'gossip.ts',
        find: "    if (id !== undefined && isHere(id)) return 'record_duplicate';\n",
        replace: '',
      },
      {
        file: 'gossip.ts',
        find: 'if (log.add(record)) entered.push(record);',
        replace: 'log.add(record);\n      entered.push(record);',
      },
    ],
    killedBy: '07.5',
    diagnosis: 'stored-twice',
  },
  {
    name: 'only-authors-announce',
    misconception: 'Whoever writes an entry tells everybody, so nobody else has to.',
    edits: [
      {
        file: 'gossip.ts',
        find: 'if (fresh.length === 0) return [];',
        replace: 'if (fresh.length === 0 || from !== self) return [];',
      },
    ],
    killedBy: '07.5',
    diagnosis: 'not-pushed',
  },
  {
    name: 'tells-the-bringer',
    misconception: 'Everybody who listens should hear of it.',
    edits: [
      {
        file: 'gossip.ts',
        find: '[...listeners].filter((did) => did !== from)',
        replace: '[...listeners]',
      },
    ],
    killedBy: '07.5',
    diagnosis: 'told-the-bringer',
  },
  {
    name: 'tells-itself',
    misconception: 'I listen to this topic too, so I am one of the listeners.',
    edits: [
      {
        file: 'gossip.ts',
        find: 'const listeners = new Set<Did>();',
        replace: 'const listeners = new Set<Did>([self]);',
      },
      {
        file: 'gossip.ts',
        find: '[...listeners].filter((did) => did !== from)',
        replace: '[...listeners]',
      },
    ],
    killedBy: '07.5',
    diagnosis: 'talks-to-itself',
  },
];
