/** The checkpoint of lab 07, gossip sync: vector clocks, a log, push, wait, pull, and three questions. */
import type { Checkpoint, Parts } from '#checkpoint';
import { create as createGossip } from '#reference/gossip/gossip.ts';
import { create as createLog } from '#reference/gossip/topic-log.ts';
import * as clock from '#reference/gossip/vector-clock.ts';
import { createRandom } from '#reference/sim/random.ts';
import { clockChecks } from './checks/clocks.ts';
import { debugCheck } from './checks/debug.ts';
import { explainCheck } from './checks/explain.ts';
import { gossipChecks } from './checks/gossip.ts';
import { liarChecks } from './checks/liars.ts';
import { logChecks } from './checks/log.ts';
import { traceCheck } from './checks/trace.ts';

const ofCode = [...clockChecks, ...logChecks, ...gossipChecks, ...liarChecks];

export const checkpoint: Checkpoint = {
  checks: [...ofCode, traceCheck, explainCheck, debugCheck],
  notCovered:
    'how sparingly you speak (pace, asking twice, telling whoever lacks something), how long an answer is (maxBytes), which entries leave a full waiting room, entries from a file (and a question to yourself), forks (lab 09), budgets and filters for large differences (lab 08), crashes and torn writes (lab 10)',
  rehearse() {
    const random = createRandom('rehearsal');
    const parts: Parts = {
      clock: { ...clock },
      log: { create: createLog },
      gossip: { create: createGossip },
    };
    for (const check of ofCode) {
      for (const input of check.inputs({ random, own: random })) {
        JSON.stringify(check.observe(parts, input));
      }
    }
  },
};
