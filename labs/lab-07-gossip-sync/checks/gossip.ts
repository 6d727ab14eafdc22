/** 07.5 to 07.10: gossip in worlds of two and three nodes. */
import { check, type Check, type Finding, type Parts, type Place } from '#checkpoint';
import type { CreateGossip } from '#contracts/gossip.ts';
import type { Random } from '#reference/sim/random.ts';
import {
  drawSteps,
  healed,
  smallerSchedules,
  wholePlay,
  type Kind,
  type Schedule,
} from '#labs/world/draw.ts';
import { judgeRun, playText, type Demands } from '#labs/world/laws.ts';
import type { Run } from '#labs/world/run.ts';
import type { Name, Step } from '#labs/world/step.ts';
import { linesOf } from '#labs/world/words.ts';
import { play } from '#labs/world/world.ts';

const TWO: readonly Name[] = ['ann', 'ben'];
const THREE: readonly Name[] = ['ann', 'ben', 'cleo'];
/** ann and cleo never meet: what reaches the other end was passed on by ben. */
const IN_A_ROW = [['ann', 'cleo']] as const;

const at = (symbol: string): Place => ({ file: 'gossip.ts', symbol });

export const gossipOf = (parts: Parts): CreateGossip => {
  const { create } = parts['gossip'] as { create: CreateGossip };
  return create;
};

/** Settings small enough that an answer to a late joiner takes several messages. */
const SHORT_ANSWERS = { pullBytesMax: 1_500 };

interface Law {
  readonly id: string;
  readonly law: string;
  readonly points: number;
  readonly place: Place;
  readonly after?: readonly string[];
  readonly hints: readonly [string, string, string];
  readonly demands: Demands;
  readonly inputs: (random: Random) => readonly Schedule[];
  /** Whether a smaller schedule still asks for what the law promises. */
  readonly isFair?: (schedule: Schedule) => boolean;
  /** A diagnosis in the words of this check. */
  readonly sharpen?: (finding: Finding) => Finding;
  readonly proves: (count: number) => string;
}

/** A check that plays schedules in a world in which every node runs the code under test. */
const inWorlds = ({
  demands,
  inputs,
  isFair = () => true,
  sharpen = (finding) => finding,
  ...law
}: Law): Check =>
  check({
    ...law,
    verb: 'implement',
    inputs: ({ random }) => inputs(random),
    observe: (parts, schedule: Schedule): Run => play(wholePlay(schedule), () => gossipOf(parts)),
    judge(schedule, run) {
      const finding = judgeRun(wholePlay(schedule), run, demands);
      return finding && sharpen(finding);
    },
    smaller: (schedule: Schedule) => smallerSchedules(schedule).filter(isFair),
    inputText: (schedule) => playText(wholePlay(schedule)),
    describe: (_, run) => linesOf(run.events),
  });

const many = (count: number, draw: (index: number) => Schedule): Schedule[] =>
  Array.from({ length: count }, (_, index) => draw(index));

const seedOf = (random: Random): string => String(random.integer(2 ** 31));

// --- Schedules ----------------------------------------------------------------------------------------

const pushes = (random: Random): Schedule[] => {
  const between = (names: readonly Name[], steps: readonly Step[]): Schedule => ({
    names,
    steps,
    ending: [],
    seed: seedOf(random),
  });
  return [
    between(TWO, ['write ann']),
    between(TWO, ['write ann', 'write ben', 'write ann']),
    between(TWO, ['twice ann ben', 'write ann']),
    { ...between(THREE, ['write ann', 'write cleo']), apart: IN_A_ROW },
    ...many(9, (index) => ({
      ...between(
        index % 2 === 0 ? TWO : THREE,
        drawSteps(random, index % 2 === 0 ? TWO : THREE, ['write', 'write', 'twice'], 8),
      ),
      ...(index % 4 === 3 && { apart: IN_A_ROW }),
    })),
  ];
};

/** Pushes are lost or late; the last one arrives, and no digest is due before the end. */
const holes = (random: Random): Schedule[] => {
  const ending: readonly Step[] = ['wait 7'];
  const among = (names: readonly Name[], steps: readonly Step[]): Schedule => ({
    names,
    steps,
    ending: ['write ann', ...ending],
    seed: seedOf(random),
  });
  return [
    among(TWO, ['lose ann ben', 'write ann']),
    among(TWO, ['late ann ben', 'write ann']),
    among(TWO, ['lose ann ben', 'lose ann ben', 'write ann', 'write ann']),
    among(TWO, ['lose ann ben', 'write ann', 'lose ben ann']),
    ...many(10, () =>
      among(
        TWO,
        Array.from({ length: 1 + random.integer(4) }, (): Step[] => [
          random.pick(['lose ann ben', 'lose ann ben', 'late ann ben', 'twice ann ben'] as const),
          'write ann',
        ]).flat(),
      ),
    ),
  ];
};

