/**
 * A guard around a simulation: while it runs, whoever asks the real world for the time, for chance or for
 * a timer is stopped at once, because the answer would not come from the seed. A run never gives the stack
 * back to the event loop, so nobody else's question is met.
 */
export const GUARDED = [
  'Date',
  'Date.now',
  'Math.random',
  'performance.now',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'crypto.getRandomValues',
  'crypto.randomUUID',
] as const;

const stop = (name: string) => (): never => {
  throw new Error(
    `${name} was asked for in a simulation: a node takes time and chance from its host`,
  );
};

/** The clock that dates are made of; a date of given numbers is none. */
const guardedDate = (real: DateConstructor): DateConstructor =>
  new Proxy(real, {
    apply: stop('Date'),
    construct: (target, given, made) =>
      given.length === 0 ? stop('Date')() : (Reflect.construct(target, given, made) as object),
    get: (target, key, receiver) =>
      key === 'now' ? stop('Date.now') : (Reflect.get(target, key, receiver) as unknown),
  });

/** Replaces properties; gives what puts them back. */
const replace = (object: object, replacements: { readonly [name: string]: unknown }) => {
  const before = Object.keys(replacements).map(
    (name) => [name, Object.getOwnPropertyDescriptor(object, name)] as const,
  );
  for (const [name, value] of Object.entries(replacements)) {
    Object.defineProperty(object, name, { value, configurable: true, writable: true });
  }
  return (): void => {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(object, name, descriptor);
      else Reflect.deleteProperty(object, name);
    }
  };
};

/** Runs something that must not ask the real world for anything. */
export const guarded = async <Value>(run: () => Promise<Value>): Promise<Value> => {
  const undo = [
    replace(globalThis, {
      Date: guardedDate(globalThis.Date),
      setTimeout: stop('setTimeout'),
      setInterval: stop('setInterval'),
      setImmediate: stop('setImmediate'),
    }),
    replace(Math, { random: stop('Math.random') }),
    replace(globalThis.performance, { now: stop('performance.now') }),
    replace(globalThis.crypto, {
      getRandomValues: stop('crypto.getRandomValues'),
      randomUUID: stop('crypto.randomUUID'),
    }),
  ];
  try {
    return await run();
  } finally {
    for (const restore of undo.reverse()) restore();
  }
};
