/**
 * `npm run lab 07 graft`: a real node with a learner's layer in it, between two of the reference.
 *
 * Three processes, QUIC over loopback, stores in a temporary folder. The layer is bundled under the rules
 * of grading and handed to `graft/member.ts`; the rest of its node is the reference. However it ends,
 * every process is ended and the folder removed.
 */
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import chalk from 'chalk';
import { Fault } from '#contracts/faults.ts';
import { createActor, NODE_ALONE, type Actor, type Program } from '#reference/commands/actor.ts';
import { EXIT } from '#reference/commands/exit.ts';
import { createTeller, foundTogether, tellOfDeliveries } from '#reference/commands/stage.ts';
import { describeWords, readWords, type Vocabulary } from '#reference/commands/words.ts';
import type { Lab } from './catalog.ts';
import { nextLine } from './commands/desk/layout.ts';
import { endOnSignals } from './commands/desk/signals.ts';
import type { Loaded } from './grading/target.ts';
import { SCRIPT } from './grading/wire.ts';
import { withLoaded } from './grading/with-loaded.ts';
import { HEAP_MB_MAX } from './graft/limits.ts';
import { tell, whoLacksWhat, type Cast } from './graft/story.ts';
import { survey } from './graft/survey.ts';
import { readTrouble, troubleOfEnd, troubleWords, type Trouble } from './graft/trouble.ts';
import { fail, placed, print, unfinishedWords, type Naming } from './naming.ts';

const vocabulary: Vocabulary = { help: { summary: 'these lines' } };

/** Nothing of a learner's node needs to be kept: whoever does not listen is ended. */
const PATIENCE_MS = 500;

const help = (lab: Lab): number => {
  print(
    `npm run lab ${lab.number} graft [of PATH]: the real node with your layer, between two of the reference.`,
    '',
    ...describeWords(vocabulary),
    nextLine(`npm run lab ${lab.number} graft`),
  );
  return EXIT.ok;
};

/** A layer that is written, loaded once; or the exit code, when all has been said. */
const prepare = async (naming: Naming): Promise<Loaded | number> => {
  const { lab, subject } = naming;
  const { name, folder, pathOf } = subject;
  const found = await withLoaded({ lab, subject: name, folder }, async (loaded) => ({
    loaded,
    ...(await survey(lab, loaded)),
  }));
  if (!found.ok) {
    const { reason, where } = found.problem;
    return fail(naming, [placed(naming, reason, where)], EXIT.failed);
  }
  const { loaded, unfinished, failing } = found.value;
  if (unfinished) {
    const { file, line } = unfinished.where;
    const words = unfinishedWords(unfinished.task, `${pathOf(file)}:${line}`);
    return fail(naming, [words], EXIT.unfinished);
  }
  if (failing.length > 0) {
    print(`your layer fails ${failing.join(', ')}: here is what it does in a real network`);
  }
  return loaded;
};

/** Three keys, one founding document, and the learner's code where its node finds it. */
const rehearse = async (
  { layer }: Lab,
  { bundle }: Loaded,
  directory: string,
  say: Cast['say'],
  logged: (line: string) => void,
): Promise<Cast> => {
  const parts = path.join(directory, SCRIPT);
  await writeFile(parts, bundle.script);
  const member: Program = {
    file: 'labs/graft/member.ts',
    words: ['layer', layer, 'parts', parts],
    flags: [`--max-old-space-size=${HEAP_MB_MAX}`],
  };
  const heard = tellOfDeliveries(say);
  const make = (name: string, program: Program): Promise<Actor> =>
    createActor({
      name,
      directory: path.join(directory, name),
      program,
      heard,
      ...(program === member && { logged }),
    });
  const yours = await make('yours', member);
  const ann = await make('ann', NODE_ALONE);
  const ben = await make('ben', NODE_ALONE);
  const actors = [yours, ann, ben];
  await foundTogether([ann, yours, ben], 'a graft');
  return { yours, ann, ben, actors, say };
};

/** A promise that somebody keeps from outside. */
const createNews = <Value>() => {
  let tell: (value: Value) => void = () => {};
  const told = new Promise<Value>((resolve) => {
    tell = resolve;
  });
  return { tell, told };
};