/** The push of the ending must arrive: every fault on the way to ben is used up by an earlier one. */
const lastPushArrives = ({ steps }: Schedule): boolean => {
  const isFault = (step: Step) => step.endsWith(' ann ben');
  return steps.every((_, index) => {
    const rest = steps.slice(index);
    return rest.filter(isFault).length <= rest.filter((step) => step === 'write ann').length;
  });
};

const cuts = (random: Random): Schedule[] => {
  const ending: readonly Step[] = ['mend ann ben', 'wait 120', 'wait 120'];
  const during = (steps: readonly Step[]): Schedule => ({
    names: TWO,
    steps: ['cut ann ben', ...steps],
    ending,
    seed: seedOf(random),
  });
  return [
    during(['write ann']),
    during(['write ben', 'write ann']),
    // The push is lost, and then ben's digest and his question, whichever comes first.
    {
      names: TWO,
      steps: ['lose ann ben', 'write ann', 'lose ben ann', 'lose ben ann'],
      ending: ['wait 120', 'wait 120'],
      seed: seedOf(random),
    },
    ...many(8, () => during(drawSteps(random, TWO, ['write', 'write', 'wait'], 6))),
  ];
};

const partitions = (random: Random): Schedule[] => {
  const apart = (names: readonly Name[], alone: Name, steps: readonly Step[]): Schedule => {
    const others = names.filter((name) => name !== alone);
    return {
      names,
      steps: [...others.map((name): Step => `part ${alone} ${name}`), ...steps],
      ending: [...others.map((name): Step => `meet ${alone} ${name}`), 'wait 3'],
      seed: seedOf(random),
    };
  };
  return [
    apart(TWO, 'ben', ['write ann']),
    apart(TWO, 'ben', ['write ben']),
    apart(TWO, 'ben', ['write ann', 'write ben']),
    ...many(10, (index) => {
      const names = index % 2 === 0 ? TWO : THREE;
      return apart(
        names,
        random.pick(names),
        drawSteps(random, names, ['write', 'write', 'wait'], 7),
      );
    }),
  ];
};

/** Everything at once: a third of the steps write. */
const FAULTS: readonly Kind[] = [
  ...Array.from({ length: 6 }, () => 'write' as const),
  ...([
    'lose',
    'lose',
    'lose',
    'twice',
    'late',
    'late',
    'cut',
    'mend',
    'part',
    'meet',
    'wait',
    'wait',
  ] as const),
];

/** Somebody waits for an entry, and the one it asks in the end lacks that entry as well. */
const askedInVain = (random: Random): Step[] => {
  const [writer, other, waiter] = random.shuffle(THREE) as [Name, Name, Name];
  return [
    `lose ${writer} ${other}`,
    `lose ${writer} ${waiter}`,
    `write ${writer}`,
    `cut ${writer} ${other}`,
    `lose ${waiter} ${writer}`,
    `write ${writer}`,
    `cut ${writer} ${waiter}`,
    'wait 6',
  ];
};

const storms = (random: Random): Schedule[] => {
  const storm = (steps: readonly Step[]): Schedule => ({
    names: THREE,
    steps,
    ending: [...healed(THREE), 'wait 120', 'wait 120'],
    seed: seedOf(random),
  });
  return [
    storm(askedInVain(random)),
    ...many(8, () => storm(drawSteps(random, THREE, FAULTS, 12 + random.integer(16)))),
  ];
};

const lateJoiners = (random: Random): Schedule[] =>
  many(4, (index) => ({
    names: THREE,
    steps: drawSteps(random, TWO, ['write', 'write', 'write', 'wait'], 4 + 4 * index),
    ending: [random.next() < 0.5 ? 'meet ann cleo' : 'meet cleo ben', 'wait 3'],
    apart: [
      ['ann', 'cleo'],
      ['ben', 'cleo'],
    ],
    settings: SHORT_ANSWERS,
    seed: seedOf(random),
  }));

// --- Checks -------------------------------------------------------------------------------------------

const notPushed = (finding: Finding): Finding => {
  if (finding.diagnosis !== 'never-compares-notes') return finding;
  return {
    ...finding,
    diagnosis: 'not-pushed',
    because: 'a new entry is announced at once: by its author, and by whoever hears of it first',
    place: at('announce'),
  };
};

const notGreeted = (finding: Finding): Finding => {
  if (finding.diagnosis !== 'never-compares-notes') return finding;
  return {
    ...finding,
    diagnosis: 'heals-in-silence',
    because: 'a peer that joins is told at once what is held; the next digest may be 80 s away',
    place: at('joined'),
  };
};

