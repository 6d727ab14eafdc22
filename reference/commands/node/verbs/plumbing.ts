/**
 * Plumbing: the layers on standard input, for scripts, other implementations and tests.
 *
 * One JSON value in, one out; with the word `lines`, one value a line in and one answer a line out.
 * An answer is `{"ok":true,...}` or `{"ok":false,"status":...,"reason":...}`; the exit code is 1 if any
 * was refused. `canon` alone prints the canonical bytes themselves.
 */
import { CONTENT_BYTES_MAX } from '#contracts/content.ts';
import { Fault, messageOf } from '#contracts/faults.ts';
import type { Genesis } from '#contracts/genesis.ts';
import { ledgerTopic, type Did, type Json, type NetworkId } from '#contracts/identifiers.ts';
import { refused, type Outcome } from '#contracts/outcome.ts';
import type { Draft } from '#contracts/records.ts';
import { referenceLayers } from '#reference/layers.ts';
import { readNetwork } from '#reference/node/genesis.ts';
import { checkProof } from '#reference/quarantine/proof.ts';
import { createSigner } from '#reference/records/signer.ts';
import { EXIT } from '#reference/commands/exit.ts';
import { contentLayer, publicKeyOf } from '../home/home.ts';
import { readAll, readLines } from '../read-input.ts';
import { readWords, type Vocabulary } from '#reference/commands/words.ts';

type Result = Outcome<{ readonly [name: string]: Json }, string>;

interface Plumb {
  readonly summary: string;
  /** Takes the bytes of one input. */
  run(input: Uint8Array): Result;
}

const content = contentLayer();
const layerOf = (network: string) =>
  referenceLayers.records({ content, network: network as NetworkId });

const ok = (value: { readonly [name: string]: Json }): Result => ({ ok: true, value });

type Fields = { readonly [name: string]: Json };

/** The input as an object; a refusal of content otherwise. */
const fieldsOf = (input: Uint8Array): Outcome<Fields, string> => {
  const parsed = content.parse(input);
  if (!parsed.ok) return parsed;
  const { value } = parsed;
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? { ok: true, value: value as Fields }
    : refused('params_invalid', 'expected a JSON object');
};

