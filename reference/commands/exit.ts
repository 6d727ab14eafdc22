/** Exit codes, the same for every command, and the one way in which a command fails. */
import chalk from 'chalk';
import { Fault, messageOf } from '#contracts/faults.ts';
import { printable } from './node/print/print.ts';

export const EXIT = {
  ok: 0,
  /** Failed or refused. */
  failed: 1,
  /** Unknown or blocked. */
  inconclusive: 2,
  /** Still a stub. */
  unfinished: 3,
  /** The environment cannot run it. */
  environment: 4,
  /** A defect of the kit itself. */
  defect: 5,
  /** Nothing that was forbidden happened, and what should have happened never did: a simulated cluster. */
  stalled: 6,
  /** Wrong usage. */
  usage: 64,
  /** Ended by Ctrl-C before it was done: 128 and the number of SIGINT, as shells count. */
  interrupted: 130,
} as const;

const OTHERS: { readonly [status: string]: number } = {
  usage: EXIT.usage,
  settings_invalid: EXIT.usage,
  transport_unavailable: EXIT.environment,
  store_failed: EXIT.environment,
  port_in_use: EXIT.environment,
  defect: EXIT.defect,
};

/** The exit code of a refusal, by its status: 1 unless the table above says otherwise. */
export const exitOf = (status: string): number =>
  Object.hasOwn(OTHERS, status) ? OTHERS[status]! : EXIT.failed;

/** Prints what went wrong, in words or as JSON, and gives the exit code for it. */
export const reportFailure = (error: unknown, json: boolean): number => {
  const known = error instanceof Fault;
  const code = known ? error.code : 'defect';
  if (json) {
    console.log(JSON.stringify({ ok: false, status: code, reason: messageOf(error) }));
  } else if (known) {
    console.error(`${chalk.red(code)}: ${printable(error.message)}`);
  } else {
    console.error(`${chalk.red('a defect of this program')}: ${messageOf(error)}`);
    console.error('Please report it with what you typed and these lines:');
    console.error(error instanceof Error ? error.stack : String(error));
  }
  return exitOf(code);
};
