/** Where the relayed vote holds and where it ends, at ten and a hundred; a thousand is in `test/long`. */
import { describeBound } from './threshold.ts';
import { numbersBelow } from './support.ts';

describeBound(10, numbersBelow(4));
describeBound(100, [1]);
