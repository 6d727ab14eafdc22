/** What a run of the swarm looks like to people and to programs. */
import chalk from 'chalk';
import { closedFormRounds } from '#reference/swarm/sizing/oracle.ts';
import { quorumOf } from '#reference/swarm/quorum.ts';
import { table } from '../node/print/print.ts';
import { grouped, percent, textChart } from './chart.ts';
import { COMMITTEE_CHANCE_MAX, replayWords, type Plan } from './plan.ts';
import type { Played } from './play.ts';
import { exitOfVerdict, explain, verdictOf } from './verdict.ts';

const duration = (milliseconds: number): string =>
  milliseconds >= 1_000
    ? `${(milliseconds / 1_000).toFixed(2)} s`
    : `${milliseconds.toFixed(milliseconds < 10 ? 2 : 0)} ms`;

const sizeOf = (bytes: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${(bytes / 2 ** (10 * power)).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
};

const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, each) => total + each, 0);

const totalsOf = ({ rounds }: Played): { readonly contacts: number; readonly bytes: number } => ({
  contacts: sum(rounds.map(({ contacts }) => contacts)),
  bytes: sum(rounds.map(({ bytes }) => bytes)),
});

/** What was set up, in words. */
export const titleOf = ({ agents, fanOut, engine, rule, lie, liars, groups }: Plan): string =>
  [
    `${grouped(agents)} agents, fan-out ${fanOut}`,
    groups ? `groups of ${groups.size}, ${groups.ambassadors} ambassadors` : 'flat',
    `engine ${engine}`,
    ...(rule ? [`rule ${rule}`] : []),
    liars > 0 ? `${grouped(liars)} liars (${lie})` : 'nobody lies',
  ].join(', ');

const committeeLines = ({ committee, decision }: Played): string[] => {
  if (!committee) return [];
  const { votesMin, faultsMax } = quorumOf(committee.members);
  const rounds = decision ? `in ${decision.rounds.length} rounds` : 'not to the end';
  return [
    `committee: ${committee.members} drawn by hash, ${committee.liars} of them lie; ${votesMin} votes decide, up to ${faultsMax} liars are survived`,
    `  (for all draws but one in ${grouped(1 / COMMITTEE_CHANCE_MAX)}); it voted ${rounds}, with messages; what follows is its certificate, spreading`,
  ];
};

/** What is over sooner than the compiler is tells nothing of the engine. */
const CONTACTS_TIMED_MIN = 1_000_000;

const figureRows = (
  plan: Plan,
  played: Played,
  bareMs: number | undefined,
): (readonly string[])[] => {
  const { rounds, expected, playMs, crossGroupShare, decision } = played;
  const { contacts, bytes } = totalsOf(played);
  const oracle = expected
    ? `${expected.length} by the oracle, ${closedFormRounds(plan.agents, plan.fanOut).toFixed(1)} by log(2k+1) n + log(k+1) ln n without silence`
    : plan.groups
      ? 'about twice the flat swarm'
      : 'bounded by the votes that are needed';
  const checks = decision && plan.engine === 'messages' ? decision.checks : undefined;
  return [
    ['rounds', String(rounds.length), oracle],
    ['contacts', grouped(contacts), `${(contacts / plan.agents).toFixed(1)} an agent`],
    [
      'bytes, at most',
      sizeOf(bytes),
      plan.engine === 'messages'
        ? 'as the messages would be on a wire'
        : 'a digest each way, the body where one side lacks it',
    ],
    [
      'time of the rounds',
      duration(playMs),
      bareMs === undefined
        ? plan.engine === 'messages'
          ? 'signatures and all'
          : 'of the rounds that were played'
        : contacts < CONTACTS_TIMED_MIN
          ? 'too few contacts to time: most of it is the compiler at work'
          : `bare loop of as many random writes ${duration(bareMs)}: ${(playMs / bareMs).toFixed(2)} times`,
    ],
    ...(contacts >= CONTACTS_TIMED_MIN
      ? [
          [
            'a contact',
            `${((playMs / contacts) * 1e6).toFixed(1)} ns`,
            'simulated, on one core: no network was there',
          ],
        ]
      : []),
    ...(crossGroupShare === undefined
      ? []
      : [
          [
            'across groups',
            percent(crossGroupShare),
            'of all contacts; in a flat swarm nearly all',
          ],
        ]),
    ...(checks
      ? [
          [
            'signatures',
            `${grouped(checks.made)} verified`,
            `${grouped(checks.asked)} asked for: the same one is verified once`,
          ],
        ]
      : []),
  ];
};

/** Prints a run; `bareMs` is what the calibration loop took. */
export const printRun = (plan: Plan, played: Played, bareMs: number | undefined): void => {
  const verdict = verdictOf(plan, played);
  console.log(titleOf(plan));
  for (const line of committeeLines(played)) console.log(line);
  console.log('');
  console.log('round, and the share of the correct agents that accepted a state:');
  for (const line of textChart(played)) console.log(line);
  console.log('');
  for (const line of table(['', '', 'beside'], figureRows(plan, played, bareMs))) {
    console.log(`  ${line}`);
  }
  console.log('');
  const [first = '', ...others] = explain(plan, played, verdict);
  const colour = verdict === 'converged' ? chalk.green : chalk.red;
  console.log(colour(first));
  for (const line of others) console.log(line);
  for (const line of evidenceLines(played)) console.log(line);
  if (played.traceHash !== '') console.log(`trace ${played.traceHash}`);
  console.log(`again: ${replayWords(plan)}`);
};

const evidenceLines = ({ decision }: Played): string[] => {
  const caught = decision?.evidence.map(({ by }) => by) ?? [];
  if (caught.length === 0) return [];
  const shown = caught.slice(0, 8).join(', ') + (caught.length > 8 ? ', ...' : '');
  return [
    `evidence that convinces anybody: ${caught.length} signed two words for one version (agents ${shown})`,
  ];
};

/** The same as one line of JSON. */
export const jsonOf = (plan: Plan, played: Played, bareMs: number | undefined): string => {
  const { rounds, correct, informed, expected, traceHash, playMs, decision, committee } = played;
  const verdict = verdictOf(plan, played);
  return JSON.stringify({
    ok: exitOfVerdict(verdict) === 0,
    verdict,
    reason: explain(plan, played, verdict),
    plan,
    again: replayWords(plan),
    traceHash,
    correct,
    informed,
    ...totalsOf(played),
    rounds,
    ...(expected ? { oracle: { rounds: expected.length, shares: expected } } : {}),
    playMs,
    ...(bareMs === undefined ? {} : { bareMs }),
    ...(committee ? { committee } : {}),
    ...(played.crossGroupShare === undefined ? {} : { crossGroupShare: played.crossGroupShare }),
    ...(decision
      ? {
          safe: decision.isSafe,
          live: decision.isLive,
          accepted: Object.fromEntries(decision.accepted),
          equivocators: decision.evidence.map(({ by }) => by),
        }
      : {}),
  });
};
