/** The code of a target in a child, for as long as it is used. */
import { createBundler } from './bundle.ts';
import type { LoadProblem } from './result.ts';
import { isProblem, load, type Loaded, openRunner, subjectOf, type Target } from './target.ts';

/**
 * Bundles and loads; closes all of it when `use` is done.
 *
 * @returns what `use` gives, or why the code cannot be loaded.
 * @throws Error if an edit does not apply, or the kit is at fault.
 */
export const withLoaded = async <Value>(
  target: Target,
  use: (loaded: Loaded) => Promise<Value>,
): Promise<
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: LoadProblem }
> => {
  const subject = subjectOf(target);
  if (isProblem(subject)) return { ok: false, problem: subject };
  const bundler = await createBundler(subject);
  try {
    const runner = await openRunner(target, subject);
    try {
      const loaded = await load(target, subject, bundler, [runner]);
      if (!loaded.ok) return { ok: false, problem: loaded.problem };
      return { ok: true, value: await use(loaded.children[0]!) };
    } finally {
      runner.close();
    }
  } finally {
    await bundler.dispose();
  }
};
