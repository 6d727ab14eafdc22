/** The kit as one script for plain `node`: the child and a lab's checkpoint with all that it imports. */
import { built } from '#start/built.mjs';

/**
 * The script's file, built anew if anything in it has changed.
 *
 * @param checkpoint the checkpoint's module, from the project's root.
 * @throws Error if it cannot be bundled: the kit is at fault.
 */
export const kitOf = (checkpoint: string, folder?: string): Promise<string> => {
  const name = checkpoint.replace(/\.ts$/, '').replaceAll(/[^\w-]+/g, '.');
  const contents = `
    import { checkpoint } from ${JSON.stringify(`./${checkpoint}`)};
    import { serve } from './labs/grading/child/child.ts';
    serve(checkpoint);`;
  return built(name, contents, folder);
};
