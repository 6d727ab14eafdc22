/** The reference's command line: `demo`, `node` and `sim`. Each command is a file in `commands/`. */
import { Fault } from '#contracts/faults.ts';
import { EXIT, reportFailure } from './commands/exit.ts';
import { nearest } from './commands/words.ts';

type Command = (words: readonly string[]) => Promise<number>;

/** Loaded when asked for: the simulator needs no QUIC, and a question about a hash needs neither. */
const commands: { readonly [name: string]: () => Promise<Command> } = {
  demo: async () => (await import('./commands/demo.ts')).demo,
  node: async () => (await import('./commands/node.ts')).node,
  sim: async () => (await import('./commands/sim.ts')).sim,
};

/** npm keeps flags it does not know as `npm_config_NAME`: those that a person meant for us. */
const SWALLOWED = ['watch', 'json', 'seed', 'nodes', 'port', 'data', 'help', 'stay'];

const swallowedFlags = (): string[] =>
  SWALLOWED.filter((name) => process.env[`npm_config_${name}`] !== undefined).map((name) => {
    const value = process.env[`npm_config_${name}`];
    return value === 'true' || value === '' ? name : `${name} ${value}`;
  });

const main = async (typed: readonly string[]): Promise<number> => {
  const [name = '', ...words] = typed;
  const json = words.includes('json');
  try {
    const swallowed = swallowedFlags();
    if (swallowed.length > 0) {
      const meant = [name, ...words, ...swallowed].join(' ');
      throw new Fault(
        'usage',
        `npm took a flag for itself. Words here have no dashes: npm run ${meant}`,
      );
    }
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

process.exitCode = await main(process.argv.slice(2));
