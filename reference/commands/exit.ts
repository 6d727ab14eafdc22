/** Exit codes, the same for every command, and the one way in which a command fails. */
import chalk from 'chalk';
import { Fault, messageOf, type FaultCode } from '#contracts/faults.ts';

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
  /** Wrong usage. */
  usage: 64,
} as const;

const ENVIRONMENT: readonly FaultCode[] = ['transport_unavailable', 'store_failed', 'port_in_use'];

const exitOf = (fault: Fault): number => {
  if (fault.code === 'usage' || fault.code === 'settings_invalid') return EXIT.usage;
  return ENVIRONMENT.includes(fault.code) ? EXIT.environment : EXIT.failed;
};

/** Prints what went wrong, in words or as JSON, and gives the exit code for it. */
export const reportFailure = (error: unknown, json: boolean): number => {
  const known = error instanceof Fault;
  const code = known ? error.code : 'defect';
  if (json) {
    console.log(JSON.stringify({ ok: false, status: code, reason: messageOf(error) }));
  } else if (known) {
    console.error(`${chalk.red(code)}: ${error.message}`);
  } else {
    console.error(`${chalk.red('a defect of this program')}: ${messageOf(error)}`);
    console.error('Please report it with what you typed and these lines:');
    console.error(error instanceof Error ? error.stack : String(error));
  }
  return known ? exitOf(error) : EXIT.defect;
};
