/**
 * Flags with dashes, and what npm makes of them.
 *
 * `npm run sim --seed 7` starts us with `sim 7`: npm keeps the flag for itself, as `npm_config_seed`, and
 * leaves its value behind among the words. What was meant is put together again here.
 */
import { Fault } from '#contracts/faults.ts';

/** Words of all commands that a value follows. */
const WITH_VALUE = `
  after ambassadors amount baseline canary cap control councilTurnMs councilVotes crashes currency data days deciding decimals duplicates engine
  entries fanout for from groups host interface keep liars lie limit loss many members memo most name nemeses network nodes of partitions
  peers port quorum reason records refunds replay rule seed seeds stewards svg to transport trusted until with without workers
  digestIntervalMs digestIntervalMsMax digestJitterMs digestSpacingMs frameTimeoutMs helloRetryMs
  helloTimeoutMs linksMax pingIntervalMs pingMissesMax pullBytesMax pullTimeoutMs
  pushBytesMax queuedBytesMax redialMsMax redialMsMin requestRetryMs waitingMax
`
  .trim()
  .split(/\s+/);

/** Words of all commands that stand alone. `verbose` is missing: npm has another meaning for it. */
const ALONE = [
  'alone',
  'anyway',
  'case',
  'debug',
  'diff',
  'dry',
  'full',
  'give-up',
  'graft',
  'help',
  'hint',
  'json',
  'lines',
  'local',
  'mixture',
  'order',
  'otlp',
  'reset',
  'sealed',
  'show',
  'shrink',
  'stay',
  'trace',
  'undo',
  'verify',
  'versus',
  'watch',
  'webtransport',
];

/** npm takes `--of` for the beginning of an option of its own. */
const TAKEN_FOR: { readonly [flag: string]: string } = { of: 'offline' };

/** npm takes `--dry` for the beginning of `--dry-run`, which means nothing else to us: nobody may sign by it. */
const NPM_NAMES: { readonly [flag: string]: string } = { dry: 'dry-run' };

/** Every word whose flag would be noticed. */
export const FLAGS: readonly string[] = [...WITH_VALUE, ...ALONE];

type Environment = { readonly [name: string]: string | undefined };

/**
 * The words that were meant, if npm took some for itself. The value that a flag left behind is the last
 * word that no other word explains. Where several flags left theirs nobody can tell whose is whose: then
 * VALUE stands in their places.
 */
export const wordsMeant = (
  typed: readonly string[],
  environment: Environment,
): readonly string[] | undefined => {
  const variableOf = (name: string): string | undefined =>
    environment[`npm_config_${name.toLowerCase().replaceAll('-', '_')}`];
  const valueOf = (flag: string): string | undefined =>
    variableOf(flag) ??
    variableOf(NPM_NAMES[flag] ?? flag) ??
    (isTakenForOther(flag, typed, environment) ? 'true' : undefined);
  const taken = FLAGS.filter((flag) => valueOf(flag) !== undefined);
  if (taken.length === 0) return undefined;
  const isBare = (flag: string): boolean => ['true', ''].includes(valueOf(flag) ?? '');
  const bereft = taken.filter((flag) => WITH_VALUE.includes(flag) && isBare(flag));
  const words = [...typed];
  for (const flag of bereft) {
    const at = lastUnexplained(words, flag);
    const [value = 'VALUE'] = at === -1 ? [] : words.splice(at, 1);
    words.splice(at === -1 ? words.length : at, 0, flag, bereft.length > 1 ? 'VALUE' : value);
  }
  const whole = taken.filter((flag) => !bereft.includes(flag));
  return [...words, ...whole.flatMap((flag) => (isBare(flag) ? [flag] : [flag, valueOf(flag)!]))];
};

/**
 * Whether npm made another option of this flag. That option may also be meant, so a word must have been
 * left behind that nothing else explains.
 */
const isTakenForOther = (
  flag: string,
  typed: readonly string[],
  environment: Environment,
): boolean => {
  const other = TAKEN_FOR[flag];
  return (
    other !== undefined &&
    typed[0] === 'lab' &&
    environment[`npm_config_${other}`] !== undefined &&
    lastUnexplained(typed, flag) !== -1
  );
};

/** The subcommand of `node` explains itself, and the lab of `lab`; a replay alone needs no lab. */
const explained = ([command]: readonly string[], flag: string): number =>
  command === 'node' || (command === 'lab' && flag !== 'replay') ? 2 : 1;

/** Where the value of a flag was left behind; -1: nowhere. The command explains itself. */
const lastUnexplained = (words: readonly string[], flag: string): number =>
  words.findLastIndex(
    (word, index) =>
      index >= explained(words, flag) &&
      !FLAGS.includes(word) &&
      !WITH_VALUE.includes(words[index - 1] ?? ''),
  );

/** Throws Fault `usage` with the command that was meant, if npm took a flag of this one for itself. */
export const refuseDashes = (typed: readonly string[], environment: Environment): void => {
  const words = wordsMeant(typed, environment);
  if (words === undefined) return;
  throw new Fault(
    'usage',
    `npm took a flag for itself. Words here have no dashes: npm run ${words.join(' ')}`,
  );
};
