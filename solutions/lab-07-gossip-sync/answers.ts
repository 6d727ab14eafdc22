/**
 * Answers, computed: a solution must be right for the questions of every learner. Yours may be written
 * down as they are.
 */
import type { Clock, Debug, Explain, Fault, Name, Trace } from './questions.ts';

const NAMES: readonly Name[] = ['ann', 'ben', 'cleo'];

/** 07.12 Whoever is in touch holds the same: a set a node, made equal along links after every step. */
export const trace: Trace = ({ steps, left, right }) => {
  const links = new Set(['ann ben', 'ann cleo', 'ben cleo']);
  const held = new Map(NAMES.map((name) => [name, new Set<string>()]));
  const pasts = new Map<string, ReadonlySet<string>>();
  const spread = () => {
    for (let round = 0; round < NAMES.length; round++) {
      for (const link of links) {
        const [here, there] = link.split(' ').map((name) => held.get(name as Name)!) as [
          Set<string>,
          Set<string>,
        ];
        for (const entry of here) there.add(entry);
        for (const entry of there) here.add(entry);
      }
    }
  };
  const count = (name: Name, author: Name) =>
    [...held.get(name)!].filter((entry) => entry.startsWith(`${author}#`)).length;
  for (const step of steps) {
    const [verb, who, other] = step.split(' ') as [string, Name, Name];
    const link = [who, other].sort().join(' ');
    if (verb === 'part') links.delete(link);
    if (verb === 'meet') links.add(link);
    if (verb === 'write') {
      const entry = `${who}#${count(who, who) + 1}`;
      pasts.set(entry, new Set(held.get(who)));
      held.get(who)!.add(entry);
    }
    spread();
  }
  const clockOf = (name: Name): Clock =>
    Object.fromEntries(
      NAMES.map((author) => [author, count(name, author)]).filter(([, number]) => number !== 0),
    );
  const isBefore = (early: string, late: string) => pasts.get(late)?.has(early) ?? false;
  const order = isBefore(left, right) ? 'before' : isBefore(right, left) ? 'after' : 'concurrent';
  return { clocks: { ann: clockOf('ann'), ben: clockOf('ben'), cleo: clockOf('cleo') }, order };
};

/** 07.13 The first entry is lost from both who could bring it; the second arrives over a hole. */
export const explain: Explain = () => ['lose ann ben', 'lose cleo ben', 'write ann', 'write ann'];

const PARTS = {
  'never-pushes': 'push',
  'never-says-what-it-holds': 'pull',
  'refuses-to-serve': 'pull',
  'deaf-to-digests': 'pull',
  'counts-over-holes': 'clock',
  'drops-what-waits': 'wait',
} as const satisfies { readonly [name in Fault]: string };

/** 07.14 What does one node never do that both others do? Faults that hide others are looked for first. */
export const debug: Debug = ({ events }) => {
  const some = (pattern: string) => events.some((line) => new RegExp(pattern).test(line));
  const isWhole = (name: Name) => {
    const states = NAMES.map((each) => events.findLast((line) => line.startsWith(`${each} holds`)));
    const mine = states[NAMES.indexOf(name)]!.replace(name, '');
    return states.every((state, index) => state!.replace(NAMES[index]!, '') === mine);
  };
  const asksByName = (name: Name) => some(`^${name} asks .* by name`);
  const signs: { readonly [fault in Fault]: (name: Name) => boolean } = {
    'never-pushes': (name) => !some(`^${name} announces`),
    'never-says-what-it-holds': (name) => !some(`^${name} tells .* that it holds`),
    'refuses-to-serve': (name) =>
      some(`asks ${name} for \\w+ \\d+\\.\\.`) && !some(`^${name} sends (?!.*by name)`),
    'deaf-to-digests': (name) => !some(`^${name} asks \\w+ for \\w+ \\d`),
    'counts-over-holes': (name) => !asksByName(name) && !isWhole(name),
    'drops-what-waits': (name) => !asksByName(name),
  };
  for (const fault of Object.keys(signs) as Fault[]) {
    const node = NAMES.find(signs[fault]);
    if (node) return { node, part: PARTS[fault], fault };
  }
  throw new Error('no node differs from the others');
};
