/**
 * A thread beside a node with a learner's layer in it: notices when the node's own thread does not come
 * back from a call, or uses too much memory, says so and ends the process.
 */
import { parentPort } from 'node:worker_threads';
import { BEAT_MS, MISSED_MAX, RESIDENT_MB_MAX } from './limits.ts';
import { report, type Trouble } from './trouble.ts';

/** The function of the layer that is called now; or that none is. */
export type Beat = 'alive' | `calls ${string}`;

const MB = 1024 * 1024;

const watch = (): void => {
  let missed = 0;
  let call: string | undefined;
  parentPort!.on('message', (beat: Beat) => {
    missed = 0;
    call = beat === 'alive' ? undefined : beat.slice('calls '.length);
  });
  const end = (trouble: Trouble): void => {
    report(trouble);
    process.kill(process.pid, 'SIGKILL');
  };
  setInterval(() => {
    missed += 1;
    if (missed > MISSED_MAX && call !== undefined) {
      end({ kind: 'time', seconds: (MISSED_MAX * BEAT_MS) / 1_000, call });
    }
    if (process.memoryUsage.rss() > RESIDENT_MB_MAX * MB) {
      end({ kind: 'memory', megabytes: RESIDENT_MB_MAX });
    }
  }, BEAT_MS);
};

watch();
