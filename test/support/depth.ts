/**
 * How much a test tries. Every day that is a part, so that `npm test` takes two minutes; `npm run test:long`
 * runs the same files again and tries all of it.
 */

/** Whether this is `npm run test:long`: its configuration says so. */
const isLong = process.env['MURMURATION_TESTS'] === 'long';

/** What is tried every day, and what in the long run. */
export const everyDay = <Tried>(daily: Tried, long: Tried): Tried => (isLong ? long : daily);

/** Declares tests that only the long run has. */
export const inLongRun = (declare: () => void): void => {
  if (isLong) declare();
};
