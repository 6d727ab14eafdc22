/** The console of the code under test: what it prints is kept, up to a limit, and shown with its check. */
import { inspect } from 'node:util';

export interface Printer {
  readonly console: { readonly [method: string]: (...values: unknown[]) => void };
  /** What was printed since the last call, if anything, and how much was cut. */
  take(): string | undefined;
}

const PRINTS = 'debug dir error info log table trace warn'.split(' ');
const SILENT = `clear count countReset dirxml group groupCollapsed groupEnd profile profileEnd time
  timeEnd timeLog timeStamp`.split(/\s+/);

/** A value as text, without running any code of it, and without signs that steer a terminal. */
const show = (value: unknown): string => {
  const options = { customInspect: false, breakLength: 100 };
  const text = typeof value === 'string' ? value : inspect(value, options);
  return text.replaceAll(/(?![\n\t])\p{Cc}/gu, '');
};

export const createPrinter = (charactersMax: () => number): Printer => {
  let kept = '';
  let cut = 0;
  const print = (...values: unknown[]) => {
    const line = `${values.map(show).join(' ')}\n`;
    const room = Math.max(0, charactersMax() - kept.length);
    kept += line.slice(0, room);
    cut += Math.max(0, line.length - room);
  };
  const methods = [
    ...PRINTS.map((name) => [name, print] as const),
    ...SILENT.map((name) => [name, () => {}] as const),
    ['assert', (held: unknown, ...values: unknown[]) => void (held || print(...values))] as const,
  ];
  return {
    console: Object.fromEntries(methods),
    take() {
      if (kept === '') return undefined;
      const printed = cut === 0 ? kept : `${kept}\n(${cut} more characters were printed)\n`;
      kept = '';
      cut = 0;
      return printed;
    },
  };
};
