/**
 * Parts: a message of any length becomes messages that each fit a frame.
 *
 * Gossip says what it has to say in one piece. What goes over a link has bounds: so many records or
 * ids a message, so many bytes a frame. Here the one is cut into the other; nothing is lost, nothing
 * is said twice, and the order stays.
 */
import type { Json } from '#contracts/identifiers.ts';
import { BATCH_MAX, type TopicMessage } from '#contracts/messages.ts';

/** Bytes of records in one part: half of what a frame may hold, so that one more record fits. */
export const PART_BYTES_MAX = 524_288;

const sizeOf = (record: Json): number => Buffer.byteLength(JSON.stringify(record));

/** Cuts a list into runs of at most BATCH_MAX items and PART_BYTES_MAX bytes; one item always fits. */
const cut = <Item>(
  items: readonly Item[],
  bytesOf: (item: Item) => number,
): (readonly Item[])[] => {
  // Most messages hold one record, and to weigh it is to spell it out.
  if (items.length === 1) return [items];
  const runs: Item[][] = [];
  let run: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = bytesOf(item);
    if (run.length === 0 || run.length >= BATCH_MAX || bytes + size > PART_BYTES_MAX) {
      runs.push((run = []));
      bytes = 0;
    }
    run.push(item);
    bytes += size;
  }
  return runs;
};

/** Records and ids side by side, as many of each as one part may hold; at least one part. */
const sideBySide = <Id>(records: readonly Json[], ids: readonly Id[]) => {
  const [lots, names] = [cut(records, sizeOf), cut(ids, () => 0)];
  return Array.from({ length: Math.max(1, lots.length, names.length) }, (_, index) => ({
    records: lots[index] ?? [],
    ids: names[index] ?? [],
  }));
};

/**
 * The parts of a message, in order; itself if it is short enough. Of an answer to a pull only the last
 * part is `done`, and says what belongs to the whole. A Digest and a PullRequest are never cut.
 */
export const partsOf = (message: TopicMessage): readonly TopicMessage[] => {
  switch (message.type) {
    case 'announce':
      return sideBySide(message.records, message.ids).map((part) => ({ ...message, ...part }));
    case 'request':
      return sideBySide([], message.ids).map(({ ids }) => ({ ...message, ids }));
    case 'response':
      return sideBySide(message.records, message.missing).map(({ records, ids }) => ({
        ...message,
        records,
        missing: ids,
      }));
    case 'pull-response': {
      const { cursor, skipped, differing, ...head } = message;
      const tail = {
        ...(cursor !== undefined && { cursor }),
        ...(skipped && { skipped }),
        ...(differing && { differing }),
      };
      return sideBySide(message.records, []).map(({ records }, index, { length }) => {
        const isLast = index === length - 1;
        return { ...head, records, done: message.done && isLast, ...(isLast && tail) };
      });
    }
    case 'digest':
    case 'pull-request':
      return [message];
  }
};
