/**
 * The canonical text of a value (RFC 8785): one walk, keys sorted, scalars printed as ECMAScript
 * prints them, which is what the RFC prescribes.
 *
 * A walk returns the text, or the problem it met; on the way out every level puts its key in front
 * of the problem's path, so that a refusal names its place and a success pays nothing for it.
 */
import {
  CONTENT_BYTES_MAX,
  DEPTH_MAX,
  type Content,
  type ContentStatus,
} from '#contracts/content.ts';
import { accepted, refused } from '#contracts/outcome.ts';

interface Problem {
  readonly status: ContentStatus;
  readonly expected: string;
  readonly came: string;
  readonly path: string;
}

/** What the walk may still write: a value that repeats itself inside itself grows without end. */
interface Room {
  characters: number;
}

/** See the contract. */
export const canonicalize: Content['canonicalize'] = (value) => {
  const text = write(value, 0, { characters: CONTENT_BYTES_MAX });
  if (typeof text !== 'string') {
    const where = text.path === '' ? 'at the root' : `at ${clip(text.path)}`;
    return refused(text.status, `${where}: expected ${text.expected}, came ${text.came}`);
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > CONTENT_BYTES_MAX) {
    return refused('too_large', `expected at most ${CONTENT_BYTES_MAX} bytes, came ${bytes}`);
  }
  return accepted(text);
};

/** Whether a reader would take this number, printed as RFC 8785 prints it, for another one. */
export const isUnsafe = (number: number): boolean => {
  const magnitude = Math.abs(number);
  // From 1e21 on ECMAScript prints an exponent, which promises no exact integer; RFC 8785 uses 1e+30.
  return !(magnitude < 2 ** 53) && !(magnitude >= 1e21 && magnitude < Infinity);
};

/** An object that is only its keys: no class, so no behaviour that the bytes would lose. */
export const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** The first characters of something that came from outside, for a reason. */
export const clip = (text: string): string =>
  text.length <= 60 ? text : `${text.slice(0, 60)}... (${text.length} characters)`;

const write = (value: unknown, depth: number, room: Room): string | Problem => {
  switch (typeof value) {
    case 'string':
      return writeString(value, room);
    case 'number':
      return writeNumber(value, room);
    case 'boolean':
      return take(value ? 'true' : 'false', room);
    case 'object':
      if (value === null) return take('null', room);
      if (depth === DEPTH_MAX) {
        return problem('too_deep', `at most ${DEPTH_MAX} arrays and objects`, 'one more');
      }
      if (Array.isArray(value)) return writeArray(value, depth + 1, room);
      if (isPlainObject(value)) return writeObject(value, depth + 1, room);
      return problem('value_unrepresentable', 'a plain object', 'an instance of a class');
    default:
      return problem('value_unrepresentable', 'a JSON value', `a value of type ${typeof value}`);
  }
};

const writeObject = (
  object: Readonly<Record<string, unknown>>,
  depth: number,
  room: Room,
): string | Problem => {
  let text = '';
  // Own keys only, and the default order of sort() is by UTF-16 code units (RFC 8785, 3.2.3).
  for (const key of Object.keys(object).sort()) {
    const name = writeString(key, room);
    if (typeof name !== 'string') return inside(key, name);
    const value = write(object[key], depth, room);
    if (typeof value !== 'string') return inside(key, value);
    text += text === '' ? `${name}:${value}` : `,${name}:${value}`;
  }
  return `{${text}}`;
};

const writeArray = (array: readonly unknown[], depth: number, room: Room): string | Problem => {
  let text = '';
  for (let index = 0; index < array.length; index++) {
    const value = write(array[index], depth, room);
    if (typeof value !== 'string') return inside(String(index), value);
    text += index === 0 ? value : `,${value}`;
  }
  return `[${text}]`;
};

const writeNumber = (number: number, room: Room): string | Problem => {
  if (isUnsafe(number)) {
    return problem('number_unsafe', 'a finite number, integers up to 2^53-1', String(number));
  }
  return take(String(number), room); // -0 prints as 0.
};

// Printable ASCII without the quote and the backslash stands for itself: most keys and names.
const PLAIN_STRING = /^[ !#-[\]-~]*$/;
// With the u flag a pair is one character, so only a surrogate without its partner is matched.
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether half of a surrogate pair stands alone, so that the text has no UTF-8. */
export const hasLoneSurrogate = (text: string): boolean => LONE_SURROGATE.test(text);

const writeString = (string: string, room: Room): string | Problem => {
  if (string.length > room.characters) return take(string, room);
  if (PLAIN_STRING.test(string)) return take(`"${string}"`, room);
  if (hasLoneSurrogate(string)) {
    return problem('surrogate_lone', 'pairs of surrogates', clip(JSON.stringify(string)));
  }
  return take(JSON.stringify(string), room);
};

const take = (text: string, room: Room): string | Problem => {
  room.characters -= text.length;
  if (room.characters >= 0) return text;
  return problem('too_large', `at most ${CONTENT_BYTES_MAX} bytes`, 'more');
};

const problem = (status: ContentStatus, expected: string, came: string): Problem => ({
  status,
  expected,
  came,
  path: '',
});

const inside = (key: string, { path, ...rest }: Problem): Problem => ({
  ...rest,
  path: `/${clip(key)}${path}`,
});
