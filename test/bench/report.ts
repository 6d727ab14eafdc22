/**
 * What a benchmark says: figures, each beside its limit, and the sentences without which a figure
 * means nothing. A bar is printed as met or not met and fails nobody: machines differ.
 */
import { table } from '#reference/commands/node/print/print.ts';

/** In which unit a figure is; times are printed in whichever of ns, us, ms and s reads best. */
export type Unit = 'ms' | 's' | 'bytes' | 'messages' | 'hops' | '%' | '';

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: Unit;
  /** The physical limit, or the bare library's figure, of the same run. */
  readonly limit?: number;
  /** The figure is to be at most so many times its limit. */
  readonly timesMax?: number;
  /** The figure itself is to be at most this. */
  readonly valueMax?: number;
}

export interface Report {
  readonly name: string;
  /** What was done, with what, how often; what the limits are. */
  readonly about: readonly string[];
  readonly figures: readonly Figure[];
}

/** What every benchmark is told. */
export interface BenchOptions {
  /** The size of the issue, where the everyday one is smaller. */
  readonly full: boolean;
  /** How long `soak` soaks. */
  readonly minutes: number;
}

export interface Bench {
  readonly summary: string;
  run(options: BenchOptions): Promise<Report>;
}

/** How many times the limit a figure is. */
export const ratioOf = ({ value, limit }: Figure): number | undefined =>
  limit === undefined ? undefined : value / limit;

/** Whether a figure meets its bar; undefined where it has none. */
export const isMet = (figure: Figure): boolean | undefined => {
  const { value, valueMax, timesMax } = figure;
  const ratio = ratioOf(figure);
  if (timesMax !== undefined && ratio !== undefined) return ratio <= timesMax;
  return valueMax === undefined ? undefined : value <= valueMax;
};

const SCALES: readonly (readonly [milliseconds: number, unit: string])[] = [
  [1_000, 's'],
  [1, 'ms'],
  [1e-3, 'us'],
  [1e-6, 'ns'],
];

const digits = (value: number): string => {
  const magnitude = Math.abs(value);
  if (Number.isInteger(value) || magnitude >= 1_000) return String(Math.round(value));
  return value.toPrecision(3).replace(/e[+-]\d+$/, '');
};

const printTime = (milliseconds: number): string => {
  const [scale, unit] = SCALES.find(([scale]) => Math.abs(milliseconds) >= scale) ?? [1e-6, 'ns'];
  return `${digits(milliseconds / scale)} ${unit}`;
};

/** A figure for people. */
export const printValue = (value: number, unit: Unit): string => {
  if (unit === 'ms') return printTime(value);
  if (unit === 's') return printTime(value * 1_000);
  return unit === '' || unit === 'hops' ? digits(value) : `${digits(value)} ${unit}`;
};

const barOf = ({ timesMax, valueMax, unit }: Figure): string => {
  if (timesMax !== undefined) return `at most ${timesMax} x`;
  return valueMax === undefined ? '' : `at most ${printValue(valueMax, unit)}`;
};

const rowOf = (figure: Figure): string[] => {
  const { name, value, unit, limit } = figure;
  const ratio = ratioOf(figure);
  const met = isMet(figure);
  return [
    name,
    printValue(value, unit),
    limit === undefined ? '' : printValue(limit, unit),
    ratio === undefined ? '' : ratio.toFixed(2),
    barOf(figure),
    met === undefined ? '' : met ? 'met' : 'NOT MET',
  ];
};

/** A report for people, a line an item. */
export const describeReport = ({ name, about, figures }: Report): string[] => [
  '',
  `${name}: ${about[0] ?? ''}`,
  ...about.slice(1).map((line) => `  ${line}`),
  '',
  ...table(['figure', 'measured', 'limit', 'ratio', 'bar', ''], figures.map(rowOf)).map(
    (line) => `  ${line}`,
  ),
];

/** A report for programs: the same, and whether bars are met. */
export const reportAsJson = ({ name, about, figures }: Report): object => ({
  name,
  about,
  figures: figures.map((figure) => ({
    ...figure,
    ...(figure.limit === undefined ? {} : { ratio: ratioOf(figure) }),
    ...(isMet(figure) === undefined ? {} : { met: isMet(figure) }),
  })),
});
