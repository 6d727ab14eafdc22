/**
 * Every setting of a node, once: its default, its unit and bounds, and what moves when it moves.
 *
 * The command line reads words (`port 7001`) against this table, the manual prints it, and a test
 * holds the two equal. Relations between numbers are checked where the settings are read.
 */
import * as z from 'zod';
import { Fault } from '#contracts/faults.ts';
import type { NodeSettings } from '#contracts/settings.ts';

/** A number, or its plain digits: not 1e3, not 0x10, and not nothing for 0. */
const fromDigits = (given: unknown): unknown =>
  typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : given;

const number = (unit: string, byDefault: number, min: number, max: number, reason: string) => {
  const expected = `expected a whole number from ${min} to ${max} ${unit}`;
  return z
    .preprocess(fromDigits, z.int(expected).min(min, expected).max(max, expected))
    .default(byDefault)
    .meta({ unit, reason, min, max });
};

/** One row per setting. The reasons say what more and less of it would do. */
export const settingsSchema = z.strictObject({
  digestIntervalMs: number(
    'ms',
    10_000,
    100,
    600_000,
    'Base time between digests of a topic. Less repairs lost pushes sooner and talks more while busy.',
  ),
  digestJitterMs: number(
    'ms',
    2_000,
    0,
    60_000,
    'Each interval is shifted by up to this, either way, so that nodes do not speak in chorus.',
  ),
  digestIntervalMsMax: number(
    'ms',
    80_000,
    100,
    3_600_000,
    'An idle topic doubles its interval up to this. More is quieter and later to notice a lost record.',
  ),
  digestSpacingMs: number(
    'ms',
    5_000,
    10,
    60_000,
    'One digest per peer and topic in this time, two at once: what a peer may cost us by comparing.',
  ),
  pullTimeoutMs: number(
    'ms',
    5_000,
    100,
    60_000,
    'A pull without a frame for so long is given up.',
  ),
  requestRetryMs: number(
    'ms',
    1_000,
    50,
    60_000,
    'A record asked for by id is asked of the next peer after this.',
  ),
  pushBytesMax: number(
    'bytes',
    8_192,
    0,
    65_536,
    'Records up to this travel inside the announcement; larger ones are asked for by whoever lacks them.',
  ),
  pullBytesMax: number(
    'bytes',
    1_048_576,
    1_024,
    8_388_608,
    'Asked for in one pull; the answerer grants no more than the class of the asker allows.',
  ),
  waitingMax: number(
    'records',
    4_096,
    4,
    1_000_000,
    'Records per topic that wait for ancestors; one author may fill a quarter, the oldest leaves first.',
  ),
  helloRetryMs: number('ms', 1_000, 50, 60_000, 'An unanswered Hello is repeated after this.'),
  helloTimeoutMs: number('ms', 5_000, 100, 60_000, 'A link without a proof by then is closed.'),
  pingIntervalMs: number('ms', 2_000, 100, 60_000, 'A peer is pinged this often.'),
  pingMissesMax: number('intervals', 3, 1, 100, 'A peer silent for so many pings counts as dead.'),
  frameTimeoutMs: number(
    'ms',
    30_000,
    1_000,
    600_000,
    'A frame that is not whole by then ends the link: nobody holds a place by dripping bytes.',
  ),
  queuedBytesMax: number(
    'bytes',
    4_194_304,
    65_536,
    67_108_864,
    'Frames for one slow peer; what comes on top is dropped and repaired later.',
  ),
  redialMsMin: number('ms', 250, 10, 60_000, 'Pause after a failed dial; doubles.'),
  redialMsMax: number('ms', 5_000, 10, 600_000, 'The longest pause between dials.'),
  linksMax: number(
    'links',
    128,
    1,
    10_000,
    'Links at one time. Strangers hold three places of four at most; the silent make room.',
  ),
  councilVotes: number(
    '',
    1,
    0,
    1,
    "1: a steward's node votes for checkpoints that its own fold confirms. 0: it waits for its people.",
  ),
  councilTurnMs: number(
    'ms',
    10_000,
    100,
    3_600_000,
    'A proposal of the steward next in turn waits so long for votes. Less splits votes when links are slow.',
  ),
});

/** All settings as the schema reads them, flat, defaults filled in. */
export type Settings = z.infer<typeof settingsSchema>;

const pick = <Key extends keyof Settings>(
  settings: Settings,
  keys: readonly Key[],
): Pick<Settings, Key> =>
  Object.fromEntries(keys.map((key) => [key, settings[key]])) as Pick<Settings, Key>;

/** Reads settings, given as numbers or as words. Throws Fault `settings_invalid` naming the setting. */
export const readSettings = (
  given: { readonly [name: string]: string | number } = {},
): NodeSettings => {
  const outcome = settingsSchema.safeParse(given);
  if (!outcome.success) {
    const issue = outcome.error.issues[0];
    const name = String(issue?.path[0] ?? '');
    const came = Object.hasOwn(given, name) ? `, got ${given[name]}` : '';
    throw new Fault('settings_invalid', `setting ${name}: ${issue?.message}${came}`);
  }
  const settings = outcome.data;
  if (settings.digestIntervalMs > settings.digestIntervalMsMax) {
    throw new Fault('settings_invalid', 'digestIntervalMs is above digestIntervalMsMax');
  }
  if (settings.digestJitterMs >= settings.digestIntervalMs) {
    throw new Fault('settings_invalid', 'digestJitterMs must be below digestIntervalMs');
  }
  return {
    gossip: pick(settings, [
      'digestIntervalMs',
      'digestJitterMs',
      'digestIntervalMsMax',
      'digestSpacingMs',
      'pullTimeoutMs',
      'requestRetryMs',
      'pushBytesMax',
      'pullBytesMax',
      'waitingMax',
    ]),
    session: pick(settings, [
      'helloRetryMs',
      'helloTimeoutMs',
      'pingIntervalMs',
      'pingMissesMax',
      'frameTimeoutMs',
      'queuedBytesMax',
    ]),
    council: pick(settings, ['councilVotes', 'councilTurnMs']),
    peering: pick(settings, ['redialMsMin', 'redialMsMax', 'linksMax']),
  };
};
