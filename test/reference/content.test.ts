/** The laws of layer 1: one value, one byte string, one name; and what is refused for their sake. */
import { sha256 } from '@noble/hashes/sha2.js';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CONTENT_BYTES_MAX, CONTENT_STATUSES, DEPTH_MAX } from '#contracts/content.ts';
import { create } from '#reference/content/content.ts';

const content = create();
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const asText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

/** The text, or the status where it is refused. */
const canonical = (value: unknown): string => {
  const text = content.canonicalize(value);
  return text.ok ? text.value : text.status;
};
const statusOf = (outcome: { readonly ok: boolean; readonly status?: string }): string =>
  outcome.status ?? 'accepted';

/** Any JSON value without an integer beyond 2^53-1. */
const json = fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' }).filter((value) => {
  let isSafe = true;
  JSON.stringify(value, (_key, item: unknown) => {
    const magnitude = typeof item === 'number' ? Math.abs(item) : 0;
    if (magnitude >= 2 ** 53 && magnitude < 1e21) isSafe = false;
    return item;
  });
  return isSafe;
});

describe('the canonical text', () => {
  test('is that of the example of RFC 8785, 3.2.2', () => {
    const text = String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`;
    const value = content.parse(bytesOf(text));
    expect(value.ok && canonical(value.value)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],` +
        String.raw`"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  test('sorts keys by UTF-16 code units, as the example of RFC 8785, 3.2.3 does', () => {
    const keys = ['\u20ac', '\r', '\ufb33', '1', '\u{1f600}', '\u0080', '\u00f6'];
    const value = Object.fromEntries(keys.map((key) => [key, 0]));
    expect(canonical(value)).toBe(
      '{"\\r":0,"1":0,"\u0080":0,"\u00f6":0,"\u20ac":0,"\u{1f600}":0,"\ufb33":0}',
    );
  });

  test.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
    ['433fffffffffffff', '9007199254740991'],
    // The same appendix prints these; a reader would round their neighbours to them.
    ['4340000000000000', 'number_unsafe'],
    ['c340000000000000', 'number_unsafe'],
    ['4430000000000000', 'number_unsafe'],
    ['444b1ae4d6e2ef4f', 'number_unsafe'],
    ['7fffffffffffffff', 'number_unsafe'],
    ['7ff0000000000000', 'number_unsafe'],
    ['fff0000000000000', 'number_unsafe'],
  ])('prints the double %s of RFC 8785, appendix B, as %s', (bits, text) => {
    expect(canonical(Buffer.from(bits, 'hex').readDoubleBE())).toBe(text);
  });

  test('is read back as the value it was written from', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonical(value);
        const strict = content.parse(bytesOf(text));
        const wire = content.parseCanonical(bytesOf(text));
        expect(JSON.stringify(strict.ok && strict.value)).toBe(JSON.stringify(JSON.parse(text)));
        expect(wire).toEqual(strict);
        expect(canonical(wire.ok && wire.value)).toBe(text);
      }),
    );
  });

  test('knows nothing of the order in which keys were set', () => {
    const orders = fc
      .uniqueArray(fc.string({ unit: 'binary' }), { maxLength: 8 })
      .chain((keys) =>
        fc.tuple(fc.constant(keys), fc.shuffledSubarray(keys, { minLength: keys.length })),
      );
    fc.assert(
      fc.property(orders, ([keys, shuffled]) => {
        const objectOf = (list: readonly string[]): unknown =>
          Object.fromEntries(list.map((key) => [key, keys.indexOf(key)]));
        expect(canonical(objectOf(shuffled))).toBe(canonical(objectOf(keys)));
      }),
    );
  });

  test('holds a key __proto__ like any other', () => {
    const value: unknown = JSON.parse('{"z":1,"__proto__":{"a":2}}');
    expect(canonical(value)).toBe('{"__proto__":{"a":2},"z":1}');
    expect(content.id({ a: 1, ...Object.fromEntries([['__proto__', 2]]) })).not.toEqual(
      content.id({ a: 1 }),
    );
  });

  test.each<[string, unknown, string]>([
    ['nothing at all', undefined, 'value_unrepresentable'],
    ['a field that is undefined', { a: undefined }, 'value_unrepresentable'],
    ['a hole in an array', [1, , 2], 'value_unrepresentable'], // oxlint-disable-line no-sparse-arrays
    ['a bigint', { amount: 1n }, 'value_unrepresentable'],
    ['a function', [() => 1], 'value_unrepresentable'],
    ['a symbol', Symbol('a'), 'value_unrepresentable'],
    ['a date, toJSON or not', new Date(0), 'value_unrepresentable'],
    ['a map', new Map([['a', 1]]), 'value_unrepresentable'],
    ['bytes', new Uint8Array(2), 'value_unrepresentable'],
    ['a boxed string', Object('a'), 'value_unrepresentable'],
    ['a toJSON of its own', { toJSON: () => 'forged' }, 'value_unrepresentable'],
    ['a lone surrogate', 'a\ud800', 'surrogate_lone'],
    ['a lone surrogate in a key', { '\udc00': 1 }, 'surrogate_lone'],
    ['a pair the wrong way round', '\udc00\ud800', 'surrogate_lone'],
    ['a backslash and the text ud800', String.raw`\ud800`, String.raw`"\\ud800"`],
    ['a whole pair', '\u{1f600}', '"\u{1f600}"'],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    ['an inherited key', Object.create({ a: 1 }), 'value_unrepresentable'],
  ])('of %s is what it should be', (_name, value, expected) => {
    expect(canonical(value)).toBe(expected);
  });

  test(`goes ${DEPTH_MAX} deep and no deeper, circles included`, () => {
    const circle: unknown[] = [];
    circle.push({ circle });
    expect(canonical(JSON.parse(nested(DEPTH_MAX)))).toBe(nested(DEPTH_MAX));
    expect(canonical(JSON.parse(nested(DEPTH_MAX + 1)))).toBe('too_deep');
    expect(canonical(circle)).toBe('too_deep');
  });

  test('of a value that doubles at every level ends at the limit of bytes', () => {
    let value: unknown = 'ab';
    for (let level = 0; level < DEPTH_MAX; level++) value = [value, value];
    expect(canonical(value)).toBe('too_large');
  });

  test('is counted in bytes of UTF-8', () => {
    const half = '\u00e9'.repeat(CONTENT_BYTES_MAX / 2 - 1);
    expect(canonical(half)).toBe(`"${half}"`);
    expect(canonical(`${half}a`)).toBe('too_large');
  });
});

describe('reading', () => {
  const hostile: readonly [string, string | Uint8Array, string][] = [
    ['white space and any order', ' {"b" : 1 ,\n"a":\t[ ] }\r', 'accepted'],
    ['nothing', '', 'json_malformed'],
    ['two values', '1 2', 'json_malformed'],
    ['a comment', '/**/1', 'json_malformed'],
    ['a trailing comma', '[1,]', 'json_malformed'],
    ['single quotes', "{'a':1}", 'json_malformed'],
    ['NaN', 'NaN', 'json_malformed'],
    ['a leading zero', '01', 'json_malformed'],
    ['a plus sign', '+1', 'json_malformed'],
    ['a raw line end in a string', '"\n"', 'json_malformed'],
    ['a string without end', '"abc', 'json_malformed'],
    ['an escape without end', '"\\', 'json_malformed'],
    ['a byte order mark', '\ufeff{}', 'json_malformed'],
    ['a byte that is never UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'utf8_invalid'],
    ['an overlong slash', Uint8Array.of(0x22, 0xc0, 0xaf, 0x22), 'utf8_invalid'],
    ['a surrogate in UTF-8', Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22), 'utf8_invalid'],
    ['a character cut short', Uint8Array.of(0x22, 0xe2, 0x82), 'utf8_invalid'],
    ['a key twice', '{"a":1,"a":1}', 'key_duplicate'],
    ['a key twice, once in escapes', String.raw`{"a":1,"\u0061":2}`, 'key_duplicate'],
    ['a key twice, far below', '[{"b":{"a":1,"c":[{"a":1}],"a":1}}]', 'key_duplicate'],
    ['a key twice, white space before its colon', '{"a":1,"a" \n:1}', 'key_duplicate'],
    ['__proto__ twice', '{"__proto__":1,"__proto__":2}', 'key_duplicate'],
    ['one key in two objects', '[{"a":1},{"a":{"a":1}}]', 'accepted'],
    ['one key within and after an object', '{"a":{"b":1},"b":1}', 'accepted'],
    ['a key before and after an object', '{"a":1,"b":{"a":1},"a":1}', 'key_duplicate'],
    ['a key that is also a value', '{"a":"a","b":["a","a"]}', 'accepted'],
    ['keys in other case', '{"a":1,"A":1}', 'accepted'],
    ['braces and quotes in strings', String.raw`{"a":"\"}],{[","b":"\\"}`, 'accepted'],
    ['2^53-1', '[9007199254740991,-9007199254740991]', 'accepted'],
    ['2^53', '9007199254740992', 'number_unsafe'],
    ['-2^53', '[-9007199254740992]', 'number_unsafe'],
    ['an integer that rounds down', '9007199254740993', 'number_unsafe'],
    ['a long integer', `1${'0'.repeat(30)}`, 'number_unsafe'],
    ['an exponent that prints as a long integer', '1e20', 'number_unsafe'],
    ['a fraction that prints as a long integer', '9007199254740992.0', 'number_unsafe'],
    ['an exponent beyond doubles', '-1e999', 'number_unsafe'],
    ['an exponent that stays one', '1e21', 'accepted'],
    ['digits in a string', '"9007199254740993"', 'accepted'],
    ['half a pair in an escape', String.raw`"\ud800"`, 'surrogate_lone'],
    ['half a pair in a key', String.raw`{"\uDFFF":1}`, 'surrogate_lone'],
    ['a pair in escapes', String.raw`"\ud83d\ude00"`, 'accepted'],
    ['a backslash before a u', String.raw`"\\ud800"`, 'accepted'],
    ['the deepest text', nested(DEPTH_MAX), 'accepted'],
    ['a text too deep', nested(DEPTH_MAX + 1), 'too_deep'],
    ['objects too deep', `${'{"a":'.repeat(33)}1${'}'.repeat(33)}`, 'too_deep'],
    ['wide and not deep', `[${'[],'.repeat(1000)}[]]`, 'accepted'],
    ['brackets in a string', `"${'['.repeat(1000)}"`, 'accepted'],
    ['1 MiB of open brackets', '['.repeat(CONTENT_BYTES_MAX), 'too_deep'],
    ['half a MiB of brackets, closed', nested(CONTENT_BYTES_MAX / 2), 'too_deep'],
    ['1 MiB in one string', `"${'a'.repeat(CONTENT_BYTES_MAX - 2)}"`, 'accepted'],
    ['a byte more than 1 MiB', `"${'a'.repeat(CONTENT_BYTES_MAX - 1)}"`, 'too_large'],
    ['1 MiB of escapes', `"${'\\n'.repeat(CONTENT_BYTES_MAX / 2 - 1)}"`, 'accepted'],
    ['1 MiB of digits', '1'.repeat(CONTENT_BYTES_MAX), 'number_unsafe'],
  ];

  test.each(hostile)('%s has its own verdict', (_name, text, status) => {
    const bytes = typeof text === 'string' ? bytesOf(text) : text;
    expect(statusOf(content.parse(bytes))).toBe(status);
    const wire = statusOf(content.parseCanonical(bytes));
    expect(status === 'accepted' ? ['accepted', 'not_canonical'] : [status]).toContain(wire);
  });

  test('names the first of several faults in the order of precedence', () => {
    const faults = [
      ['too_deep', nested(DEPTH_MAX + 1)],
      ['key_duplicate', '{"a":1,"a":1}'],
      ['number_unsafe', '9007199254740992'],
      ['surrogate_lone', String.raw`"\ud800"`],
    ] as const;
    for (const [first, text] of faults) {
      for (const [second, other] of faults) {
        const expected = CONTENT_STATUSES.find((status) => status === first || status === second);
        const both = content.parse(bytesOf(`[${text},${other}]`));
        expect([first, second, statusOf(both)]).toEqual([first, second, expected]);
      }
    }
  });

  test.each([
    ['white space', '{"a": 1}'],
    ['white space at the end', '[]\n'],
    ['keys out of order', '{"b":1,"a":1}'],
    ['an escape that is not needed', String.raw`"\u0061"`],
    ['an escaped slash', String.raw`"\/"`],
    ['upper-case hex in an escape', String.raw`"\u000F"`],
    ['-0', '[-0]'],
    ['a fraction of nothing', '1.0'],
    ['an exponent that is not needed', '1e2'],
    ['digits beyond a double', '0.1000000000000000055'],
    ['an exponent without its sign', '1e30'],
  ])('%s is JSON, and not the canonical one', (_name, text) => {
    expect(statusOf(content.parse(bytesOf(text)))).toBe('accepted');
    expect(statusOf(content.parseCanonical(bytesOf(text)))).toBe('not_canonical');
  });

  test('whatever bytes come: no exception, and what is accepted has one canonical form', () => {
    const mutated = fc
      .tuple(
        json,
        fc.nat(),
        fc.constantFrom('"', '\\', '{', ']', ',', ':', '0', 'e', '\ud800', ' '),
      )
      .map(([value, place, character]) => {
        const text = JSON.stringify(value);
        const at = place % (text.length + 1);
        return bytesOf(text.slice(0, at) + character + text.slice(at));
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), mutated), (bytes) => {
        const strict = content.parse(bytes);
        const isCanonical = strict.ok && asText(bytes) === canonical(strict.value);
        const expected = strict.ok && !isCanonical ? 'not_canonical' : statusOf(strict);
        expect(statusOf(content.parseCanonical(bytes))).toBe(expected);
        expect(!strict.ok || content.canonicalize(strict.value).ok).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('a refusal says where, what was expected and what came', () => {
    const reasons = [
      content.canonicalize({ body: { lines: [1, { amount: 5n }] } }),
      content.canonicalize([2 ** 53]),
      content.parse(bytesOf('{"a":1,"a":2}')),
      content.parse(Uint8Array.of(0x22, 0x61, 0xff, 0x22)),
      content.parseCanonical(bytesOf('{"b":1,"a":2}')),
    ].map((outcome) => (outcome.ok ? 'accepted' : outcome.reason));
    expect(reasons).toEqual([
      'at /body/lines/1/amount: expected a JSON value, came a value of type bigint',
      'at /0: expected a finite number, integers up to 2^53-1, came 9007199254740992',
      'at character 7: expected every key once, came "a"',
      'at byte 2: expected UTF-8, came 0xff',
      String.raw`at character 2: expected "a\":2,\"b\":1}", came "b\":1,\"a\":2}"`,
    ]);
  });
});

describe('names', () => {
  test('a hash is SHA-256: of "abc" as FIPS 180-4 has it, of any text as @noble/hashes has it', () => {
    expect(content.hash('abc')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(content.hash(text)).toBe(Buffer.from(sha256(bytesOf(text))).toString('hex'));
      }),
    );
  });

  test('an id is the hash of everything but the own keys id and signature', () => {
    const id = content.id({ b: { id: 1, signature: 2 }, id: 'claimed', signature: 'any', a: 1 });
    expect(id).toEqual({ ok: true, value: content.hash('{"a":1,"b":{"id":1,"signature":2}}') });
    expect(content.id({ b: { id: 1, signature: 3 }, a: 1 })).not.toEqual(id);
  });

  test('two values have one id exactly where they have one canonical text', () => {
    const small = fc.dictionary(fc.constantFrom('a', 'b', 'id'), fc.nat(1), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(small, small, (left, right) => {
        const text = ({ id: _id, ...rest }: Record<string, number>): string => canonical(rest);
        const [leftId, rightId] = [content.id(left), content.id(right)];
        expect(leftId.ok && rightId.ok && leftId.value === rightId.value).toBe(
          text(left) === text(right),
        );
      }),
    );
  });

  test('what has no canonical form has no id', () => {
    expect(statusOf(content.id({ a: undefined }))).toBe('value_unrepresentable');
    expect(statusOf(content.id(new Map() as never))).toBe('value_unrepresentable');
  });
});
