/**
 * Starts a file of the project in this process, as a script that is built when something changed:
 *
 *   node reference/start/start.mjs reference/main.ts demo
 */
import { pathToFileURL } from 'node:url';
import { wordsToRun } from './built.mjs';

const [file = '', ...typed] = process.argv.slice(2);
const words = await wordsToRun(file).catch((error) => {
  console.error(`a defect of the kit: ${file} could not be built: ${error}`);
  process.exit(5);
});
const script = words.at(-1) ?? '';
if (words[0] === '--import') {
  console.error(
    'slower: .state/built cannot be written, so every file is translated at each start',
  );
  await import(words[1] ?? '');
} else {
  process.setSourceMapsEnabled(true);
}
process.argv.splice(1, Infinity, script, ...typed);
await import(pathToFileURL(script).href);
