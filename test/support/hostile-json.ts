/**
 * Hostile JSON: bytes that somebody sends to see what happens, and the status that each must get.
 *
 * A plain JSON.parse takes more than a third of these. `ok` cases are neighbours that look dangerous and
 * are not: they must be taken, with the canonical text beside them, because a reader that refuses what
 * another takes splits a network as surely as one that takes what another refuses.
 */
import type { ContentStatus } from '#contracts/content.ts';

export interface HostileCase {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** `ok`, or the refusal. */
  readonly status: ContentStatus | 'ok';
  /** What an `ok` case is canonically. */
  readonly canonical?: string;
}

const MIB = 1_048_576;

const bytesOf = (input: string | readonly number[]): Uint8Array =>
  typeof input === 'string' ? Buffer.from(input, 'utf8') : Uint8Array.from(input);

const bad = (
  status: ContentStatus,
  cases: { readonly [name: string]: string | readonly number[] },
): HostileCase[] =>
  Object.entries(cases).map(([name, input]) => ({ name, bytes: bytesOf(input), status }));

const good = (cases: {
  readonly [name: string]: readonly [text: string, canonical: string];
}): HostileCase[] =>
  Object.entries(cases).map(([name, [text, canonical]]) => ({
    name,
    bytes: bytesOf(text),
    status: 'ok',
    canonical,
  }));

const nested = (depth: number, open = '[', close = ']'): string =>
  open.repeat(depth) + close.repeat(depth);

