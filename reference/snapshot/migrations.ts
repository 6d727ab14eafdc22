/**
 * The way from an older version of the state to the newest, one step a version.
 *
 * A step is a function from what version n said to what version n + 1 says, kept for good once
 * released. What comes out of the last step is checked like any state, so a step need only know its own
 * two versions. Version 1 is the first: there is nothing to migrate yet.
 */
import type { Json } from '#contracts/identifiers.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';

/** From the version that is the key to the next. */
export interface Migrations {
  readonly [from: number]: (state: Json) => Json;
}

export const MIGRATIONS: Migrations = {};

/** Walks the table from one version to another. A step that is missing or cannot go on is `damaged`. */
export const migrate = (
  migrations: Migrations,
  from: number,
  to: number,
  state: Json,
): Outcome<Json, 'damaged'> => {
  let migrated = state;
  for (let version = from; version < to; version++) {
    const step = Object.hasOwn(migrations, version) ? migrations[version] : undefined;
    if (!step) return refused('damaged', `there never was a version ${version}`);
    try {
      migrated = step(migrated);
    } catch {
      return refused('damaged', `what it holds is no state of version ${version}`);
    }
  }
  return accepted(migrated);
};