/** How a story ended. */
type Ending =
  | { readonly how: 'told' | 'interrupted' }
  | { readonly how: 'trouble'; readonly trouble: Trouble }
  | { readonly how: 'failed'; readonly error: unknown };

/** What is said of the end, and the exit code. */
const conclude = async (ending: Ending, cast: Cast, naming: Naming, { code }: Loaded) => {
  const { say, yours } = cast;
  switch (ending.how) {
    case 'told':
      say(chalk.green.bold('done: your layer runs in a real node, and all three agreed'));
      print(nextLine('npm run lab'));
      return EXIT.ok;
    case 'interrupted':
      say('interrupted');
      return EXIT.interrupted;
    case 'trouble': {
      const { trouble } = ending;
      const printed = yours.lastWords().filter((line) => !readTrouble(line));
      const said =
        printed.length > 0 ? ['yours printed:', ...printed.map((line) => `  ${line}`)] : [];
      const words = troubleWords(trouble, code, naming.lab.layer, naming.subject.pathOf);
      const exit = trouble.kind === 'unfinished' ? EXIT.unfinished : EXIT.failed;
      return fail(naming, [chalk.red(words), ...said], exit);
    }
    case 'failed': {
      const { error } = ending;
      if (!(error instanceof Fault)) throw error;
      const ended = yours.ended === undefined ? [] : [`yours has ended by itself: ${yours.ended}`];
      const lines = [chalk.red(error.message), ...ended, ...(await whoLacksWhat(cast))];
      return fail(naming, lines, EXIT.failed);
    }
  }
};

/** Plays the story to its end, whichever it is. */
const perform = async (naming: Naming, loaded: Loaded): Promise<number> => {
  const interruption = createNews<Ending>();
  const misfortune = createNews<Ending>();
  const onSignal = (): void => interruption.tell({ how: 'interrupted' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  const logged = (line: string): void => {
    const trouble = readTrouble(line);
    if (trouble) misfortune.tell({ how: 'trouble', trouble });
  };

  const directory = await mkdtemp(path.join(tmpdir(), 'murmuration-graft-'));
  let cast: Cast | undefined;
  // Where we are ended in the middle, by a pipe that nobody reads: no time is left to ask politely.
  const endNow = (): void => {
    for (const { pid, ended } of cast?.actors ?? []) {
      if (pid !== undefined && ended === undefined) process.kill(pid, 'SIGKILL');
    }
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  };
  process.once('exit', endNow);
  let over = false;
  const teller = createTeller();
  const say = (line: string): void => {
    if (!over) teller(line);
  };
  let patienceMs: number | undefined = PATIENCE_MS;
  try {
    cast = await rehearse(naming.lab, loaded, directory, say, logged);
    const { yours } = cast;
    const story = tell(cast).then(
      (): Ending => ({ how: 'told' }),
      (error: unknown): Ending => ({ how: 'failed', error }),
    );
    let ending = await Promise.race([story, interruption.told, misfortune.told]);
    if (ending.how === 'failed') {
      // What its last line said may be on its way, and so may its end.
      const later = setTimeout(PATIENCE_MS, ending);
      ending = await Promise.race([interruption.told, misfortune.told, later]);
      const trouble = troubleOfEnd(yours.ended);
      if (ending.how === 'failed' && trouble) ending = { how: 'trouble', trouble };
    }
    if (ending.how === 'told') patienceMs = undefined;
    over = true;
    return await conclude(ending, { ...cast, say: teller }, naming, loaded);
  } finally {
    await Promise.all((cast?.actors ?? []).map((actor) => actor.stop(patienceMs)));
    await rm(directory, { recursive: true, force: true });
    process.off('exit', endNow);
  }
};

/** Runs the command on a folder laid out like the lab's; gives its exit code. */
export const graft = async (naming: Naming, words: readonly string[]): Promise<number> => {
  const { values } = readWords(words, vocabulary, 0);
  if (values.has('help')) return help(naming.lab);
  const listenNoMore = endOnSignals();
  const loaded = await prepare(naming);
  listenNoMore();
  return typeof loaded === 'number' ? loaded : perform(naming, loaded);
};
