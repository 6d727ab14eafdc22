/**
 * Measuring on a machine that others use too.
 *
 * Absolute times are weather here; what stays is how two things compare when they are measured in turn,
 * a slice of one and a slice of the other. So everything comes as samples of a pair, and what is
 * reported is a median of one beside a median of the other.
 */

/** The sample below which `share` of all samples lie; 0.5 is the median. */
export const quantile = (samples: readonly number[], share: number): number => {
  const sorted = samples.toSorted((left, right) => left - right);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
};

/** The middle of all samples. */
export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

/** Milliseconds that a piece of work takes. */
export const timed = (work: () => unknown): number => {
  const beganAt = performance.now();
  work();
  return performance.now() - beganAt;
};

/**
 * Milliseconds of processor time that a piece of work takes, all threads of this process together: the
 * turns of others do not count, though what they push out of the caches does.
 */
export const timedOnProcessor = (work: () => unknown): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
};

/** Milliseconds of work that is over when its promise is. */
export const timedAsync = async (work: () => Promise<unknown>): Promise<number> => {
  const beganAt = performance.now();
  await work();
  return performance.now() - beganAt;
};

/** The exponent b of y = a * x^b that fits best: the least-squares slope of log y over log x. */
export const exponentOf = (points: readonly (readonly [x: number, y: number])[]): number =>
  slopeOf(
    points.map(([x]) => Math.log(x)),
    points.map(([, y]) => Math.log(y)),
  );

/** The slope b of y = a + b * x that fits best by least squares. */
export const slopeOf = (xs: readonly number[], ys: readonly number[]): number => {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, each) => sum + each, 0) / values.length;
  const [meanX, meanY] = [mean(xs), mean(ys)];
  let covariance = 0;
  let variance = 0;
  for (const [index, x] of xs.entries()) {
    covariance += (x - meanX) * (ys[index]! - meanY);
    variance += (x - meanX) ** 2;
  }
  return covariance / variance;
};

/** Two ways of doing something to the same things. */
export interface Pair {
  readonly ours: () => unknown;
  readonly bare: () => unknown;
}

/** Medians in nanoseconds a call. */
export interface PairTimes {
  readonly oursNs: number;
  readonly bareNs: number;
}

const ROUNDS = 301;
/** Of one slice: long beside the clock's resolution, short beside a turn of another process. */
const SLICE_MS = 1;
/** Of each way, before anything counts: until the compiler has made up its mind. */
const WARM_UP_MS = 300;

/** How often something fits into a slice, once it is warm. */
const callsPerSlice = (call: () => unknown): number => {
  for (let calls = 1; ; calls *= 2) {
    const tookMs = timed(() => repeat(call, calls));
    if (tookMs >= WARM_UP_MS / 2) return Math.max(1, Math.round((calls * SLICE_MS) / tookMs));
  }
};

/** What was answered last, kept where no compiler can prove that nobody reads it. */
export const sink: { last: unknown } = { last: undefined };

const repeat = (call: () => unknown, times: number): void => {
  for (let count = 0; count < times; count++) sink.last = call();
};

/** Measures both ways in turn. */
export const compare = ({ ours, bare }: Pair): PairTimes => {
  const [oursCalls, bareCalls] = [callsPerSlice(ours), callsPerSlice(bare)];
  const oursNs: number[] = [];
  const bareNs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    oursNs.push((timed(() => repeat(ours, oursCalls)) / oursCalls) * 1e6);
    bareNs.push((timed(() => repeat(bare, bareCalls)) / bareCalls) * 1e6);
  }
  return { oursNs: median(oursNs), bareNs: median(bareNs) };
};
