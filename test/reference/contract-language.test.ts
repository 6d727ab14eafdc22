/**
 * The contract language: a run is a function that ends, changes all or nothing, and moves what one payer
 * owes; whatever a document says, and whatever a stranger makes of one.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FUEL_MAX,
  NODES_MAX,
  RUN_STATUSES,
  type Call,
  type Contract,
  type RunStatus,
} from '#contracts/contract-language.ts';
import type { Did, Json } from '#contracts/identifiers.ts';
import { create as createContent } from '#reference/content/content.ts';
import { create } from '#reference/contract-language/contract-language.ts';
import { createSigner } from '#reference/records/signer.ts';

const content = createContent();
const people = Array.from({ length: 4 }, () => createSigner(randomBytes(32)).did);
const [alice, bob, carol, dora] = people as [Did, Did, Did, Did];
const language = create({ content, isDid: (text) => people.includes(text as Did) });

const int = (value: number | bigint | string): Json => ({ integer: String(value) });
const variable = (name: string): Json => ({ variable: name });
const transfer = (provider: Json, receiver: Json, amount: Json): Json => ({
  transfer: { provider, receiver, amount },
});
const callerPays = (to: Did, amount: Json): Json =>
  transfer({ did: to }, { given: 'caller' }, amount);

interface RuleText {
  readonly parameters?: Json;
  readonly requires?: Json;
  readonly body?: Json;
}

const documentOf = (rule: RuleText, state: Json = {}): Json => ({
  kind: 'icn/contract/1',
  name: 'test',
  participants: [alice, bob, carol],
  currency: 'hours',
  state,
  rules: [{ name: 'act', parameters: [], requires: [], body: [], ...rule }],
});

const read = (document: Json): Contract => {
  const outcome = language.read(document);
  if (!outcome.ok) throw new Error(`${outcome.status}: ${outcome.reason}`);
  return outcome.value;
};

const callOf = (given: Call['arguments'] = {}, more: Partial<Call> = {}): Call => ({
  rule: 'act',
  arguments: given,
  caller: bob,
  time: 1_000,
  capabilities: [{ account: more.caller ?? bob, fallsMax: 10_000n }],
  ...more,
});

const runOf = (rule: RuleText, call: Call = callOf(), state: Json = {}) => {
  const contract = read(documentOf(rule, state));
  return contract.run(contract.initial, call);
};

/** The value that an expression comes to, through a state that takes it. */
const valueOf = (expression: Json, like: Json) => {
  const outcome = runOf({ body: [{ set: ['result', expression] }] }, callOf(), { result: like });
  return outcome.ok ? outcome.value.state['result'] : outcome.status;
};

