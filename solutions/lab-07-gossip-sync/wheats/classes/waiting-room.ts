/** What waits, found by what it waits for. */
import type { RecordId } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';

/** Records that wait, by their id and by what they wait for. */
export class WaitingRoom {
  readonly #records = new Map<RecordId, SignedRecord>();
  readonly #causes = new Map<RecordId, Set<RecordId>>();

  get size(): number {
    return this.#records.size;
  }

  has(id: RecordId): boolean {
    return this.#records.has(id);
  }

  /** What is waited for and does not wait itself. */
  wanted(): RecordId[] {
    return [...this.#causes.keys()].filter((id) => !this.#records.has(id));
  }

  enter(record: SignedRecord, causes: readonly RecordId[]): void {
    this.#records.set(record.id, record);
    for (const cause of causes) {
      const waiting = this.#causes.get(cause) ?? new Set();
      this.#causes.set(cause, waiting.add(record.id));
    }
  }

  leave(id: RecordId): void {
    this.#records.delete(id);
    for (const [cause, waiting] of this.#causes) {
      waiting.delete(id);
      if (waiting.size === 0) this.#causes.delete(cause);
    }
  }

  /** The records that wait for this one. */
  behind(cause: RecordId): SignedRecord[] {
    return [...(this.#causes.get(cause) ?? [])].map((id) => this.#records.get(id)!);
  }

  shrink(size: number): void {
    for (const id of this.#records.keys()) if (this.#records.size > size) this.leave(id);
  }
}
