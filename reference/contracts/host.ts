/**
 * All that a node may ask of the world: time, chance, a store, a transport, a log, a book of counts. The real host and
 * the simulated one fill this contract; the node cannot tell them apart.
 */
import type { Did } from './identifiers.ts';
import type { Telemetry } from './telemetry.ts';
import type { Transport } from './transport.ts';

/** Stops a timer; harmless after it ran. */
export type Cancel = () => void;

/** One change of a store. */
export interface Write {
  readonly key: string;
  /** undefined deletes. */
  readonly value: string | undefined;
}

/** A key-value store with atomic commits. Keys and values are Unicode; keys sort by their UTF-8 bytes. */
export interface DurableStore {
  /** Sees committed values only. */
  get(key: string): string | undefined;
  /**
   * Committed entries whose key begins with `prefix`, in key order, as they were when the loop began.
   * For the start alone: LevelDB has no synchronous iterator.
   */
  load(prefix: string): AsyncIterable<readonly [key: string, value: string]>;
  /**
   * All or nothing, in order of the calls. `done` follows when the writes would survive a power cut;
   * with an error when that cannot be promised, and then nothing later is committed either.
   */
  commit(writes: readonly Write[], done: (error?: Error) => void): void;
  /** Waits for commits under way. Safe to call twice. */
  close(): Promise<void>;
}

/** How much a line of the log matters. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** The world of one node. */
export interface Host {
  /** Milliseconds since 1970, by the wall clock: for timestamps. It may jump. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes back: for intervals. */
  monotonic(): number;
  /** Uniform in [0, 1). */
  random(): number;
  randomBytes(length: number): Uint8Array;
  after(delayMs: number, run: () => void): Cancel;
  readonly store: DurableStore;
  readonly transport: Transport;
  readonly telemetry: Telemetry;
  log(level: LogLevel, event: string, fields?: { readonly [name: string]: unknown }): void;
}

/** Somebody to dial: an address, and who is expected there if that is known. */
export interface Candidate {
  readonly address: string;
  readonly did: Did | undefined;
}
