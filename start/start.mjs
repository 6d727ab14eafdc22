/** `npm run lab`: starts the command line, `cli.ts`, as one script. */
import { pathToFileURL } from 'node:url';
import { built } from './built.mjs';

const script = await built('lab', "import './labs/cli.ts';").catch((error) => {
  console.error(`a defect of the kit: the command line could not be built: ${error}`);
  process.exit(5);
});
await import(pathToFileURL(script).href);
