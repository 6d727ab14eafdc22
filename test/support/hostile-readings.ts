/** Everything hostile, in front of everything that reads: content, frames, records, and a gossip's door. */
import type { Json } from '#contracts/identifiers.ts';
import { referenceLayers } from '#reference/layers.ts';
import { announce, facing, mallory } from './facing.ts';
import { HOSTILE_JSON } from './hostile-json.ts';
import { asJson, HOURS, NETWORK, write } from './village.ts';

/** Keys that have meant something to a careless merge, each with something to smuggle in. */
const KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'toJSON'];

const objectOf = (text: string): Json => JSON.parse(text) as Json;

/** Claims with own keys of these names, at the top, in the body and in a clock. */
const hostileClaims = (): Json[] => {
  const genuine = asJson(write(mallory));
  const text = JSON.stringify(genuine);
  return KEYS.flatMap((key) => {
    const smuggled = `"${key}":{"polluted":true}`;
    return [
      objectOf(`{${smuggled},${text.slice(1)}`),
      objectOf(text.replace('"body":{', `"body":{${smuggled},`)),
      objectOf(`{${smuggled}}`),
      objectOf(`[{${smuggled}}]`),
    ];
  });
};

const framed = (body: Uint8Array): Uint8Array => {
  const frame = new Uint8Array(4 + body.byteLength);
  new DataView(frame.buffer).setUint32(0, body.byteLength);
  frame.set(body, 4);
  return frame;
};

/** Reads it all. Gives how much was read, how much of it was refused, and what every object now has. */
export const hostileReadings = () => {
  const before = Reflect.ownKeys(Object.prototype).map(String).sort();
  const content = referenceLayers.content();
  const frames = referenceLayers.frames({ content });
  const records = referenceLayers.records({ content, network: NETWORK });
  const outcomes: boolean[] = [];

  for (const { bytes } of HOSTILE_JSON) {
    outcomes.push(content.parse(bytes).ok, content.parseCanonical(bytes).ok);
    if (bytes.byteLength > 0) {
      for (const outcome of frames.decoder().push(framed(bytes))) outcomes.push(outcome.ok);
    }
  }
  const claims = hostileClaims();
  for (const claim of claims) {
    outcomes.push(records.open(claim).ok);
    const text = content.canonicalize(claim);
    const again = text.ok ? content.parse(Buffer.from(text.value)) : text;
    outcomes.push(again.ok && JSON.stringify(again.value).length > 2);
    // As a message, where the keys of a clock are somebody's names.
    const digest = { type: 'digest', version: 1, topic: HOURS, clock: claim };
    const message = framed(Buffer.from(JSON.stringify(digest)));
    for (const outcome of frames.decoder().push(message)) outcomes.push(outcome.ok);
  }
  const { ann } = facing();
  ann.hears(mallory.did, { ...announce(), records: claims } as ReturnType<typeof announce>);

  const bare: { readonly [key: string]: unknown } = {};
  return {
    read: outcomes.length,
    refused: outcomes.filter((ok) => !ok).length,
    held: ann.gossip.knowledge.count,
    polluted: bare['polluted'] !== undefined,
    appeared: Reflect.ownKeys(Object.prototype)
      .map(String)
      .filter((key) => !before.includes(key)),
  };
};
