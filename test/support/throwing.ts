/** A program that fails, a few lines below its first: its stack must name this file and this line. */
interface Planned {
  readonly what: string;
}
const planned: Planned = { what: 'as planned' };

console.log(process.argv.slice(2).join(' '));
throw new TypeError(planned.what);