export const gossipChecks: readonly Check[] = [
  inWorlds({
    id: '07.5',
    law: 'A new entry is stored, delivered, announced; whoever lacked it passes it on',
    points: 9,
    place: at('take'),
    hints: [
      'Own entries, announced ones, answers to questions: all come in by one door. What does the door do with one that is new, and with one that is not?',
      'open: what is here already is no news; records.open tells whether a claim is genuine. Put what is opened with what waits, then settle: move whatever lacks nothing from waiting into the log.',
      'For each that settled: store, deliver. Then one broadcast of all of them to a few listeners, without the one who brought them. A copy settles nothing, so it is told to nobody.',
    ],
    demands: { everywhere: true },
    inputs: pushes,
    sharpen: notPushed,
    proves: (count) => `${count} schedules of pushes, copies among them, up to 3 nodes in a row`,
  }),
  inWorlds({
    id: '07.6',
    after: ['07.5'],
    law: 'An entry above a hole waits; what is missing is asked for until it comes',
    points: 9,
    place: at('ask'),
    hints: [
      'ben hears ann#3 and lacks ann#2. Who surely has ann#2?',
      'What waits names what is missing. Ask the one who brought it, by id, and set a timer: a question can be lost like anything else.',
      'request carries ids; a response carries the records that are held, and names the ids that are not. When the timer runs out and something is still missing, ask somebody, and set it again. What comes may free more than one: settle goes on until nothing in waiting is ready.',
    ],
    demands: { everywhere: true },
    inputs: holes,
    isFair: lastPushArrives,
    sharpen: (finding) => {
      if (finding.diagnosis !== 'never-compares-notes') return finding;
      const because = 'what waits names what is missing: that is asked for, and asked again';
      return { ...finding, diagnosis: 'waits-without-asking', because, place: at('ask') };
    },
    proves: (count) => `${count} schedules with lost, late and doubled pushes, and lost questions`,
  }),
  inWorlds({
    id: '07.7',
    after: ['07.5'],
    law: 'What a push lost, a digest finds and a pull brings',
    points: 9,
    place: at('compare'),
    hints: [
      'Nobody knows that a message was lost. So now and then each says what it holds, whether or not anything seems wrong.',
      'reconciliation.compare says whether we are behind or ahead of a digest. Behind: ask for the runs that reconciliation.request names. Ahead: tell what we hold, so that the other can ask.',
      'Remember the nonce of a question, to know its answer. An answer that brought something may not have brought all: ask again with the same claim until nothing is lacking. If both answer a digest with a digest, they never end.',
    ],
    demands: { everywhere: true, quiet: true },
    inputs: cuts,
    proves: (count) => `${count} silent cuts between 2 nodes, with entries on both sides`,
  }),
  inWorlds({
    id: '07.8',
    after: ['07.5', '07.7'],
    law: 'When a partition heals, both sides are told at once and converge',
    points: 7,
    place: at('joined'),
    hints: [
      'The link is back, and both sides notice. What do they not know of each other?',
      'A digest every ten seconds would find it in the end. Why wait for it?',
      'joined is the moment to say a digest to that one peer; left is the moment to forget what was asked of it.',
    ],
    demands: { everywhere: true },
    inputs: partitions,
    sharpen: notGreeted,
    proves: (count) => `${count} partitions of 2 and 3 nodes, each healed within 3 s`,
  }),
  inWorlds({
    id: '07.9',
    after: ['07.5', '07.6', '07.7', '07.8'],
    law: 'Three nodes converge and fall silent, whatever the network did before',
    points: 13,
    place: at('create'),
    hints: [
      'Nothing new is asked for here: the same laws, with everything going wrong at once. Read the trace from the bad line upwards.',
      'Look for state that outlives its reason: a question that is never answered, an entry that waits for something given up, a timer that nobody set again.',
      'Replay the token and follow one entry and one node. At which line could that node have done something, and did not?',
    ],
    demands: { everywhere: true, quiet: true },
    inputs: storms,
    proves: (count) =>
      `${count} schedules of 3 nodes: loss, copies, reordering, cuts, partitions, up to 27 steps, then 240 s`,
  }),
  inWorlds({
    id: '07.10',
    after: ['07.5', '07.7', '07.8'],
    law: 'Who joins late gets everything, however many answers that takes',
    points: 6,
    place: at('pulled'),
    hints: [
      'A pull has a budget. What does cleo know after the first answer that she did not know before?',
      'An answer within a budget brings the beginning. The claim that led to the question still stands.',
      'After an answer that brought something, compute the request again from the same claim; ask on until it has no ranges.',
    ],
    demands: { everywhere: true },
    inputs: lateJoiners,
    sharpen: notGreeted,
    proves: (count) => `${count} late joiners, up to 16 entries behind, about 3 entries an answer`,
  }),
];
