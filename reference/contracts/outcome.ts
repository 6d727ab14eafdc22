/**
 * An expected refusal is a value, never an exception.
 *
 * Three kinds of trouble stay apart everywhere: a refusal is a status from a closed list (here), a
 * fault from outside is an error class with a stable `code` (`faults.ts`), and a bug of our own is
 * an assertion, and stops.
 */

/** What was asked for came about. */
export interface Accepted<Value> {
  readonly ok: true;
  readonly value: Value;
}

/** What was asked for was refused: `status` for programs, `reason` for people, with the numbers in it. */
export interface Refused<Status extends string> {
  readonly ok: false;
  readonly status: Status;
  readonly reason: string;
}

/** One of the two: narrow it by `ok`. */
export type Outcome<Value, Status extends string> = Accepted<Value> | Refused<Status>;

/** The outcome of what came about. */
export const accepted = <Value>(value: Value): Accepted<Value> => ({ ok: true, value });

/** The outcome of what did not; `reason` is a sentence for people. */
export const refused = <Status extends string>(
  status: Status,
  reason: string,
): Refused<Status> => ({
  ok: false,
  status,
  reason,
});
