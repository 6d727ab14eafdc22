/** Mutants of 07.7 and 07.8: digests, pulls, and partitions that heal. */
import type { Mutant } from '#labs/matrix/mutant.ts';

export const pulling: readonly Mutant[] = [
  {
    name: 'digest-only-at-start',
    misconception: 'Notes are compared once; from then on everything is announced.',
    edits: [
      {
        file: 'gossip.ts',
        find: "...askAgain(), later(pace.next(), 'digest')];",
        replace: '...askAgain()];',
      },
    ],
    killedBy: '07.7',
    diagnosis: 'never-compares-notes',
  },
  {
    name: 'answers-every-digest',
    misconception: 'It is polite to answer a digest with mine: then both of us know.',
    edits: [
      {
        file: 'gossip.ts',
        find: 'const effects = ahead ? [tell(peer)] : [];',
        replace: 'const effects = ahead || log.count > 0 ? [tell(peer)] : [];',
      },
    ],
    killedBy: '07.7',
    diagnosis: 'endless-talk',
  },
  {
    name: 'behind-and-ahead-swapped',
    misconception: 'Behind says that the other one is behind me.',
    edits: [
      {
        file: 'gossip.ts',
        find: 'const { behind, ahead, offer }',
        replace: 'const { behind: ahead, ahead: behind, offer }',
      },
    ],
    killedBy: '07.7',
    diagnosis: 'behind-and-silent',
  },
  {
    name: 'pull-not-taken',
    misconception: 'The answer to a pull is a receipt; the entries come as announcements.',
    edits: [
      {
        file: 'gossip.ts',
        find: 'take(response.records, peer);',
        replace: 'take([], peer);',
      },
    ],
    killedBy: '07.7',
    diagnosis: 'dropped-on-arrival',
  },
  {
    name: 'serves-nobody',
    misconception: 'I ask for what I lack; that others ask me is their affair.',
    edits: [{ file: 'gossip.ts', find: 'return serve(peer, message);', replace: 'return [];' }],
    killedBy: '07.7',
    diagnosis: 'pull-unanswered',
  },
  {
    name: 'believes-digests',
    misconception: 'The other one holds it, so now I know of it: I merge its clock into mine.',
    edits: [
      {
        file: 'gossip.ts',
        find: 'const log = createLog(topic);',
        replace: `const own = createLog(topic);
  let heard: VectorClock = new Map();
  const log: TopicLog = {
    ...own,
    get count() {
      return own.count;
    },
    clock: () => merge(own.clock(), heard),
  };`,
      },
      {
        file: 'gossip.ts',
        find: "import { create as createLog } from './log.ts';",
        replace: `import { create as createLog } from './log.ts';
import { merge } from './clock.ts';
import type { VectorClock } from '#contracts/clock.ts';
import type { TopicLog } from '#contracts/knowledge.ts';`,
      },
      {
        file: 'gossip.ts',
        find: 'reconciliation.compare(log, claim);\n',
        replace:
          'reconciliation.compare(log, claim);\n    heard = merge(heard, new Map(Object.entries(claim.clock) as [Did, number][]));\n',
      },
    ],
    killedBy: '07.7',
    diagnosis: 'believes-digests',
  },
  {
    name: 'shares-its-memory',
    misconception: 'What one node has taken stands in a variable, so the others can look there.',
    edits: [
      {
        file: 'gossip.ts',
        find: 'export const create: CreateGossip',
        replace:
          'const everything = new Map<RecordId, SignedRecord>();\n\nexport const create: CreateGossip',
      },
      {
        file: 'gossip.ts',
        find: "start: () => [later(pace.next(), 'digest')],",
        replace:
          "start: () => {\n      everything.clear();\n      return [later(pace.next(), 'digest')];\n    },",
      },
      {
        file: 'gossip.ts',
        find: '    for (const record of fresh) {\n',
        replace: '    for (const record of fresh) {\n      everything.set(record.id, record);\n',
      },
      {
        file: 'gossip.ts',
        find: 'if (behind) return pull(peer, claim);',
        replace: 'if (behind) return take([...everything.values()].map(asJson), peer).effects;',
      },
    ],
    killedBy: '07.7',
    diagnosis: 'took-from-nowhere',
  },
  {
    name: 'joins-in-silence',
    misconception: 'A peer that joins hears the next digest like everybody else.',
    edits: [{ file: 'gossip.ts', find: 'return [tell(peer)];', replace: 'return [];' }],
    killedBy: '07.8',
    diagnosis: 'heals-in-silence',
  },
  {
    name: 'greets-strangers-alone',
    misconception: 'We have compared notes before, so there is nothing to say when it comes back.',
    edits: [
      {
        file: 'gossip.ts',
        find: '      listeners.add(peer);\n      return [tell(peer)];',
        replace:
          '      listeners.add(peer);\n      if (known.has(peer)) return [];\n      known.add(peer);\n      return [tell(peer)];',
      },
      {
        file: 'gossip.ts',
        find: 'const listeners = new Set<Did>();',
        replace: 'const listeners = new Set<Did>();\n  const known = new Set<Did>();',
      },
    ],
    killedBy: '07.8',
    diagnosis: 'heals-in-silence',
  },
];
