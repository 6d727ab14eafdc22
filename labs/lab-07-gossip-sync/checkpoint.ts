/** The checkpoint of lab 07, gossip sync: vector clocks, a log, push, wait, pull, and three questions. */
import type { Checkpoint, Parts } from '#checkpoint';
import { create as createGossip } from '#reference/gossip/gossip.ts';
import { create as createLog } from '#reference/gossip/topic-log.ts';
import * as clock from '#reference/gossip/vector-clock.ts';
import { createRandom } from '#reference/sim/random.ts';
import { answerChecks } from './checks/answers.ts';
import { clockChecks } from './checks/clocks.ts';
import { gossipChecks } from './checks/gossip.ts';
import { liarChecks } from './checks/liars.ts';
import { logChecks } from './checks/log.ts';

const ofCode = [...clockChecks, ...logChecks, ...gossipChecks, ...liarChecks];

export const checkpoint: Checkpoint = {
  checks: [...ofCode, ...answerChecks],
  notCovered:
    'crashes and torn writes (lab 10), budgets and filters for large differences (lab 08), what to do about forks (lab 09)',
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
