/**
 * Plumbing: the layers on standard input. Each command runs as one child that is asked line by line, and
 * as a child of its own where the whole input and the exit code are the point.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Did, Json, Topic } from '#contracts/identifiers.ts';
import { referenceLayers } from '#reference/layers.ts';
import { foundNetwork } from '#reference/commands/node/home/found.ts';
import { contentLayer, publicKeyOf } from '#reference/commands/node/home/home.ts';
import { plumbing } from '#reference/commands/node/verbs/plumbing.ts';
import { networkOf } from '#reference/node/genesis.ts';
import { createSigner } from '#reference/records/signer.ts';
import { cleanUp, refusal, run, start, within, type Started } from '#test/support/command.ts';
import { HOSTILE_JSON } from '#test/support/hostile-json.ts';

afterAll(cleanUp);

type Answer = { readonly ok: boolean; readonly [name: string]: Json };

/** One child per command; a line in, a line out. */
interface Talk extends Started {
  say(line: string | Uint8Array): Promise<Answer>;
  json(value: unknown): Promise<Answer>;
}

const talks = new Map<string, Talk>();
const open = (name: string): Talk => {
  const started = start(['node', name, 'lines']);
  const waiting: ((line: string) => void)[] = [];
  let text = '';
  // Not readline: from Node 22 on it takes U+2028, which JSON may hold, for the end of a line.
  started.child.stdout!.setEncoding('utf8').on('data', (piece: string) => {
    const lines = `${text}${piece}`.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) waiting.shift()?.(line);
  });
  const say = (line: string | Uint8Array): Promise<Answer> => {
    const answer = new Promise<string>((resolve) => waiting.push(resolve));
    started.child.stdin?.write(Buffer.concat([Buffer.from(line), Buffer.from('\n')]));
    return within(`an answer of ${name}`, answer).then((text) => JSON.parse(text) as Answer);
  };
  return { ...started, say, json: (value) => say(JSON.stringify(value)) };
};

beforeAll(() => {
  for (const name of Object.keys(plumbing.commands)) talks.set(name, open(name));
});
const talk = (name: string): Talk => talks.get(name)!;

const SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
/** RFC 8032, 7.1, test 1: this key and this signature of the empty message. */
const KEY = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
const SIGNATURE =
  'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b';
const DID = createSigner(Buffer.from(SEED, 'hex')).did;
const other = createSigner(Buffer.alloc(32, 7));

