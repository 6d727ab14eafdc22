/** `npm run swarm`: how many agents come to hold one state, and what liars can do about it. */
import { writeFileSync } from 'node:fs';
import { Fault, messageOf } from '#contracts/faults.ts';
import { EXIT } from './exit.ts';
import { svgChart } from './swarm/chart.ts';
import { AGENTS_DEFAULT, readPlan, vocabulary, type Plan } from './swarm/plan.ts';
import { bareLoop, play, type Played } from './swarm/play.ts';
import { jsonOf, printRun, titleOf } from './swarm/print.ts';
import { createWatching } from './swarm/progress.ts';
import { exitOfVerdict, verdictOf } from './swarm/verdict.ts';
import { describeWords, readWords } from './words.ts';

export { vocabulary };

const help = (): string =>
  [
    `npm run swarm [AGENTS] [WORDS]: rounds of push-pull gossip, simulated; ${AGENTS_DEFAULT} agents unless told.`,
    '',
    ...describeWords(vocabulary),
    '',
    'npm run swarm 1000000                                   a million agents in bytes',
    'npm run swarm 1000000 groups 100                        in groups: more rounds, less traffic across',
    'npm run swarm 1000000 rule committee liars 0.2          a committee decides, all spread its certificate',
    'npm run swarm 10 rule relayed-votes liars 4 anyway      one liar too many: nobody decides',
    'npm run swarm 10 lie equivocate liars 4 fanout 3 anyway a writer that signs twice: the swarm splits',
    '',
    `Exit code ${EXIT.ok}: all correct agents hold one state. ${EXIT.failed}: some accepted what they should not have.`,
    `${EXIT.stalled}: nobody was deceived, but not everybody decided. ${EXIT.usage}: wrong words, or an impossible setting.`,
    `${EXIT.interrupted}: Ctrl-C.`,
  ].join('\n');

/** Contacts that the calibration loop repeats at most: a second of them. */
const BARE_CONTACTS_MAX = 2e7;

/** What a bare loop of as many contacts takes; scaled up where that would be long. */
const calibrate = (
  { agents, engine }: Plan,
  { rounds, interrupted }: Played,
): number | undefined => {
  const contacts = rounds.reduce((sum, round) => sum + round.contacts, 0);
  if (engine !== 'bulk' || contacts === 0 || interrupted) return undefined;
  const measured = Math.min(contacts, BARE_CONTACTS_MAX);
  const beganMs = performance.now();
  bareLoop(agents, measured);
  return (performance.now() - beganMs) * (contacts / measured);
};

const writeChart = (file: string, plan: Plan, played: Played): void => {
  try {
    writeFileSync(file, svgChart(titleOf(plan), played));
  } catch (error) {
    throw new Fault('store_failed', `svg: ${messageOf(error)}`);
  }
};

/** Runs the command; gives its exit code. */
export const swarm = async (typed: readonly string[]): Promise<number> => {
  if (typed[0] === 'help') {
    console.log(help());
    return EXIT.ok;
  }
  const spoken = readWords(typed, vocabulary, 1);
  const plan = readPlan(spoken);
  const watching = createWatching();
  let played: Played;
  try {
    played = await play(plan, watching);
  } finally {
    watching.end();
  }
  const bareMs = calibrate(plan, played);
  if (spoken.values.has('json')) console.log(jsonOf(plan, played, bareMs));
  else printRun(plan, played, bareMs);
  const file = spoken.values.get('svg');
  if (file !== undefined) {
    writeChart(file, plan, played);
    if (!spoken.values.has('json')) console.log(`chart in ${file}`);
  }
  return exitOfVerdict(verdictOf(plan, played));
};
