/** Messages in words and numbers, and whether a frame can carry them at all. */
import type { RecordId } from '#contracts/identifiers.ts';
import type { TopicMessage } from '#contracts/messages.ts';
import { schemas } from '#reference/frames/schemas.ts';
import { TOPIC, nameOf } from './entries.ts';
import type { Counters, Entry, Said } from './run.ts';

/** A clock by the names of its authors. */
export const countersOf = (clock: Iterable<readonly [unknown, unknown]>): Counters =>
  Object.fromEntries([...clock].map(([did, count]) => [nameOf(did), Number(count)]));

/** A message in words. */
export const saidIn = (message: TopicMessage, entryOf: (id: unknown) => Entry): Said => {
  const { type } = message;
  const named = (ids: readonly RecordId[]) => ids.map((id) => entryOf(id));
  const whole = (claims: readonly unknown[]) =>
    claims.map((claim) => entryOf((claim as { readonly id?: unknown } | null)?.id));
  const nothing = { type, entries: [], ids: [] };
  switch (message.type) {
    case 'announce':
      return { type, entries: whole(message.records), ids: named(message.ids) };
    case 'request':
      return { ...nothing, ids: named(message.ids) };
    case 'response':
      return { type, entries: whole(message.records), ids: named(message.missing) };
    case 'digest':
      return { ...nothing, clock: countersOf(Object.entries(message.clock)) };
    case 'pull-request': {
      const ranges = message.ranges.map(
        ({ author, from, to }) => `${nameOf(author)} ${from}..${to}`,
      );
      return { ...nothing, ranges };
    }
    case 'pull-response':
      return { ...nothing, entries: whole(message.records), truncated: message.truncated };
  }
};

/** Why no frame can carry a message; undefined if one can. How long it is, is the node's business. */
export const whyMalformed = (message: TopicMessage): string | undefined => {
  const schema = Object.hasOwn(schemas, message?.type) ? schemas[message.type] : undefined;
  const read = schema?.safeParse(message);
  if (read?.success && message.topic === TOPIC) return undefined;
  const issue = read?.error?.issues[0];
  return issue
    ? `${message.type}, ${issue.path.join('.')}: ${issue.message}`
    : `a message of type ${message?.type} about ${message?.topic}`;
};
