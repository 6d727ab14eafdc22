/**
 * What the code under test threw, in words. Whatever it is, even a revoked proxy or an error whose
 * `stack` throws, looking at it must not throw again.
 */
import { Unfinished } from '../../checkpoint.ts';
import type { Outcome } from '../wire.ts';

type Thrown = Extract<Outcome, { readonly kind: 'threw' | 'unfinished' }>;

const MESSAGE_CHARACTERS_MAX = 400;
const STACK_CHARACTERS_MAX = 20_000;
const CAUSES_MAX = 20;

/** A property of an unknown thing, if it is text. */
const text = (thing: object, name: string, charactersMax: number): string => {
  const value: unknown = Reflect.get(thing, name);
  return typeof value === 'string' ? value.slice(0, charactersMax) : '';
};

/** The stub's own complaint, wherever in the chain of causes it is. */
const findUnfinished = (thrown: unknown): object | undefined => {
  let error = thrown;
  for (let depth = 0; depth < CAUSES_MAX; depth++) {
    if (typeof error !== 'object' || error === null) return undefined;
    // By name: the parts carry a copy of the class.
    if (Reflect.get(error, 'name') === Unfinished.name) return error;
    error = Reflect.get(error, 'cause');
  }
  return undefined;
};

const look = (thrown: unknown): Thrown => {
  if (typeof thrown !== 'object' || thrown === null) {
    const shown = String(thrown).slice(0, MESSAGE_CHARACTERS_MAX);
    const message = `${shown} was thrown, which is not an error`;
    return { kind: 'threw', name: '', message, stack: '' };
  }
  const unfinished = findUnfinished(thrown);
  if (unfinished) {
    const stack = text(unfinished, 'stack', STACK_CHARACTERS_MAX);
    return { kind: 'unfinished', task: text(unfinished, 'task', 20), stack };
  }
  return {
    kind: 'threw',
    name: text(thrown, 'name', 60),
    message: text(thrown, 'message', MESSAGE_CHARACTERS_MAX) || 'something without a message',
    stack: text(thrown, 'stack', STACK_CHARACTERS_MAX),
  };
};

export const describeThrown = (thrown: unknown): Thrown => {
  try {
    return look(thrown);
  } catch {
    const message = 'something was thrown that cannot be looked at';
    return { kind: 'threw', name: '', message, stack: '' };
  }
};
