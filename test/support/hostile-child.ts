/**
 * Puts everything hostile in front of everything that reads, in a process of its own, and prints what
 * became of the prototype of all objects. Run with `node --disable-proto=throw`, where touching
 * `__proto__` by that name is an error.
 */
import { hostileReadings } from './hostile-readings.ts';

process.stdout.write(`${JSON.stringify(hostileReadings())}\n`);
