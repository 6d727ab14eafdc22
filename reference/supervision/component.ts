/**
 * A component: one thing that is opened and closed, and what it says about itself.
 *
 * Others take its value when they open, from the component itself. A component names those it needs by the
 * constants that they are, so a cycle cannot be written; and it asks for their values when it opens, not
 * when it is declared, so after a restart it gets the new one.
 */
import assert from 'node:assert/strict';
import type { Declaration, RestartPolicy } from './supervision.ts';

/** Told when a component dies by itself. Only the first call after an opening counts. */
export type Died = (reason: Error) => void;

export interface ComponentOptions<Value> {
  readonly name: string;
  readonly needs?: readonly Component<unknown>[];
  readonly restart?: RestartPolicy;
  /** `end` unless told. */
  readonly whenLost?: 'end' | 'go_on';
  /**
   * Opens it, or rejects and leaves nothing open. The signal is aborted when the node is to end: what can
   * be cut short may reject then.
   */
  open(died: Died, signal: AbortSignal): Value | Promise<Value>;
  /** Releases all it holds, also of one that has died. */
  close?(value: Value): unknown;
}

export interface Component<Value> extends Declaration {
  /** What it opened; a bug where it is not up. */
  readonly value: Value;
  /** The same, or undefined where it is not up: for those that can do without. */
  readonly current: Value | undefined;
  /** What follows is for the supervisor alone. Opens; others see the value once it is taken. */
  open(died: Died, signal: AbortSignal): Promise<Value>;
  take(value: Value): void;
  /** Closes what was taken. */
  close(): Promise<void>;
  /** Closes what came too late to be taken. */
  discard(value: Value): Promise<void>;
}

export const createComponent = <Value>(options: ComponentOptions<Value>): Component<Value> => {
  const { name, needs = [], restart, whenLost = 'end' } = options;
  let held: { readonly value: Value } | undefined;
  return {
    name,
    needs: needs.map((each) => each.name),
    restart,
    whenLost,
    get value() {
      assert(held, `${name} is not up`);
      return held.value;
    },
    get current() {
      return held?.value;
    },
    open: async (died, signal) => options.open(died, signal),
    take(value) {
      held = { value };
    },
    async close() {
      const closing = held;
      held = undefined;
      if (closing) await options.close?.(closing.value);
    },
    async discard(value) {
      await options.close?.(value);
    },
  };
};