describe('a transfer', () => {
  it('debits who provided and credits who received: the direction that the original had reversed', () => {
    const outcome = runOf({ body: [callerPays(alice, int(500))] });
    // Alice provided: she is owed, her balance rises. Bob received: he owes, and signs.
    expect(outcome).toMatchObject({
      ok: true,
      value: {
        accounts: [
          { account: alice, debit: '500' },
          { account: bob, credit: '500' },
        ].sort((left, right) => (left.account < right.account ? -1 : 1)),
      },
    });
  });

  it('that would lower anybody but who has a capability for it moves nothing', () => {
    const takes = transfer({ given: 'caller' }, { did: alice }, int(1));
    expect(runOf({ body: [takes] })).toMatchObject({ ok: false, status: 'not_permitted' });
    const over = { body: [callerPays(alice, int(10_001))] };
    expect(runOf(over)).toMatchObject({ status: 'not_permitted' });
    expect(runOf({ body: [callerPays(alice, int(10_000))] })).toMatchObject({ ok: true });
    const none = callOf({}, { capabilities: [] });
    expect(runOf({ body: [callerPays(alice, int(1))] }, none)).toMatchObject({
      status: 'not_permitted',
    });
  });

  it('with capabilities for two still has one payer', () => {
    const capabilities = [alice, bob].map((account) => ({ account, fallsMax: 100n }));
    const body = [callerPays(carol, int(5)), transfer({ did: carol }, { did: alice }, int(5))];
    const call = callOf({}, { capabilities });
    expect(runOf({ body }, call)).toMatchObject({ status: 'payers_differ' });
  });

  it('is netted: what only passes through an account needs no capability of it', () => {
    const body = [callerPays(alice, int(10)), transfer({ did: carol }, { did: alice }, int(4))];
    const outcome = runOf({ body });
    expect(
      outcome.ok && outcome.value.accounts.map(({ debit, credit }) => debit ?? `-${credit}`).sort(),
    ).toEqual(['-10', '4', '6']);
    const back = [
      callerPays(alice, int(10)),
      transfer({ given: 'caller' }, { did: alice }, int(10)),
    ];
    expect(runOf({ body: back })).toMatchObject({ ok: true, value: { accounts: [] } });
  });

  it.each<[string, Json, RunStatus]>([
    ['nothing', callerPays(alice, int(0)), 'amount_not_positive'],
    ['less than nothing', callerPays(alice, int(-5)), 'amount_not_positive'],
    ['to oneself', callerPays(bob, int(5)), 'transfer_to_self'],
    ['to a stranger', callerPays(dora, int(5)), 'participant_unknown'],
    ['words', callerPays(alice, { string: '5' }), 'type_mismatch'],
    ['to a name', transfer({ string: 'alice' }, { given: 'caller' }, int(1)), 'type_mismatch'],
  ])('of %s is refused', (_name, statement, status) => {
    expect(runOf({ body: [statement] })).toMatchObject({ ok: false, status });
  });

  it('by a caller who is no participant, or of a rule that is none, is refused', () => {
    const rule = { body: [callerPays(alice, int(1))] };
    expect(runOf(rule, callOf({}, { caller: dora }))).toMatchObject({
      status: 'caller_not_participant',
    });
    for (const name of ['nope', '__proto__', 'constructor', '']) {
      expect(runOf(rule, callOf({}, { rule: name }))).toMatchObject({ status: 'rule_unknown' });
    }
  });
});

describe('a rule that fails half way', () => {
  it('has changed neither the state nor the ledger', () => {
    const contract = read(
      documentOf(
        {
          body: [
            { set: ['count', { add: [{ state: 'count' }, int(1)] }] },
            callerPays(alice, int(5)),
            { set: ['count', { divide: [int(1), int(0)] }] },
          ],
        },
        { count: int(7) },
      ),
    );
    const before = JSON.stringify(contract.initial);
    expect(contract.run(contract.initial, callOf())).toMatchObject({ status: 'division_by_zero' });
    expect(JSON.stringify(contract.initial)).toBe(before);
  });

  it('says which requirement did not hold', () => {
    const requires = [
      { says: 'it is early', holds: { less: [{ given: 'time' }, int(2_000)] } },
      { says: 'bob is not asked', holds: { equal: [{ given: 'caller' }, { did: alice }] } },
    ];
    expect(runOf({ requires })).toMatchObject({
      status: 'requirement_failed',
      reason: 'bob is not asked',
    });
    const late = callOf({}, { caller: alice, time: 2_000 });
    expect(runOf({ requires }, late)).toMatchObject({ reason: 'it is early' });
  });
});

