/** `npm run lab`: the learner's command line. What each command does is a file in `commands/`. */
import { Fault } from '#contracts/faults.ts';
import { refuseDashes } from '#reference/commands/dashes.ts';
import { EXIT } from '#reference/commands/exit.ts';
import type { Desk } from './commands/desk/desk.ts';
import { paintFor } from './commands/desk/layout.ts';
import { placesFor } from './commands/desk/places.ts';
import { readRequest } from './commands/request.ts';
import { endOnSignals } from './commands/desk/signals.ts';
import { createStateFile } from './commands/desk/state.ts';
import { troubleOf } from './commands/desk/trouble.ts';

const typed = process.argv.slice(2);
const json = typed.includes('json');
const places = placesFor(process.env);

const note = (line: string): void => {
  if (json) console.error(line);
  else console.log(line);
};

const desk: Desk = {
  places,
  state: createStateFile(places.state, note),
  paint: paintFor(process.stdout, process.env),
  say: (...lines) => console.log(lines.join('\n')),
  note,
  clear() {
    // The screen, what scrolled off it, and the cursor to the top.
    if (process.stdout.isTTY) process.stdout.write('\u001B[2J\u001B[3J\u001B[H');
  },
};

/** Whoever reads no further (`| head`) wants no more of it. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed);
});

const main = async (): Promise<number> => {
  try {
    refuseDashes(['lab', ...typed], process.env);
    const request = readRequest(typed);
    // These two have processes to end in order, and listen to the signals themselves.
    if (request.action !== 'graft' && request.action !== 'versus') endOnSignals();
    const { perform } = await import('./commands/perform.ts');
    return await perform(request, desk);
  } catch (error) {
    const { out, err, code } = troubleOf(error, places, typed);
    for (const line of out) console.log(line);
    for (const line of err) console.error(line);
    return error instanceof Fault ? code : EXIT.defect;
  }
};

const code = await main();
// What still runs beside us ends with us; to wait for it would be seen.
process.stdout.write('', () => process.exit(code));
