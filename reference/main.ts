/** The reference's command line: `demo`, `node`, `sim` and `swarm`. Each is a file in `commands/`, or a folder. */
import chalk from 'chalk';
import { Fault } from '#contracts/faults.ts';
import { refuseDashes } from './commands/dashes.ts';
import { EXIT, reportFailure } from './commands/exit.ts';
import { nearest } from './commands/words.ts';

type Command = (words: readonly string[]) => Promise<number>;

/** Loaded when asked for: the simulator needs no QUIC, and a question about a hash needs neither. */
const commands: { readonly [name: string]: () => Promise<Command> } = {
  demo: async () => (await import('./commands/demo.ts')).demo,
  node: async () => (await import('./commands/node/node.ts')).node,
  sim: async () => (await import('./commands/sim.ts')).sim,
  swarm: async () => (await import('./commands/swarm.ts')).swarm,
};

const main = async (typed: readonly string[]): Promise<number> => {
  const [name = '', ...words] = typed;
  const json = words.includes('json');
  try {
    refuseDashes(typed, process.env);
    const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!load) {
      const meant = nearest(name, Object.keys(commands));
      const hint = meant ? `did you mean "${meant}"?` : `try ${Object.keys(commands).join(', ')}`;
      throw new Fault('usage', `no command "${name}"; ${hint}`);
    }
    return await (
      await load()
    )(words);
  } catch (error) {
    return reportFailure(error, json);
  }
};

/**
 * A reader that has seen enough (`| head -1`) closes the pipe: not an error of ours. What runs on is told
 * to end as if its terminal were gone, and tidies up; anything else has nothing left to say.
 */
const onStdoutError = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'EPIPE') {
    process.exit(
      reportFailure(new Fault('store_failed', `standard output: ${error.message}`), false),
    );
  }
  if (!process.emit('SIGHUP')) process.exit(EXIT.ok);
};
process.stdout.on('error', onStdoutError);
// A log that nobody reads ends no node.
process.stderr.on('error', () => {});

// Chalk asks the terminal, and not the person (no-color.org).
if ((process.env['NO_COLOR'] ?? '') !== '') chalk.level = 0;

process.exitCode = await main(process.argv.slice(2));