describe('hostile JSON', () => {
  /** A line cannot hold a newline: those go through a child of their own, below. */
  const onOneLine = HOSTILE_JSON.filter(({ bytes }) => bytes.length > 0 && !bytes.includes(0x0a));

  it('has a case for every way to be wrong, and more than sixty', () => {
    expect(HOSTILE_JSON.length).toBeGreaterThan(60);
    expect(new Set(HOSTILE_JSON.map(({ name }) => name)).size).toBe(HOSTILE_JSON.length);
  });

  it.each(onOneLine)('canon answers $status to $name', async ({ bytes, status, canonical }) => {
    const answer = await talk('canon').say(bytes);
    if (status === 'ok') expect(answer).toEqual({ ok: true, canonical });
    else
      expect(answer).toEqual({
        ok: false,
        status,
        reason: expect.stringMatching(/expected/) as string,
      });
    expect(JSON.stringify(answer).length).toBeLessThan(Math.max(400, 2 * (canonical?.length ?? 0)));
  });

  it('every command refuses what canon refuses, with the same status, and answers the next line', async () => {
    const small = onOneLine.filter(({ bytes }) => bytes.length < 100_000);
    for (const name of ['hash', 'did', 'sign', 'verify', 'validate', 'conflict']) {
      for (const { bytes, status } of small) {
        const answer = await talk(name).say(bytes);
        if (status !== 'ok') expect([name, answer['status']]).toEqual([name, status]);
        else if (name !== 'hash') expect([name, answer.ok]).toEqual([name, false]);
      }
    }
    expect(await talk('hash').json({})).toMatchObject({ ok: true });
  });

  it('leaves Object.prototype as it was, in the layers that read it', () => {
    const keys = (): readonly PropertyKey[] => Reflect.ownKeys(Object.prototype);
    const before = keys();
    for (const { bytes } of HOSTILE_JSON) {
      for (const { run: pour } of Object.values(plumbing.commands)) {
        try {
          pour(bytes);
        } catch {
          // What a command throws is told as a refusal by its caller; here the prototype is the point.
        }
      }
    }
    expect(keys()).toEqual(before);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('gets the same status where the value is all of standard input', async () => {
    const whole = HOSTILE_JSON.filter(({ bytes }) => bytes.length === 0 || bytes.includes(0x0a));
    expect(whole.length).toBeGreaterThan(1);
    for (const { bytes, status } of whole) {
      const ran = await run(['node', 'canon'], { input: bytes });
      expect(ran).toMatchObject({ code: 1, err: '' });
      expect(JSON.parse(ran.out)).toMatchObject({ ok: false, status });
    }
  });
});

describe('canon and hash', () => {
  it('print the canonical bytes and nothing else, as a shell pipeline needs them', async () => {
    const ran = await run(['node', 'canon'], { input: ' { "b" : [1.0, 2e0], "a": "\\u20ac" }\n' });
    expect(ran).toEqual({ code: 0, out: '{"a":"€","b":[1,2]}', err: '' });
  });

  it('name a value by the SHA-256 of its canonical bytes, and a record without id and signature', async () => {
    // sha256sum of `{}` and of `{"a":1}`.
    const nothing = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';
    const one = '015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862';
    expect(await talk('hash').say('{ }')).toEqual({ ok: true, hash: nothing, id: nothing });
    expect(await talk('hash').say('{"signature":"s","a":1,"id":"x"}')).toMatchObject({ id: one });
    expect(await talk('hash').say('[]')).not.toHaveProperty('id');
  });
});

describe('did', () => {
  it('goes from seed and from key to the DID, and back', async () => {
    const known = { ok: true, did: DID, publicKey: KEY };
    expect(await talk('did').json({ seed: SEED })).toEqual(known);
    expect(await talk('did').json({ publicKey: KEY.toUpperCase() })).toEqual({ ...known });
    expect(await talk('did').json({ did: DID })).toEqual(known);
    expect(await talk('did').json(DID)).toEqual(known);
  });

  const wrong: readonly (readonly [string, Json, string])[] = [
    ['nothing', {}, 'params_invalid'],
    ['a seed of 31 bytes', { seed: SEED.slice(2) }, 'params_invalid'],
    ['a seed that is a number', { seed: 7 }, 'params_invalid'],
    ['a key that is no hexadecimal', { publicKey: 'zz'.repeat(32) }, 'params_invalid'],
    ['a DID in an array', { did: [DID] }, 'params_invalid'],
    ['an array', [DID], 'params_invalid'],
    ['a number', 7, 'params_invalid'],
    ['null', null, 'params_invalid'],
    ['an upper-case multibase', DID.replace(':z', ':Z'), 'did_invalid'],
    ['an X25519 key', 'did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc', 'did_invalid'],
    ['a fragment', `${DID}#${DID.slice(8)}`, 'did_invalid'],
    ['a query', `${DID}?versionId=1`, 'did_invalid'],
    ['a letter that base58 leaves out', DID.replace(/.$/, '0'), 'did_invalid'],
    ['a homoglyph', DID.replace('did', 'dіd'), 'did_invalid'],
    ['4 KiB', DID + 'a'.repeat(4_096), 'did_invalid'],
  ];
  it.each(wrong)('refuses %s', async (_name, input, status) => {
    const answer = await talk('did').json(input);
    expect(answer).toEqual({
      ok: false,
      status,
      reason: expect.stringMatching(/expected/) as string,
    });
    expect(JSON.stringify(answer).length).toBeLessThan(300);
  });
});

describe('sign and verify', () => {
  it('sign as RFC 8032 does', async () => {
    const answer = await talk('sign').json({ seed: SEED, message: '' });
    expect(answer).toEqual({ ok: true, did: DID, signature: SIGNATURE });
  });

  it('take a signature by DID and by key, and refuse it when a bit is turned', async () => {
    const right = { message: '', signature: SIGNATURE };
    expect(await talk('verify').json({ did: DID, ...right })).toEqual({ ok: true, did: DID });
    expect(await talk('verify').json({ publicKey: KEY, ...right })).toEqual({ ok: true, did: DID });
    const turned = (Number.parseInt(SIGNATURE[0]!, 16) ^ 1).toString(16) + SIGNATURE.slice(1);
    const wrongs: Json[] = [
      { did: DID, message: '00', signature: SIGNATURE },
      { did: DID, message: '', signature: turned },
      { did: DID, message: '', signature: SIGNATURE.slice(2) },
      { did: DID, message: '', signature: '' },
      { did: other.did, ...right },
      { did: [DID], ...right },
      { did: 'nobody', ...right },
      // A key of small order, which signs everything (ed25519-speccheck, case 0).
      { publicKey: '00'.repeat(32), message: '', signature: '00'.repeat(64) },
    ];
    for (const wrong of wrongs) {
      expect([wrong, await talk('verify').json(wrong)]).toEqual([
        wrong,
        { ok: false, status: 'signature_invalid', reason: expect.any(String) as string },
      ]);
    }
  });

  it.each([
    [{}, 'seed: expected hexadecimal of 32 bytes'],
    [{ seed: SEED }, 'message: expected hexadecimal'],
    [{ seed: SEED, message: 'abc' }, 'message: expected hexadecimal'],
    [{ seed: SEED, message: 7 }, 'message: expected hexadecimal'],
  ])('sign refuses %j', async (input, reason) => {
    expect(await talk('sign').json(input)).toEqual({ ok: false, status: 'params_invalid', reason });
  });

  it.each([
    [{ record: null }, 'unauthorised'],
    [{ record: 'x' }, 'unauthorised'],
    [{ record: [] }, 'unauthorised'],
    [{ record: { author: other.did } }, 'unauthorised'],
    [{ record: { author: DID } }, 'malformed'],
    [{ record: { author: DID, kind: 'icn/entry/1', network: {} } }, 'malformed'],
  ])('sign refuses the record %j', async (input, status) => {
    const answer = await talk('sign').json({ seed: SEED, ...input });
    expect(answer).toEqual({ ok: false, status, reason: expect.any(String) as string });
  });

  it('verify without input asks the store, and its lines end with 1 when any was refused', async () => {
    const good = JSON.stringify({ did: DID, message: '', signature: SIGNATURE });
    const [empty, all, some] = await Promise.all([
      run(['node', 'verify'], { env: { MURMURATION_DATA: '/nowhere' } }),
      run(['node', 'verify', 'lines'], { input: `\n${good}\n\n${good}` }),
      run(['node', 'verify', 'lines'], { input: `{}\n${good}\n` }),
    ]);
    expect(empty).toEqual(refusal(1, 'network_missing', /no network in \/nowhere/));
    expect([all.code, all.out.trim().split('\n').length]).toEqual([0, 2]);
    expect([some.code, some.out.trim().split('\n').length]).toEqual([1, 2]);
  });

  it('words that a command does not know are wrong usage', async () => {
    expect(await run(['node', 'canon', 'line'])).toEqual(
      refusal(64, 'usage', /did you mean "lines"\?/),
    );
  });
});

describe('validate', () => {
  const alice = createSigner(Buffer.alloc(32, 1));
  const bob = createSigner(Buffer.alloc(32, 2));
  const genesis = foundNetwork(
    alice.did,
    'coop',
    new Map([
      ['name', 'alice'],
      ['members', `bob=${bob.did}`],
    ]),
    publicKeyOf,
  );
  const network = networkOf(genesis, contentLayer()).id;
  const layer = referenceLayers.records({ content: contentLayer(), network });

  const entry = (links: { sequence?: number; previous?: string; topic?: Topic }, amount = '1000') =>
    layer.sign(
      {
        kind: 'icn/entry/1',
        network,
        topic: links.topic ?? 'ledger:hours',
        author: bob.did,
        sequence: links.sequence ?? 1,
        previous: (links.previous ?? null) as never,
        parents: [],
        timestamp: 1,
        body: {
          accounts: [
            { account: alice.did, debit: amount },
            { account: bob.did, credit: amount },
          ],
        },
      },
      bob,
    );
  const first = entry({});
  const second = entry({ sequence: 2, previous: first.id }, '500');

  const verdicts = async (records: readonly unknown[]) => {
    const answer = await talk('validate').json({ genesis, records });
    expect(answer).toMatchObject({ ok: true, network });
    return answer as unknown as {
      readonly verdicts: readonly { readonly status: string; readonly standing: string | null }[];
      readonly balances: { readonly hours: { readonly [did: Did]: string } };
    };
  };

  it('gives each record its verdict and all of them their balances, in any order', async () => {
    for (const records of [
      [first, second],
      [second, first],
    ]) {
      const { verdicts: rows, balances } = await verdicts(records);
      expect(rows.map(({ status, standing }) => [status, standing])).toEqual([
        ['accepted', 'stands'],
        ['accepted', 'stands'],
      ]);
      expect(balances.hours).toEqual({ [alice.did]: '1500', [bob.did]: '-1500' });
    }
  });

  it('names what is no record, what is above the limit, what waits, and what came twice', async () => {
    const forged = { ...first, body: second.body };
    const trust = { ...first, kind: 'icn/trust/1' };
    const elsewhere = entry({ topic: 'ledger:gold' });
    const rows = await verdicts([
      null,
      forged,
      { ...first, signature: second.signature },
      trust,
      entry({}, '10001'),
      second,
      elsewhere,
    ]);
    expect(rows.verdicts.map(({ status }) => status)).toEqual([
      'malformed',
      'id_mismatch',
      'signature_invalid',
      'malformed',
      'over_limit',
      'pending',
      'over_limit',
    ]);
    const twice = await verdicts([first, first]);
    expect(twice.verdicts.map(({ status }) => status)).toEqual(['accepted', 'duplicate']);
    expect(twice.balances.hours[alice.did]).toBe('1000');
  });

  it.each([
    [{}, 'params_invalid'],
    [{ genesis, records: {} }, 'params_invalid'],
    [{ records: [] }, 'params_invalid'],
    [{ genesis: null, records: [] }, 'network_invalid'],
    [{ genesis: { ...genesis, quorum: 9 }, records: [] }, 'network_invalid'],
    [{ genesis: { ...genesis, stewards: ['me'] }, records: [] }, 'network_invalid'],
  ])('refuses input that is no network: case %#', async (input, status) => {
    const answer = await talk('validate').json(input);
    expect(answer).toEqual({ ok: false, status, reason: expect.any(String) as string });
  });
});

describe('the children', () => {
  it('end with 1 when their input ends, because each has refused something, and say nothing else', async () => {
    for (const { child } of talks.values()) child.stdin?.end();
    for (const { ended } of talks.values()) {
      expect(await within('a child to end', ended)).toMatchObject({ code: 1, err: '' });
    }
  });
});
