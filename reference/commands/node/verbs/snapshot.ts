/** `node snapshot`: what a node remembers of its coordination with others. */
import { Fault } from '#contracts/faults.ts';
import { ask, show } from '../ask.ts';
import { common, type Subcommand } from '../subcommand.ts';

const VERBS = ['save', 'verify'];

export const snapshot: Subcommand = {
  usage: 'save | verify',
  summary: 'saves topics, subscriptions and clocks now, or checks what was saved',
  restMin: 1,
  restMax: 1,
  words: common,
  async run(home, spoken) {
    const verb = spoken.rest[0]!;
    if (!VERBS.includes(verb)) {
      throw new Fault('usage', `snapshot: expected ${VERBS.join(' or ')}, got ${verb}`);
    }
    return show(`snapshot ${verb}`, await ask(home, `snapshot.${verb}`, {}), spoken);
  },
};
