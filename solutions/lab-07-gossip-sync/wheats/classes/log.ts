/**
 * The log as a class with indexes: what can be asked is kept up to date with every record, so that no
 * answer passes over the records.
 */
import type { VectorClock } from '#contracts/clock.ts';
import type { Did, RecordId, Topic } from '#contracts/identifiers.ts';
import type { CreateTopicLog, Tip, TopicLog } from '#contracts/knowledge.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { ofRecord } from './clock.ts';
import { linksOf } from './given.ts';

/** What is known of a record that is held. */
interface Held {
  readonly record: SignedRecord;
  readonly depth: number;
  readonly clock: VectorClock;
}

const byText = (left: string, right: string): number => (left < right ? -1 : 1);

class Log implements TopicLog {
  readonly topic: Topic;
  readonly #held = new Map<RecordId, Held>();
  /** The ids of an author's records by number; of a forked author more than one at a number. */
  readonly #chains = new Map<Did, RecordId[][]>();
  readonly #tips = new Set<RecordId>();
  readonly #heads = new Set<RecordId>();
  readonly #forked = new Set<Did>();

  constructor(topic: Topic) {
    this.topic = topic;
  }

  get count(): number {
    return this.#held.size;
  }

  has(id: RecordId): boolean {
    return this.#held.has(id);
  }

  missing(record: SignedRecord): readonly RecordId[] {
    return [...new Set(linksOf(record))].filter((id) => !this.#held.has(id));
  }

  add(record: SignedRecord): boolean {
    if (this.#held.has(record.id) || this.missing(record).length > 0) return false;
    if (!this.#follows(record)) return false;
    const { id, author, sequence, previous } = record;
    const below = linksOf(record).map((link) => this.#held.get(link)!);
    this.#held.set(id, {
      record,
      depth: 1 + Math.max(-1, ...below.map(({ depth }) => depth)),
      clock: ofRecord(
        author,
        sequence,
        below.map(({ clock }) => clock),
      ),
    });
    for (const link of linksOf(record)) this.#heads.delete(link);
    this.#heads.add(id);
    if (previous !== null) this.#tips.delete(previous);
    this.#tips.add(id);
    const chain = this.#chains.get(author) ?? [];
    this.#chains.set(author, chain);
    const beside = (chain[sequence - 1] ??= []);
    beside.push(id);
    if (beside.length > 1) this.#forked.add(author);
    return true;
  }

  clock(): VectorClock {
    return new Map([...this.#chains].map(([author, chain]) => [author, chain.length]));
  }

  clockOf(id: RecordId): VectorClock | undefined {
    return this.#held.get(id)?.clock;
  }

  depth(id: RecordId): number {
    return this.#held.get(id)!.depth;
  }

  heads(): readonly RecordId[] {
    return [...this.#heads].sort();
  }

  tips(): readonly Tip[] {
    const tips = [...this.#tips].map((id) => this.#held.get(id)!.record);
    return tips
      .map(({ author, sequence, id }) => ({ author, sequence, id }))
      .sort(
        (left, right) =>
          (left.author === right.author ? 0 : byText(left.author, right.author)) ||
          left.sequence - right.sequence ||
          byText(left.id, right.id),
      );
  }

  run(author: Did, from: number, to: number): readonly RecordId[] {
    return (this.#chains.get(author) ?? []).slice(Math.max(0, from - 1), to).flat();
  }

  forked(): readonly Did[] {
    return [...this.#forked].sort();
  }

  ordered(): readonly RecordId[] {
    const all = [...this.#held.values()];
    all.sort((left, right) => left.depth - right.depth || byText(left.record.id, right.record.id));
    return all.map(({ record }) => record.id);
  }

  #follows({ author, sequence, previous, parents }: SignedRecord): boolean {
    const authorOf = (id: RecordId): Did => this.#held.get(id)!.record.author;
    if (parents.some((id) => authorOf(id) === author)) return false;
    if (previous === null) return sequence === 1;
    return (
      authorOf(previous) === author && this.#held.get(previous)!.record.sequence + 1 === sequence
    );
  }
}

export const create: CreateTopicLog = (topic) => new Log(topic);
