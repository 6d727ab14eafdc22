/** A program that builds another, as the demo does: prints the words that start it. */
import { wordsToRun } from '#start/built.mjs';

const [file = '', folder] = process.argv.slice(2);
console.log(JSON.stringify(await wordsToRun(file, folder)));