describe('expressions', () => {
  const list = (...parts: readonly Json[]): Json => ({ list: parts });
  const garden: Json = { map: { b: int(2), a: int(1) } };

  it.each<[string, Json, Json, Json]>([
    ['add', { add: [int(2), int(3)] }, int(0), int(5)],
    ['divide towards zero', { divide: [int(-7), int(2)] }, int(0), int(-3)],
    ['remainder', { remainder: [int(-7), int(2)] }, int(0), int(-1)],
    [
      'the largest',
      { add: [int('9223372036854775807'), int(0)] },
      int(0),
      int('9223372036854775807'),
    ],
    ['one more', { add: [int('9223372036854775807'), int(1)] }, int(0), 'integer_overflow'],
    [
      'a square of it',
      { multiply: [int('9223372036854775807'), int('9223372036854775807')] },
      int(0),
      'integer_overflow',
    ],
    ['divide by nothing', { divide: [int(1), int(0)] }, int(0), 'division_by_zero'],
    ['add words', { add: [int(1), { string: '1' }] }, int(0), 'type_mismatch'],
    ['another type for a state', { string: 'x' }, int(0), 'type_mismatch'],
    ['get of a list', { get: [list(int(4), int(5)), int(1)] }, int(0), int(5)],
    ['get past its end', { get: [list(int(4)), int(1)] }, int(0), 'key_unknown'],
    ['get before it', { get: [list(int(4)), int(-1)] }, int(0), 'key_unknown'],
    ['get of a map', { get: [garden, { string: 'b' }] }, int(0), int(2)],
    [
      'get of what objects inherit',
      { get: [garden, { string: 'constructor' }] },
      int(0),
      'key_unknown',
    ],
    ['getOr', { getOr: [garden, { string: '__proto__' }, int(9)] }, int(0), int(9)],
    ['keys, sorted', { keys: [garden] }, list(), list({ string: 'a' }, { string: 'b' })],
    ['put and length', { length: [{ put: [garden, { string: 'c' }, int(3)] }] }, int(0), int(3)],
    ['contains', { contains: [list(garden), garden] }, { boolean: false }, { boolean: true }],
    [
      'and does not look further',
      { and: [{ boolean: false }, { equal: [{ divide: [int(1), int(0)] }, int(1)] }] },
      { boolean: true },
      { boolean: false },
    ],
    [
      'if takes one way',
      { if: [{ boolean: true }, int(1), { divide: [int(1), int(0)] }] },
      int(0),
      int(1),
    ],
    [
      'equal needs the same type',
      { equal: [int(1), { string: '1' }] },
      { boolean: true },
      { boolean: false },
    ],
  ])('%s', (_name, expression, like, result) => {
    expect(valueOf(expression, like)).toEqual(result);
  });

  it('each walks a list in its order and a map by key, and nothing leaks out of what was not run', () => {
    const body = [
      {
        each: [
          'key',
          { map: { z: int(1), a: int(2), m: int(3) } },
          [{ set: ['seen', { append: [{ state: 'seen' }, variable('key')] }] }],
        ],
      },
    ];
    const outcome = runOf({ body }, callOf(), { seen: { list: [] } });
    const keys = ['a', 'm', 'z'].map((each) => ({ string: each }));
    expect(outcome).toMatchObject({ ok: true, value: { state: { seen: { list: keys } } } });
    const leak = documentOf({
      body: [
        { when: [{ boolean: false }, [{ let: ['x', int(1)] }]] },
        callerPays(alice, variable('x')),
      ],
    });
    expect(language.read(leak)).toMatchObject({ ok: false, status: 'name_unknown' });
  });
});

describe('fuel', () => {
  /** Loops in each other: 30 to the fifth. */
  const deepLoops = (levels: number): Json => {
    const items: Json = { list: Array.from({ length: 30 }, () => int(1)) };
    let body: Json = [{ set: ['count', { add: [{ state: 'count' }, int(1)] }] }];
    for (let level = 0; level < levels; level++) body = [{ each: [`i${level}`, items, body] }];
    return body;
  };

  it('ends what would run for long, and what it does before', () => {
    const call = callOf();
    const outcome = runOf({ body: deepLoops(5) }, call, { count: int(0) });
    expect(outcome).toMatchObject({ ok: false, status: 'fuel_exhausted' });
    const one = runOf({ body: deepLoops(1) }, call, { count: int(0) });
    if (!one.ok) throw new Error(one.reason);
    expect(one.value.fuelUsed).toBeGreaterThan(100);
    // One drop less is not enough, and exactly as much is.
    const exact = one.value.fuelUsed;
    expect(
      runOf({ body: deepLoops(1) }, callOf({}, { fuelMax: exact }), { count: int(0) }),
    ).toEqual(one);
    const less = callOf({}, { fuelMax: exact - 1 });
    expect(runOf({ body: deepLoops(1) }, less, { count: int(0) })).toMatchObject({
      status: 'fuel_exhausted',
    });
    // Nobody can give more than there is.
    const more = callOf({}, { fuelMax: Infinity });
    expect(runOf({ body: deepLoops(5) }, more, { count: int(0) })).toMatchObject({
      status: 'fuel_exhausted',
    });
  });

  it('values cannot outgrow their bound by doubling', () => {
    const double: Json = { set: ['grown', { list: [{ state: 'grown' }, { state: 'grown' }] }] };
    const wide = runOf({ body: Array.from({ length: 7 }, () => double) }, callOf(), {
      grown: { list: [] },
    });
    expect(wide.ok).toBe(true);
    const over = runOf({ body: Array.from({ length: 40 }, () => double) }, callOf(), {
      grown: { list: [] },
    });
    expect(over).toMatchObject({ status: 'value_too_large' });
  });
});

