/**
 * A wall clock that a test sets while a program runs: loaded before it (`node --import`), it adds the number of
 * milliseconds in the file CLOCK_FILE to every time of day. Clocks that only count are left alone, as a system
 * does when somebody sets the time.
 */
import { readFileSync } from 'node:fs';

const right = Date.now;
const file = process.env['CLOCK_FILE'] ?? '';
const now = () => right() + Number(readFileSync(file, 'utf8'));

globalThis.Date = new Proxy(Date, {
  construct: (target, given, made) =>
    Reflect.construct(target, given.length === 0 ? [now()] : given, made),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});