export const HOSTILE_JSON: readonly HostileCase[] = [
  ...bad('too_large', {
    '1 MiB and a byte': `"${'a'.repeat(MIB - 1)}"`,
    '2 MiB of spaces': ' '.repeat(2 * MIB),
    '2 MiB of brackets': '['.repeat(2 * MIB),
    '2 MiB that are no UTF-8': Array.from({ length: 2 * MIB }, () => 0xff),
  }),
  ...bad('utf8_invalid', {
    'a lone continuation byte': [0x22, 0x80, 0x22],
    'an overlong slash of two bytes': [0x22, 0xc0, 0xaf, 0x22],
    'an overlong slash of three bytes': [0x22, 0xe0, 0x80, 0xaf, 0x22],
    'an overlong NUL': [0x22, 0xc0, 0x80, 0x22],
    'a surrogate written as UTF-8': [0x22, 0xed, 0xa0, 0x80, 0x22],
    'a character beyond U+10FFFF': [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22],
    'a sequence that the end cuts off': [0x22, 0xe2, 0x82],
    'Latin-1': [0x22, 0xe9, 0x22],
    'UTF-16 with its mark': [0xff, 0xfe, 0x5b, 0x00, 0x5d, 0x00],
    'a byte 0xff between values': [0x5b, 0x31, 0xff, 0x5d],
  }),
  ...bad('too_deep', {
    '33 arrays': nested(33),
    '33 objects': '{"a":'.repeat(33) + '1' + '}'.repeat(33),
    '100 000 arrays': nested(100_000),
    '500 000 arrays that nobody closes': '['.repeat(500_000),
    'arrays and objects in turn': '[{"a":'.repeat(17) + '1' + '}]'.repeat(17),
  }),
  ...bad('json_malformed', {
    nothing: '',
    'white space alone': ' \t\r\n',
    'a byte order mark': '\ufeff{}',
    'half an object': '{"a":1',
    'half a string': '{"a":"b',
    'half an escape': '"\\u12"',
    'half a word': 'tru',
    'a comma too many in an array': '[1,]',
    'a comma too many in an object': '{"a":1,}',
    'a comma alone': '[,]',
    'two values': '{} {}',
    'a bracket of the wrong kind': '[1}',
    'a key without quotes': '{a:1}',
    'single quotes': "{'a':1}",
    'a comment': '{"a":1/* b */}',
    NaN: '{"a":NaN}',
    Infinity: '[-Infinity]',
    undefined: '[undefined]',
    'a plus sign': '[+1]',
    'a leading zero': '[01]',
    hexadecimal: '[0x10]',
    'a point without digits': '[1.]',
    'digits without a whole': '[.5]',
    'a minus alone': '[-]',
    'an exponent without digits': '[1e]',
    'a NUL after the value': '{}\0',
    'a NUL in a string': '"a\0b"',
    'a newline in a string': '"a\nb"',
    'a tab in a string': '"a\tb"',
    'an escape that is none': '"\\x41"',
    'a form feed between values': '[1,\f2]',
    'a no-break space between values': '[1,\u00a02]',
    'wrong capitals': '[True]',
  }),
  ...bad('key_duplicate', {
    'a key twice': '{"a":1,"a":1}',
    'a key twice, once escaped': '{"a":1,"\\u0061":2}',
    'a key twice with objects between': '{"a":{"b":1},"c":{"b":1},"a":3}',
    'a key twice far inside': '[[{"x":[{"k":1,"k":2}]}]]',
    'the empty key twice': '{"":1,"":2}',
    '__proto__ twice': '{"__proto__":1,"__proto__":2}',
    '__proto__ twice, once escaped': '{"__proto__":1,"\\u005f_proto__":2}',
    'an emoji twice, once escaped': '{"😀":1,"\\ud83d\\ude00":2}',
  }),
  ...bad('number_unsafe', {
    '2^53': '[9007199254740992]',
    '-2^53': '[-9007199254740992]',
    '2^53 + 1, which a double cannot hold': '{"amount":9007199254740993}',
    'an i64': '[9223372036854775807]',
    'a float that prints as 2^53': '[9007199254740992.0]',
    'an exponent that makes infinity': '[1e400]',
    'a minus infinity': '[-1e999]',
    '400 digits': `[${'9'.repeat(400)}]`,
    '1e20, which prints as an integer': '[1e20]',
  }),
  ...bad('surrogate_lone', {
    'a high surrogate': '"\\ud800"',
    'a low surrogate': '"\\udc00"',
    'a pair the wrong way round': '"\\ude00\\ud83d"',
    'half of a pair in a key': '{"\\ud83d":1}',
    'half of a pair before a letter': '["a\\ud83db"]',
  }),
  ...good({
    '32 arrays': [nested(32), nested(32)],
    'brackets inside a string': [`"${'['.repeat(100)}"`, `"${'['.repeat(100)}"`],
    'a __proto__ of its own': ['{"__proto__":{"polluted":1}}', '{"__proto__":{"polluted":1}}'],
    'an escaped __proto__': ['{"\\u005f_proto__":1}', '{"__proto__":1}'],
    'a constructor with a prototype': [
      '{"constructor":{"prototype":{"polluted":1}}}',
      '{"constructor":{"prototype":{"polluted":1}}}',
    ],
    'names of every method': [
      '{"toString":1,"hasOwnProperty":2,"toJSON":3}',
      '{"hasOwnProperty":2,"toJSON":3,"toString":1}',
    ],
    'minus zero': ['[-0,-0.0,-0e9]', '[0,0,0]'],
    '2^53 - 1': ['[9007199254740991]', '[9007199254740991]'],
    '1e21, which prints with an exponent': ['[1e21]', '[1e+21]'],
    'the smallest double': ['[5e-324,1e-400]', '[5e-324,0]'],
    'an emoji as a pair of escapes': ['"\\ud83d\\ude00"', '"😀"'],
    'an escaped NUL': ['"\\u0000"', '"\\u0000"'],
    'the line separators of JavaScript': ['"\u2028\u2029"', '"\u2028\u2029"'],
    'a byte order mark in a string': ['"\ufeff"', '"\ufeff"'],
    'one letter composed and decomposed': ['{"\u00e9":1,"e\u0301":2}', '{"e\u0301":2,"\u00e9":1}'],
    'exactly 1 MiB': [`"${'a'.repeat(MIB - 2)}"`, `"${'a'.repeat(MIB - 2)}"`],
  }),
];