const hexOf = (fields: Fields, name: string, bytes?: number): Outcome<Uint8Array, string> => {
  const text = fields[name];
  const whole = typeof text === 'string' && /^([0-9a-fA-F]{2})*$/.test(text);
  if (!whole || (bytes !== undefined && text.length !== 2 * bytes)) {
    const length = bytes === undefined ? '' : ` of ${bytes} bytes`;
    return refused('params_invalid', `${name}: expected hexadecimal${length}`);
  }
  return { ok: true, value: Buffer.from(text, 'hex') };
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const canon = (input: Uint8Array): Result => {
  const parsed = content.parse(input);
  if (!parsed.ok) return parsed;
  const text = content.canonicalize(parsed.value);
  return text.ok ? ok({ canonical: text.value }) : text;
};

const hash = (input: Uint8Array): Result => {
  const parsed = content.parse(input);
  if (!parsed.ok) return parsed;
  const text = content.canonicalize(parsed.value);
  if (!text.ok) return text;
  const { value } = parsed;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const id = isObject ? content.id(value as Fields) : undefined;
  return ok({ hash: content.hash(text.value), ...(id?.ok ? { id: id.value } : {}) });
};

/** From a DID, a public key or a seed to the DID and the key. */
const did = (input: Uint8Array): Result => {
  const parsed = content.parse(input);
  if (!parsed.ok) return parsed;
  const layer = layerOf('');
  const fields = typeof parsed.value === 'string' ? ok({ did: parsed.value }) : fieldsOf(input);
  if (!fields.ok) return fields;
  const text = fields.value['did'];
  if (text !== undefined) {
    if (typeof text !== 'string') return refused('params_invalid', 'did: expected a text');
    const key = layer.publicKey(text);
    return key.ok ? ok({ did: text, publicKey: hex(key.value) }) : key;
  }
  if (fields.value['seed'] !== undefined) {
    const seed = hexOf(fields.value, 'seed', 32);
    if (!seed.ok) return seed;
    const signer = createSigner(seed.value);
    const key = layer.publicKey(signer.did);
    return key.ok ? ok({ did: signer.did, publicKey: hex(key.value) }) : key;
  }
  const key = hexOf(fields.value, 'publicKey', 32);
  if (!key.ok) return key;
  const spelled = layer.did(key.value);
  const back = layer.publicKey(spelled);
  return back.ok ? ok({ did: spelled, publicKey: hex(key.value) }) : back;
};

/** `{seed, message}` in hex gives a signature; `{seed, record}` a signed record. */
const sign = (input: Uint8Array): Result => {
  const fields = fieldsOf(input);
  if (!fields.ok) return fields;
  const seed = hexOf(fields.value, 'seed', 32);
  if (!seed.ok) return seed;
  const signer = createSigner(seed.value);
  const { record } = fields.value;
  if (record === undefined) {
    const message = hexOf(fields.value, 'message');
    return message.ok
      ? ok({ did: signer.did, signature: hex(signer.sign(message.value)) })
      : message;
  }
  const draft = record as unknown as Draft; // Opened again below, which checks every field.
  if (draft?.author !== signer.did) {
    return refused(
      'unauthorised',
      `the seed is that of ${signer.did}, the author is ${draft?.author}`,
    );
  }
  const layer = layerOf(draft.network);
  const signed = layer.sign(draft, signer);
  const opened = layer.open(signed as unknown as Json);
  return opened.ok ? ok({ record: signed as unknown as Json }) : opened;
};

/** `{did | publicKey, message, signature}` in hex, or a whole signed record. */
const verifySignature = (input: Uint8Array): Result => {
  const fields = fieldsOf(input);
  if (!fields.ok) return fields;
  const value = (fields.value['record'] ?? fields.value) as Fields;
  if (value['kind'] !== undefined) {
    const opened = layerOf(String(value['network'])).open(value);
    return opened.ok ? ok({ id: opened.value.id }) : opened;
  }
  const message = hexOf(value, 'message');
  if (!message.ok) return message;
  const signature = hexOf(value, 'signature');
  if (!signature.ok) return signature;
  const layer = layerOf('');
  let author = value['did'];
  if (author === undefined) {
    const key = hexOf(value, 'publicKey', 32);
    if (!key.ok) return key;
    author = layer.did(key.value);
  }
  const valid =
    typeof author === 'string' && layer.verify(author as Did, message.value, signature.value);
  return valid
    ? ok({ did: author })
    : refused('signature_invalid', 'strict RFC 8032 does not accept this signature');
};

/** `{genesis, records}`: the verdict of each record in the order given, and the state they fold into. */
const validate = (input: Uint8Array): Result => {
  const fields = fieldsOf(input);
  if (!fields.ok) return fields;
  const { genesis, records } = fields.value;
  if (!Array.isArray(records) || genesis === undefined) {
    return refused('params_invalid', 'expected {"genesis": ..., "records": [...]}');
  }
  const network = readNetwork(Buffer.from(JSON.stringify(genesis)), content, publicKeyOf);
  const layer = layerOf(network.id);
  const ledger = referenceLayers.ledger({ genesis: network.genesis });
  const statuses = new Map<string, Json>();
  const rows = (records as readonly Json[]).map((claim, index) => {
    const opened = layer.open(claim);
    if (!opened.ok) return { index, status: opened.status, reason: opened.reason };
    const { id } = opened.value;
    const change = ledger.add(opened.value);
    for (const { id: decided, verdict } of change.verdicts) {
      if (verdict.status !== 'duplicate') statuses.set(decided, { ...verdict });
    }
    return { index, id, ...change.verdicts[0]!.verdict };
  });
  const verdicts = rows.map((row): Json => {
    const later = 'id' in row && row.status === 'pending' ? statuses.get(row.id) : undefined;
    const standing = 'id' in row ? (ledger.standing(row.id) ?? null) : null;
    return { ...row, ...(later as Fields | undefined), standing };
  });
  return ok({ network: network.id, verdicts, ...stateOf(network.genesis, ledger) });
};

const stateOf = (
  genesis: Genesis,
  ledger: ReturnType<typeof referenceLayers.ledger>,
): { readonly balances: Json; readonly conflicts: Json } => ({
  balances: Object.fromEntries(
    genesis.currencies.map(({ name }) => [
      name,
      Object.fromEntries(
        [...ledger.balances(ledgerTopic(name))].map(([account, balance]) => [
          account,
          String(balance),
        ]),
      ),
    ]),
  ),
  conflicts: genesis.currencies.flatMap(({ name }) =>
    ledger.conflicts(ledgerTopic(name)).map((conflict) => ({ ...conflict })),
  ),
});

/** `{records: [one, other]}`: whether the two convict their author of signing twice after one record. */
const conflict = (input: Uint8Array): Result => {
  const fields = fieldsOf(input);
  if (!fields.ok) return fields;
  const { records } = fields.value;
  const [one, other, ...more] = Array.isArray(records) ? (records as readonly Json[]) : [];
  if (one === undefined || other === undefined || more.length > 0) {
    return refused('params_invalid', 'expected {"records": [one, other]}');
  }
  const network = String(Object(one)['network']);
  const proof = checkProof(layerOf(network), one, other);
  return proof.ok ? ok({ network, ...proof.value }) : proof;
};

const commands: { readonly [name: string]: Plumb } = {
  canon: { summary: 'the canonical bytes of a JSON value (RFC 8785)', run: canon },
  hash: { summary: 'SHA-256 of the canonical bytes; the id of a record', run: hash },
  did: { summary: 'the DID of {"publicKey"} or {"seed"}, or the key of a DID', run: did },
  sign: { summary: 'signs {"seed","message"} or {"seed","record"}', run: sign },
  verify: {
    summary: 'checks {"publicKey"|"did","message","signature"} or a record',
    run: verifySignature,
  },
  conflict: {
    summary: 'checks {"records":[one,other]} as the proof of a fork',
    run: conflict,
  },
  validate: { summary: 'verdicts and balances of {"genesis","records"}', run: validate },
};

/** A command on one input; a Fault of the input (a bad genesis) is a refusal here. */
const attempt = (name: string, input: Uint8Array): Result => {
  try {
    return commands[name]!.run(input);
  } catch (error) {
    if (error instanceof Fault) return refused(error.code, error.message);
    return refused('params_invalid', messageOf(error));
  }
};

const asLine = (result: Result): string =>
  JSON.stringify(result.ok ? { ok: true, ...result.value } : result);

const answerOne = (name: string, input: Uint8Array, json: boolean): number => {
  const result = attempt(name, input);
  if (result.ok && name === 'canon' && !json)
    process.stdout.write(String(result.value['canonical']));
  else console.log(asLine(result));
  return result.ok ? EXIT.ok : EXIT.failed;
};

/** Each line is answered before the next one is waited for; undefined if there was none. */
const answerLines = async (name: string): Promise<number | undefined> => {
  let code: number | undefined;
  for await (const line of readLines(process.stdin, CONTENT_BYTES_MAX)) {
    const result = attempt(name, line);
    code = result.ok ? (code ?? EXIT.ok) : EXIT.failed;
    console.log(asLine(result));
  }
  return code;
};

/** Words that every plumbing command knows. */
const vocabulary: Vocabulary = {
  lines: { summary: 'one value a line in, one answer a line out' },
  json: { summary: 'the answer as an object, for canon too' },
};

/**
 * Runs a plumbing command with its words; gives the exit code. `verify` is also an operator's command:
 * with nothing on standard input it is not ours, and `undefined` says so.
 */
const run = async (name: string, words: readonly string[]): Promise<number | undefined> => {
  const spoken = readWords(words, vocabulary, 0);
  const silence = name === 'verify' ? undefined : EXIT.ok;
  if (spoken.values.has('lines')) return (await answerLines(name)) ?? silence;
  const input = await readAll(process.stdin, CONTENT_BYTES_MAX);
  if (input.length === 0 && name === 'verify') return undefined;
  return answerOne(name, input, spoken.values.has('json'));
};

export const plumbing = { commands, vocabulary, run };
