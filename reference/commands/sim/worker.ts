/** One worker of the pool: runs the trials that it is sent, and ends with whoever sends them. */
import { outcomeOf } from './pool.ts';
import type { Trial } from './trial.ts';

// Ctrl-C reaches every process of the terminal: whoever started this one decides.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(0));
process.on('message', (trial) => {
  void outcomeOf(trial as Trial).then((outcome) => process.send?.(outcome));
});
