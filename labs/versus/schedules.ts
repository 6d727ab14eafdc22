/**
 * Schedules for two gossips in lockstep, and when the contract says in them who holds what.
 *
 *   calm    nothing is lost, and after every step a while passes
 *   hole    some pushes do not arrive, the last one does: what is missing is asked for
 *   storm   everything goes wrong; in the end all links are healed, and much time passes
 */
import { createRandom, type Random } from '#reference/sim/random.ts';
import { drawSteps, healed, pairsOf, type Kind, type Schedule } from '../world/draw.ts';
import type { Name, Step } from '../world/step.ts';

export interface Bout extends Schedule {
  readonly kind: 'calm' | 'hole' | 'storm';
}

const TWO: readonly Name[] = ['ann', 'ben'];
const THREE: readonly Name[] = ['ann', 'ben', 'cleo'];
const CALM: readonly Kind[] = ['write', 'write', 'write', 'part', 'meet', 'meet', 'wait'];
const STORM: readonly Kind[] = [
  ...(['write', 'write', 'write', 'write', 'write', 'write'] as const),
  ...(['lose', 'lose', 'lose', 'twice', 'late', 'late'] as const),
  ...(['cut', 'mend', 'part', 'meet', 'wait', 'wait'] as const),
];

/** Small enough that an answer to a late joiner takes several messages. */
const SHORT_ANSWERS = { pullBytesMax: 1_500 };

const drawCalm = (random: Random): Bout => {
  const names = random.pick([TWO, THREE, THREE]);
  const apart = pairsOf(names).filter(() => random.next() < 0.3);
  return {
    kind: 'calm',
    names,
    apart,
    steps: drawSteps(random, names, CALM, 2 + random.integer(10)),
    ending: [],
    seed: String(random.integer(2 ** 31)),
    ...(random.next() < 0.3 && { settings: SHORT_ANSWERS }),
  };
};

/** Less than it takes to the first digest. */
const AFTER_HOLE: readonly Step[] = ['write ann', 'wait 7'];

const drawHole = (random: Random): Bout => {
  const pushes = Array.from({ length: 1 + random.integer(5) }, (): Step[] => [
    random.pick(['lose ann ben', 'lose ann ben', 'late ann ben', 'twice ann ben'] as const),
    'write ann',
  ]);
  // One question may be lost as well; whoever loses all of them may give up.
  const question: readonly Step[] = random.next() < 0.3 ? ['lose ben ann'] : [];
  return {
    kind: 'hole',
    names: TWO,
    steps: [...pushes.flat(), ...question],
    ending: AFTER_HOLE,
    seed: String(random.integer(2 ** 31)),
  };
};

const afterStorm = (names: readonly Name[]): Step[] => [...healed(names), 'wait 400', 'wait 300'];

const drawStorm = (random: Random): Bout => {
  const names = random.pick([TWO, THREE, THREE]);
  return {
    kind: 'storm',
    names,
    steps: drawSteps(random, names, STORM, 4 + random.integer(20)),
    ending: afterStorm(names),
    seed: String(random.integer(2 ** 31)),
  };
};

/** A few that anybody would try first. */
const plain = (): Bout[] => {
  const between = (names: readonly Name[], steps: readonly Step[]): Bout => ({
    kind: 'calm',
    names,
    steps,
    ending: [],
    seed: 'plain',
  });
  return [
    between(TWO, ['write ann']),
    between(TWO, ['write ann', 'write ben', 'write ann']),
    between(TWO, ['part ann ben', 'write ann', 'meet ann ben']),
    between(TWO, ['part ann ben', 'write ann', 'write ben', 'meet ann ben']),
    { ...between(THREE, ['write ann', 'write cleo']), apart: [['ann', 'cleo']] },
    {
      ...between(TWO, [...Array.from({ length: 8 }, (): Step => 'write ann'), 'meet ann ben']),
      apart: [['ann', 'ben']],
      settings: SHORT_ANSWERS,
    },
    {
      ...between(TWO, ['lose ann ben', 'write ann']),
      kind: 'hole',
      ending: AFTER_HOLE,
    },
    // A question about what was missed may be lost: it depends on who speaks first.
    ...['1', '2', '3', '4'].map((seed): Bout => ({
      ...between(TWO, ['cut ann ben', 'write ann', 'mend ann ben', 'lose ben ann', 'wait 15']),
      kind: 'storm',
      ending: afterStorm(TWO),
      seed,
    })),
  ];
};

const COUNTS = { calm: 60, hole: 30, storm: 60 };

/** The same for the same seed: the plain ones, then some of each kind. */
export const drawBouts = (seed: string): readonly Bout[] => {
  const random = createRandom(seed).fork('versus');
  const many = (count: number, draw: (random: Random) => Bout): Bout[] =>
    Array.from({ length: count }, () => draw(random));
  return [
    ...plain(),
    ...many(COUNTS.calm, drawCalm),
    ...many(COUNTS.hole, drawHole),
    ...many(COUNTS.storm, drawStorm),
  ];
};
