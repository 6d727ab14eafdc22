/**
 * `npm run lab 07 versus`: a learner's layer and the reference on the same schedules, in lockstep, and the
 * first thing that they show differently. Only what the contract settles is compared: entries, clocks
 * and what waits, after links are healed and time has passed; never message by message.
 */
import { Fault } from '#contracts/faults.ts';
import { EXIT } from '#reference/commands/exit.ts';
import { COLUMNS_MAX, counted, field, nextLine } from './commands/desk/layout.ts';
import { endOnSignals } from './commands/desk/signals.ts';
import type { Loaded } from './grading/target.ts';
import { withLoaded } from './grading/with-loaded.ts';
import { commandOf, fail, placed, print, unfinishedWords, type Naming } from './naming.ts';
import {
  eventsOf,
  lockstep,
  type Difference,
  type Equal,
  type Failure,
} from './versus/lockstep.ts';
import { drawBouts, type Bout } from './versus/schedules.ts';
import type { Holding } from './versus/sight.ts';
import { clockText, linesOf, listText } from './world/words.ts';

const LAYER = 'gossip';
const CHECKPOINT = 'labs/versus/checkpoint.ts';
const EVENTS_MAX = 8;

/** `{ann 2}, 1 waiting`; entries by name where the clock does not say it all. */
const holdingText = ({ delivered, clock, waiting }: Holding): string => {
  const claimed = Object.entries(clock).flatMap(([author, count]) =>
    Array.from({ length: Math.min(count, delivered.length + 1) }, (_, at) => `${author}#${at + 1}`),
  );
  const same = claimed.sort().join(' ') === delivered.join(' ');
  const held = same
    ? clockText(clock)
    : `${listText(delivered)}, and a clock of ${clockText(clock)}`;
  return waiting > 0 ? `${held}; ${waiting} waiting` : held;
};

const scheduleText = ({ kind, steps, ending, apart = [] }: Bout): string => {
  const strangers = apart.map(([left, right]) => `${left} and ${right} have not met`);
  const all = [...strangers, ...steps, ...(kind === 'hole' ? ending : [])];
  return all.join(', ') || 'nothing, and then every link is healed';
};

const bothText = (name: string, reference: Holding, yours: Holding | undefined): string[] => [
  ...field(name, `reference says ${holdingText(reference)}`, 2),
  ...field(
    '',
    `yours says     ${yours ? holdingText(yours) : 'never: its nodes talk without end'}`,
    2,
  ),
];

/** The last things that happened to yours, one line each. */
const eventsText = async (loaded: Loaded, { bout, yours }: Difference): Promise<string[]> => {
  const events = await eventsOf(loaded, bout);
  const lines = linesOf(events.slice(0, yours?.events)).slice(-EVENTS_MAX);
  return lines.map(({ atMs = 0, text }, index) => {
    const lead = `     ${index === 0 ? 'yours' : ''}`.padEnd(15);
    return `${lead}${(atMs / 1_000).toFixed(1)} s  ${text}`.slice(0, COLUMNS_MAX);
  });
};

const differs = async (naming: Naming, loaded: Loaded, found: Difference): Promise<number> => {
  const { bout, reference, yours } = found;
  const nodes = bout.names.flatMap((name) =>
    bothText(name, reference.nodes[name]!, yours?.nodes[name]),
  );
  const lines = [
    `lab ${naming.lab.number} versus the reference: they differ`,
    ...field('schedule', scheduleText(bout), 2),
    ...field('point', reference.at),
    ...nodes,
    ...(await eventsText(loaded, found)),
  ];
  return fail(naming, lines, EXIT.failed);
};

const fails = (naming: Naming, { bout, judgement }: Failure): number => {
  if (judgement.verdict === 'defect') throw new Error(judgement.reason);
  if (judgement.verdict === 'unfinished') {
    const { file, line } = judgement.where;
    const words = unfinishedWords(judgement.task, `${naming.subject.pathOf(file)}:${line}`);
    return fail(naming, [words], EXIT.unfinished);
  }
  const reason = 'reason' in judgement ? judgement.reason : judgement.finding.headline;
  const lines = [
    `lab ${naming.lab.number} versus the reference: yours does not get through`,
    ...field('schedule', scheduleText(bout), 2),
    ...field('yours', placed(naming, reason, judgement.where)),
  ];
  return fail(naming, lines, EXIT.failed);
};

const equal = (naming: Naming, next: string, { bouts, points, costs }: Equal): number => {
  const { reference, yours } = costs;
  const schedules = counted(bouts, 'schedule');
  print(
    `lab ${naming.lab.number} versus the reference: no difference in ${schedules}, at ${points} points`,
    ...field('messages', `reference ${reference.messages}, yours ${yours.messages}`),
    ...field(
      'copies',
      `reference ${reference.repeats}, yours ${yours.repeats}: sent again to one node`,
    ),
    nextLine(next),
  );
  return EXIT.ok;
};

/** Runs the command on a folder laid out like the lab's; gives its exit code. `next` follows where they do not differ. */
export const versus = async (
  naming: Naming,
  seed = 'versus',
  next = commandOf(naming, 'graft'),
): Promise<number> => {
  const { lab, subject } = naming;
  if (lab.layer !== LAYER) {
    throw new Fault('usage', `lab ${lab.number} has no versus: there is one for ${LAYER}`);
  }
  const listenNoMore = endOnSignals();
  const target = {
    lab,
    subject: subject.name,
    folder: subject.folder,
    checkpoint: CHECKPOINT,
  };
  const outcome = await withLoaded(target, async (loaded) => {
    const found = await lockstep(loaded, drawBouts(seed));
    if (found.kind === 'equal') return equal(naming, next, found);
    return found.kind === 'fails' ? fails(naming, found) : differs(naming, loaded, found);
  });
  listenNoMore();
  if (outcome.ok) return outcome.value;
  const { reason, where } = outcome.problem;
  return fail(naming, [placed(naming, reason, where)], EXIT.failed);
};
