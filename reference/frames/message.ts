/**
 * The body of a frame, to a message and back. On the wire a body is the message and its version.
 */
import type { Content } from '#contracts/content.ts';
import { WIRE_VERSION, type FrameStatus } from '#contracts/frames.ts';
import type { Message } from '#contracts/messages.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';
import { schemas } from './schemas.ts';

/** The canonical text of a message's body; whatever has none is a bug of the caller. */
export const writeBody = (content: Content, message: Message): string => {
  const text = content.canonicalize({ ...message, version: WIRE_VERSION });
  if (text.ok) return text.value;
  throw new Error(`a ${message.type} message has no canonical form: ${text.reason}`);
};

/** The message that the bytes of one body spell. */
export const readBody = (content: Content, body: Uint8Array): Outcome<Message, FrameStatus> => {
  const parsed = content.parseCanonical(body);
  if (!parsed.ok) return refused('message_malformed', `${parsed.status}, ${parsed.reason}`);
  const fields = parsed.value;
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    return refused('message_malformed', 'expected an object');
  }
  // The spread copies own keys alone, one named __proto__ included.
  const { version, ...claim } = fields as { readonly [key: string]: unknown };
  if (typeof version !== 'number') {
    return refused('message_malformed', `expected version ${WIRE_VERSION}, came no number`);
  }
  if (version !== WIRE_VERSION) {
    return refused('version_unsupported', `expected version ${WIRE_VERSION}, came ${version}`);
  }
  return readMessage(claim);
};

const readMessage = (claim: { readonly [key: string]: unknown }): Outcome<Message, FrameStatus> => {
  const { type } = claim;
  if (!isType(type)) {
    return refused('message_malformed', `type: expected a known one, came ${print(type)}`);
  }
  const message = schemas[type].safeParse(claim);
  if (message.success) return accepted(message.data);
  const [issue] = message.error.issues;
  const path = [type, ...(issue?.path ?? [])].join('.');
  return refused('message_malformed', print(`${path}: ${issue?.message}`));
};

const isType = (type: unknown): type is Message['type'] =>
  typeof type === 'string' && Object.hasOwn(schemas, type);

/** The first characters of something that came from outside. */
const print = (value: unknown): string => String(value).slice(0, 200);
