/** What is graded, and on which terms: from a folder to code that is loaded into a child. */
import { createRandom } from '#reference/sim/random.ts';
import type { Lab } from '../catalog.ts';
import type { Check, Draw } from '../checkpoint.ts';
import type { Bundle, Bundler, Unloadable } from './bundle.ts';
import { type Code, oneLine, wordsOfThrown } from './judge.ts';
import { kitOf } from './kit.ts';
import type { LoadProblem } from './result.ts';
import { createRunner, type Runner } from './runner.ts';
import { type Edit, folderSubject, referenceSubject, type Subject } from './subject.ts';
import type { Limits, Reply } from './wire.ts';

/** A folder of parts, or the reference's reading of them. */
export type Source =
  | { readonly folder: string; readonly reference?: never }
  | { readonly reference: true; readonly folder?: never };

/** What is graded. */
export type Target = Source & {
  readonly lab: Lab;
  /** How the result calls it: `mine`, `solution`, `reference` or a path. */
  readonly subject: string;
  /** Changes made in memory: a mutant is the solution with one. */
  readonly edits?: readonly Edit[];
  /** The checkpoint's module from the project's root, if it is not in the lab's own folder. */
  readonly checkpoint?: string;
  readonly limits?: Partial<Limits>;
  /** Waits for a debugger and lifts the limits of time. */
  readonly debug?: boolean;
};

/** The seeds of a run. */
export interface Seeds {
  /** Of this run: up to 16 letters or digits, for it stands in tokens. */
  readonly seed: string;
  /** Of this learner. */
  readonly ownSeed: string;
}

/** Code that loaded, and a child that has it. */
export interface Loaded {
  readonly code: Code;
  readonly bundle: Bundle;
  readonly runner: Runner;
}

export const isProblem = (subject: Subject | LoadProblem): subject is LoadProblem =>
  'kind' in subject;

export const subjectOf = ({ lab, folder, edits }: Target): Subject | LoadProblem =>
  folder === undefined ? referenceSubject(lab, edits) : folderSubject(lab, folder, edits);

export const drawFor = ({ id }: Check, { seed, ownSeed }: Seeds): Draw => ({
  random: createRandom(seed).fork(id),
  own: createRandom(ownSeed).fork(id),
});

const problemOfLoading = ({ locate }: Bundle, reply: Reply): LoadProblem => {
  if (reply.kind === 'died') {
    return { kind: reply.how, reason: `the code ${reply.reason} while it was loaded` };
  }
  if (reply.kind !== 'threw' && reply.kind !== 'unfinished') throw new Error(reply.kind);
  const where = locate(reply.stack);
  const at = where ? `${where.file}:${where.line} ` : '';
  const words =
    reply.kind === 'threw'
      ? wordsOfThrown(reply.name, reply.message)
      : `reaches task ${reply.task} while it loads`;
  const reason = oneLine(`${at}${words}`);
  return { kind: 'threw', reason, ...(where && { where }) };
};

/**
 * A child of the lab's kit, to be loaded: it gets ready meanwhile. The caller closes it.
 *
 * @throws Error if the kit is at fault.
 */
export const openRunner = async (target: Target, { trusted }: Subject): Promise<Runner> => {
  const { lab, checkpoint = `labs/${lab.name}/checkpoint.ts`, limits, debug = false } = target;
  const kit = await kitOf(checkpoint);
  return createRunner({ kit, trusted, debug, ...(limits && { limits }) });
};

/** The same code in each of several children. */
export interface LoadedAll {
  readonly ok: true;
  readonly bundle: Bundle;
  readonly children: readonly Loaded[];
}

/**
 * Bundles the files and loads them into every child.
 *
 * @throws Error if the kit is at fault.
 */
export const load = async (
  target: Target,
  subject: Subject,
  bundler: Bundler,
  runners: readonly Runner[],
): Promise<LoadedAll | Unloadable> => {
  const bundle = await bundler.rebuild();
  if (!bundle.ok) return bundle;
  const script = target.debug === true ? bundle.mapped() : bundle.script;
  const parts = { script, filename: bundle.filename };
  const replies = await Promise.all(runners.map((runner) => runner.load(parts)));
  const reply = replies.find((each) => each !== undefined);
  if (reply) return { ok: false, problem: problemOfLoading(bundle, reply), code: bundle.code };
  const code = { subject, bundle };
  return { ok: true, bundle, children: runners.map((runner) => ({ code, bundle, runner })) };
};