describe('a hostile document', () => {
  const nested = (levels: number): Json => {
    let expression: Json = { boolean: true };
    for (let level = 0; level < levels; level++) expression = { not: [expression] };
    return documentOf({ requires: [{ says: 'deep', holds: expression }] });
  };

  it.each<[string, () => Json, string]>([
    ['nothing', () => null, 'malformed'],
    ['a list', () => [], 'malformed'],
    [
      'another kind',
      () => ({ ...(documentOf({}) as object), kind: 'icn/contract/2' }),
      'malformed',
    ],
    ['one key more', () => ({ ...(documentOf({}) as object), more: 1 }), 'malformed'],
    ['a thousand levels', () => nested(1_000), 'document_invalid'],
    [
      'more bytes than a document has',
      () => documentOf({ requires: [{ says: 'x'.repeat(70_000), holds: { boolean: true } }] }),
      'document_invalid',
    ],
    [
      'a text without end',
      () => documentOf({ requires: [{ says: 'x'.repeat(300), holds: { boolean: true } }] }),
      'malformed',
    ],
    [
      'an unknown expression',
      () => documentOf({ requires: [{ says: 'x', holds: { eval: ['1'] } }] }),
      'node_unknown',
    ],
    [
      'what objects inherit',
      () => documentOf({ requires: [{ says: 'x', holds: { constructor: [] } }] }),
      'node_unknown',
    ],
    [
      'a prototype',
      () =>
        documentOf({ requires: [{ says: 'x', holds: JSON.parse('{"__proto__":[]}') as Json }] }),
      'node_unknown',
    ],
    ['an unknown statement', () => documentOf({ body: [{ print: 'x' }] }), 'node_unknown'],
    [
      'two statements in one',
      () => documentOf({ body: [{ let: ['a', int(1)], set: ['a', int(1)] }] }),
      'malformed',
    ],
    [
      'a transfer of something more',
      () =>
        documentOf({
          body: [
            {
              transfer: {
                provider: { did: alice },
                receiver: { did: bob },
                amount: int(1),
                author: { did: carol },
              },
            },
          ],
        }),
      'malformed',
    ],
    [
      'a name like __proto__',
      () => documentOf({ body: [{ let: ['__proto__', int(1)] }] }),
      'name_invalid',
    ],
    [
      'a state like __proto__',
      () => documentOf({}, JSON.parse('{"__proto__":{"integer":"1"}}') as Json),
      'name_invalid',
    ],
    [
      'a variable from nowhere',
      () => documentOf({ body: [callerPays(alice, variable('constructor'))] }),
      'name_unknown',
    ],
    [
      'a state from nowhere',
      () => documentOf({ body: [{ set: ['toString', int(1)] }] }),
      'name_unknown',
    ],
    [
      'a number as an integer',
      () => documentOf({ body: [callerPays(alice, { integer: 5 })] }),
      'value_invalid',
    ],
    [
      'an integer of 40 digits',
      () => documentOf({ body: [callerPays(alice, int('9'.repeat(40)))] }),
      'value_invalid',
    ],
    [
      'an integer one too large',
      () => documentOf({ body: [callerPays(alice, int('9223372036854775808'))] }),
      'value_invalid',
    ],
    [
      'an integer with a sign',
      () => documentOf({ body: [callerPays(alice, int('+5'))] }),
      'value_invalid',
    ],
    ['minus nothing', () => documentOf({ body: [callerPays(alice, int('-0'))] }), 'value_invalid'],
    [
      'a DID that is none',
      () => documentOf({ body: [callerPays('did:key:zzz' as Did, int(5))] }),
      'value_invalid',
    ],
    [
      'a state too heavy',
      () => documentOf({}, { big: { list: Array.from({ length: 1_024 }, () => int(1)) } }),
      'value_invalid',
    ],
    [
      'more nodes than it may',
      () =>
        documentOf({
          body: Array.from({ length: NODES_MAX / 2 + 1 }, () => ({ let: ['a', int(1)] })),
        }),
      'too_many_nodes',
    ],
    [
      'a parameter twice',
      () =>
        documentOf({
          parameters: [
            { name: 'a', type: 'did' },
            { name: 'a', type: 'did' },
          ],
        }),
      'name_taken',
    ],
  ])('%s is refused', (_name, make, status) => {
    expect(language.read(make())).toMatchObject({ ok: false, status });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each<[string, { readonly [name: string]: Json }]>([
    ['nothing', {}],
    ['another type', { hours: { string: '5' } }],
    ['nothing of it', { hours: int(0) }],
    ['something more', { hours: int(5), more: int(5) }],
    ['an inherited name', { hours: int(5), constructor: int(1) }],
    ['a bare number', { hours: 5 }],
    ['a tower', { hours: JSON.parse(`${'{"list":['.repeat(5_000)}${']}'.repeat(5_000)}`) as Json }],
  ])('an argument that is %s is refused', (_name, given) => {
    const rule = {
      parameters: [{ name: 'hours', type: 'amount' }],
      body: [callerPays(alice, variable('hours'))],
    };
    const outcome = runOf(rule, callOf(given));
    expect(outcome.ok ? 'accepted' : outcome.status).toMatch(
      /^(argument_invalid|value_too_large)$/,
    );
  });

  it('any JSON at all is read or refused, and never breaks anything', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 6 }),
        fc.constantFrom('requires', 'body', 'state', 'rules'),
        (json, place) => {
          const value = json as Json;
          const document =
            place === 'rules' || place === 'state'
              ? { ...(documentOf({}) as object), [place]: value }
              : documentOf({ [place]: value });
          const outcome = language.read(document);
          expect(typeof outcome.ok).toBe('boolean');
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** Rules that are well formed and mostly well typed. */
const ruleBody = (() => {
  const { statement } = fc.letrec<{
    integer: Json;
    condition: Json;
    person: Json;
    statement: Json;
  }>((tie) => ({
    integer: fc.oneof(
      { maxDepth: 3 },
      fc.integer({ min: -3, max: 40 }).map(int),
      fc.constantFrom<Json>({ state: 'count' }, variable('hours'), { given: 'time' }),
      fc
        .tuple(
          fc.constantFrom('add', 'subtract', 'multiply', 'divide', 'remainder'),
          tie('integer'),
          tie('integer'),
        )
        .map(([name, left, right]): Json => ({ [name]: [left, right] })),
      fc
        .tuple(tie('condition'), tie('integer'), tie('integer'))
        .map((parts): Json => ({ if: parts })),
    ),
    condition: fc.oneof(
      { maxDepth: 3 },
      fc.boolean().map((value): Json => ({ boolean: value })),
      fc
        .tuple(fc.constantFrom('less', 'equal', 'moreOrEqual'), tie('integer'), tie('integer'))
        .map(([name, left, right]): Json => ({ [name]: [left, right] })),
      fc.tuple(tie('condition'), tie('condition')).map((parts): Json => ({ and: parts })),
    ),
    person: fc.constantFrom<Json>(
      { did: alice },
      { did: bob },
      { did: carol },
      { given: 'caller' },
      variable('helper'),
    ),
    statement: fc.oneof(
      { maxDepth: 3 },
      fc
        .tuple(tie('person'), tie('integer'))
        .map(([person, amount]) => transfer(person, { given: 'caller' }, amount)),
      fc.tuple(tie('person'), tie('person'), tie('integer')).map((parts) => transfer(...parts)),
      tie('integer').map((value): Json => ({ set: ['count', value] })),
      fc
        .tuple(tie('condition'), fc.array(tie('statement'), { maxLength: 3 }))
        .map((parts): Json => ({ when: parts })),
      fc
        .tuple(
          fc.array(tie('integer'), { maxLength: 4 }),
          fc.array(tie('statement'), { maxLength: 3 }),
        )
        .map(([parts, body]): Json => ({ each: ['hours', { list: parts }, body] })),
    ),
  }));
  return fc.array(statement, { minLength: 1, maxLength: 6 });
})();

/** The same JSON with the keys of every object in another order. */
const turned = (json: Json): Json => {
  if (Array.isArray(json)) return json.map((each: Json) => turned(each));
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json)
      .toReversed()
      .map(([key, each]) => [key, turned(each)]),
  );
};

describe('laws', () => {
  const seen = new Map<string, number>();

  it('a run is a function, ends, conserves and has one payer; refused, it changes nothing', () => {
    const parameters = [
      { name: 'hours', type: 'integer' },
      { name: 'helper', type: 'did' },
    ];
    fc.assert(
      fc.property(
        ruleBody,
        fc.integer({ min: -5, max: 50 }),
        fc.constantFrom(alice, carol),
        fc.constantFrom(0n, 20n, 10_000n),
        (body, hours, helper, fallsMax) => {
          const document = documentOf({ parameters, body }, { count: int(3) });
          // Deeper than JSON may be here: not a matter of these laws.
          fc.pre(content.canonicalize(document).ok);
          const contract = read(document);
          const call = callOf(
            { hours: int(hours), helper: { did: helper } },
            { capabilities: [{ account: bob, fallsMax }] },
          );
          const before = JSON.stringify(contract.initial);
          const outcome = contract.run(contract.initial, call);
          // Alike again, and alike where the document was written in another order.
          expect(contract.run(contract.initial, call)).toEqual(outcome);
          const other = read(turned(document));
          expect([other.id, other.run(other.initial, call)]).toEqual([contract.id, outcome]);
          expect(JSON.stringify(contract.initial)).toBe(before);
          const key = outcome.ok
            ? outcome.value.accounts.length > 0
              ? 'moved'
              : 'accepted'
            : outcome.status;
          seen.set(key, (seen.get(key) ?? 0) + 1);
          if (!outcome.ok) {
            expect(RUN_STATUSES).toContain(outcome.status);
            return;
          }
          const { accounts, fuelUsed } = outcome.value;
          expect(fuelUsed).toBeLessThanOrEqual(FUEL_MAX);
          const changes = accounts.map(({ debit, credit }) => BigInt(debit ?? `-${credit}`));
          expect(changes.reduce((sum, each) => sum + each, 0n)).toBe(0n);
          const payers = accounts.filter(({ credit }) => credit !== undefined);
          expect(payers.map(({ account }) => account)).toEqual(accounts.length > 0 ? [bob] : []);
          expect(BigInt(payers[0]?.credit ?? 0) <= fallsMax).toBe(true);
        },
      ),
      { numRuns: 400 },
    );
    // Neither all refused nor all accepted, or the laws would say nothing.
    expect(seen.get('moved') ?? 0).toBeGreaterThan(10);
    expect(seen.get('not_permitted') ?? 0).toBeGreaterThan(3);
  });

  it('the example that comes with the node is a contract', () => {
    const path = new URL(
      '../../reference/contract-language/examples/shared-garden.json',
      import.meta.url,
    );
    const parsed = content.parse(readFileSync(path));
    if (!parsed.ok) throw new Error(parsed.reason);
    const garden = read(parsed.value);
    const outcome = garden.run(garden.initial, {
      ...callOf({ helper: { did: alice }, time: int(300) }),
      rule: 'worked',
    });
    expect(outcome).toMatchObject({ ok: true, value: { state: { total: int(300) } } });
  });
});
