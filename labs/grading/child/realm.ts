/**
 * Closes the realm in which the code under test runs: what is no part of the language is gone, and
 * what is part of it cannot be changed. So a core that asks the machine for the time is told so, and
 * a patched `Array.prototype.map` cannot reach the code that observes.
 */

/** A name that a core has no use for; its message follows the place where it is named. */
class Forbidden extends Error {
  override readonly name = 'Forbidden';
}

const TIME = 'a core is given the time as an argument';
const CHANCE = 'a core is given its randomness as an argument';
const LATER = 'a core returns a `schedule` effect';
const SENT = 'a core returns `send` effects';
const ELSE = 'a lab has the language and its contracts, and nothing else';

const REASONS: { readonly [name: string]: string } = {
  Date: TIME,
  'Date.now': TIME,
  performance: TIME,
  'Math.random': CHANCE,
  crypto: CHANCE,
  setTimeout: LATER,
  setInterval: LATER,
  setImmediate: LATER,
  queueMicrotask: 'a core returns effects, and the host orders them',
  fetch: SENT,
  WebSocket: SENT,
  process: 'a core asks nothing of the process that it runs in',
};

/** The globals of ECMAScript, and the few others that a lab may use. */
const KEPT = new Set(
  `globalThis Infinity NaN undefined eval isFinite isNaN parseFloat parseInt decodeURI
  decodeURIComponent encodeURI encodeURIComponent escape unescape AggregateError Array ArrayBuffer
  AsyncDisposableStack BigInt BigInt64Array BigUint64Array Boolean DataView Date DisposableStack Error
  EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function Int8Array Int16Array
  Int32Array Iterator Map Number Object Promise Proxy RangeError ReferenceError RegExp Set
  SharedArrayBuffer String SuppressedError Symbol SyntaxError TypeError URIError Uint8Array
  Uint8ClampedArray Uint16Array Uint32Array WeakMap WeakRef WeakSet Atomics JSON Math Reflect
  console structuredClone TextEncoder TextDecoder Buffer`.split(/\s+/),
);

const refuse = (name: string): never => {
  throw new Forbidden(`names ${name}: ${REASONS[name] ?? ELSE}`);
};

const place = (target: object, name: PropertyKey, value: unknown): void => {
  Object.defineProperty(target, name, { value, writable: true, configurable: true });
};

/** A Date that can be computed with, and does not know what time it is. */
const createTimelessDate = (): DateConstructor => {
  const timeless = new Proxy(Date, {
    construct: (target, given, as) =>
      given.length === 0 ? refuse('new Date()') : (Reflect.construct(target, given, as) as Date),
    apply: () => refuse('Date()'),
  });
  place(Date, 'now', () => refuse('Date.now'));
  place(Date.prototype, 'constructor', timeless);
  return timeless;
};

/**
 * A frozen property that is inherited cannot be assigned below: `error.name = 'Mine'` would throw. The
 * properties that are commonly given anew become accessors, which define them on the receiver.
 */
const allowBelow = (prototype: object, names: readonly string[]): void => {
  for (const name of names) {
    const found = Object.getOwnPropertyDescriptor(prototype, name);
    if (!found || !('value' in found)) continue;
    const inherited: unknown = found.value;
    Object.defineProperty(prototype, name, {
      enumerable: false,
      configurable: false,
      get: () => inherited,
      set(this: object, value: unknown) {
        if (this === prototype) throw new TypeError(`${name} of a built-in cannot be changed`);
        const own = { value, writable: true, enumerable: true, configurable: true };
        Object.defineProperty(this, name, own);
      },
    });
  }
};

/** Freezes all that can be reached from there. */
const freezeAll = (roots: readonly unknown[]): void => {
  const seen = new Set<unknown>();
  const left = [...roots];
  while (left.length > 0) {
    const value = left.pop();
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) continue;
    if (seen.has(value)) continue;
    seen.add(value);
    for (const key of Reflect.ownKeys(value)) {
      const { value: held, get, set } = Object.getOwnPropertyDescriptor(value, key)!;
      left.push(held, get, set);
    }
    left.push(Object.getPrototypeOf(value));
    if (!ArrayBuffer.isView(value)) Object.freeze(value);
  }
};

/** What no global names. */
const hidden = (): readonly unknown[] => {
  const prototypes = [
    [][Symbol.iterator](),
    new Map()[Symbol.iterator](),
    new Set()[Symbol.iterator](),
    ''[Symbol.iterator](),
    ''.matchAll(/./g),
    (function* () {})(),
    (async function* () {})(),
    async () => {},
    function* () {},
    async function* () {},
    new Uint8Array(),
  ];
  return prototypes.map((value) => Object.getPrototypeOf(value) as unknown);
};

const ERRORS = [
  Error,
  AggregateError,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
];

/**
 * Closes the realm for good. Whoever needs more than the language must have imported it before.
 *
 * @param console takes the place of the global one.
 */
export const closeRealm = (console: object): void => {
  const timeless = createTimelessDate();
  place(Math, 'random', () => refuse('Math.random'));
  place(globalThis, 'console', console);
  place(globalThis, 'Date', timeless);
  Error.stackTraceLimit = 50;

  const names = Object.getOwnPropertyNames(globalThis);
  for (const name of names.filter((name) => !KEPT.has(name))) {
    // Some are loaded when they are first touched, and to define them anew is a touch.
    Reflect.deleteProperty(globalThis, name);
    Object.defineProperty(globalThis, name, {
      configurable: false,
      get: () => refuse(name),
      set() {
        refuse(name);
      },
    });
  }

  allowBelow(
    Object.prototype,
    Object.getOwnPropertyNames(Object.prototype).filter((name) => !name.startsWith('__')),
  );
  allowBelow(Function.prototype, ['constructor', 'toString']);
  for (const { prototype } of ERRORS) allowBelow(prototype, Object.getOwnPropertyNames(prototype));

  const kept = names.filter((name) => KEPT.has(name) && name !== 'globalThis');
  freezeAll([...kept.map((name): unknown => Reflect.get(globalThis, name)), ...hidden()]);
  Object.freeze(globalThis);
};
