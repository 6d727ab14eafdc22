/** A program that says where it is and fails: its stack must name this file and the last line. */
interface Planned {
  readonly what: string;
}
const planned: Planned = { what: 'as planned' };

console.log(process.argv.slice(2).join(' '), import.meta.url);
throw new TypeError(planned.what);
