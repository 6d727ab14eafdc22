/** Where the relayed vote holds and where it ends: many seeds at ten and a hundred, and a thousand agents. */
import { numbersBelow } from '#test/reference/swarm/support.ts';
import { describeBound } from '#test/reference/swarm/threshold.ts';

describeBound(10, numbersBelow(200));
describeBound(100, numbersBelow(20));
describeBound(1_000, [1, 2]);
