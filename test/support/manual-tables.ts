/**
 * The tables of the manual, made from the code they speak of. `test/docs/manual.test.ts` holds the
 * manual against them; `UPDATE_MANUAL=1 npx vitest run test/docs` writes them into it.
 */
import { vocabulary } from '#labs/commands/request.ts';
import { subcommands } from '#reference/commands/node/node.ts';
import { plumbing } from '#reference/commands/node/plumbing.ts';
import { EXIT } from '#reference/commands/exit.ts';
import { settingsSchema } from '#reference/config.ts';
import { CONTENT_BYTES_MAX, CONTENT_STATUSES, DEPTH_MAX } from '#contracts/content.ts';
import { CANDIDATES_MAX } from '#contracts/discovery.ts';
import { GOSSIP_EVENTS } from '#contracts/effects.ts';
import { FAULT_CODES } from '#contracts/faults.ts';
import { FRAME_BYTES_MAX, FRAME_STATUSES } from '#contracts/frames.ts';
import { AMOUNT_MAX, LEDGER_STATUSES, PENDING_MAX } from '#contracts/ledger.ts';
import { BATCH_MAX, CLOCK_COMPONENTS_MAX, TOPICS_MAX } from '#contracts/messages.ts';
import { SESSION_EVENTS, TOPIC_EVENTS } from '#contracts/node.ts';
import {
  LINES_MAX,
  MEMO_BYTES_MAX,
  PARENTS_MAX,
  RECORD_BYTES_MAX,
  RECORD_STATUSES,
} from '#contracts/records.ts';
import { BODY_BYTES_MAX } from '#reference/operations/control.ts';
import { methods } from '#reference/operations/methods.ts';
import { QUIC_SETTINGS } from '#reference/transport/quic-settings.ts';
import { BUDGETS } from '#reference/trust/trust.ts';
import { WANTS_MAX } from '#reference/gossip/wants.ts';

type Row = readonly string[];

const escape = (cell: string): string => cell.replaceAll('|', '\\|');

const table = (headings: Row, rows: readonly Row[]): string =>
  [headings, headings.map(() => '---'), ...rows]
    .map((row) => `| ${row.map(escape).join(' | ')} |`)
    .join('\n');

const code = (text: string): string => `\`${text}\``;

const settings = (): string =>
  table(
    ['setting', 'default', 'bounds', 'what it moves'],
    Object.entries(settingsSchema.shape).map(([name, schema]) => {
      const { unit, reason, min, max } = schema.meta() as {
        readonly unit: string;
        readonly reason: string;
        readonly min: number;
        readonly max: number;
      };
      return [code(name), `${schema.parse(undefined)} ${unit}`, `${min} to ${max}`, reason];
    }),
  );

const commands = (): string =>
  table(
    ['subcommand', 'what it does', 'its words'],
    Object.entries(subcommands).map(([name, { usage, summary, words }]) => [
      code(`${name} ${usage}`.trim()),
      summary,
      Object.keys(words)
        .filter((word) => !Object.hasOwn(settingsSchema.shape, word))
        .map(code)
        .join(' '),
    ]),
  );

const plumbings = (): string =>
  table(
    ['plumbing', 'JSON in, JSON out'],
    Object.entries(plumbing.commands).map(([name, { summary }]) => [code(name), summary]),
  );

const labWords = (): string =>
  table(
    ['word', 'what it does'],
    Object.entries(vocabulary).map(([word, { value, summary }]) => [
      code(value === undefined ? word : `${word} ${value}`),
      summary,
    ]),
  );

const limits = (): string =>
  table(
    ['what', 'at most', 'beyond it'],
    [
      ['a value in canonical form', `${CONTENT_BYTES_MAX} bytes`, '`too_large`'],
      ['arrays and objects within each other', String(DEPTH_MAX), '`too_deep`'],
      ['the body of a frame', `${FRAME_BYTES_MAX} bytes`, '`frame_too_large`, the link ends'],
      ['a signed record', `${RECORD_BYTES_MAX} bytes`, '`malformed`'],
      ['parents of a record', String(PARENTS_MAX), '`malformed`'],
      ['lines of an entry', String(LINES_MAX), '`malformed`'],
      ['a memo', `${MEMO_BYTES_MAX} bytes`, '`malformed`'],
      ['an amount', `${AMOUNT_MAX} minor units`, '`overflow`'],
      ['records or ids in one message', String(BATCH_MAX), '`message_malformed`'],
      ['authors in a clock', String(CLOCK_COMPONENTS_MAX), '`message_malformed`'],
      ['topics in one subscription', String(TOPICS_MAX), '`message_malformed`'],
      ['records pending in a ledger', String(PENDING_MAX), 'the oldest is given up'],
      [
        'records of a topic wanted by id',
        String(WANTS_MAX),
        'not noted; a digest brings them later',
      ],
      ['peers heard of by mDNS', String(CANDIDATES_MAX), 'ignored until others expire'],
      ['QUIC handshakes under way', String(QUIC_SETTINGS.acceptsMax), 'they wait for a place'],
      ['streams of a link', '1', 'never opened'],
      ['unread bytes of a link', String(QUIC_SETTINGS.unreadBytesMax), 'the peer has to wait'],
      ['unsent bytes of a link', String(QUIC_SETTINGS.unsentBytesMax), 'they wait in the session'],
      ['a request to the control server', `${BODY_BYTES_MAX} bytes`, 'HTTP 413'],
    ],
  );

const budgets = (): string =>
  table(
    ['class', 'bytes in one pull', 'subscriptions'],
    Object.entries(BUDGETS).map(([name, budget]) => [
      name,
      String(budget.pullBytesMax),
      String(budget.subscriptionsMax),
    ]),
  );

const list = (statuses: readonly string[]): string =>
  statuses.map((status, index) => `${index + 1}. ${code(status)}`).join('\n');

const methodTable = (): string =>
  table(
    ['method', 'what it answers'],
    Object.entries(methods).map(([name, { summary }]) => [code(name), summary]),
  );

const exits = (): string =>
  table(
    ['exit code', 'meaning'],
    [
      [String(EXIT.ok), 'done, or every law held'],
      [String(EXIT.failed), 'failed or refused; the status says why'],
      [String(EXIT.inconclusive), 'unknown or blocked'],
      [String(EXIT.unfinished), 'still a stub'],
      [String(EXIT.environment), 'the environment cannot run it'],
      [String(EXIT.defect), 'a defect of the kit itself'],
      [String(EXIT.stalled), 'no law was broken, but nodes never agreed'],
      [String(EXIT.usage), 'wrong usage'],
      [String(EXIT.interrupted), 'interrupted: Ctrl-C'],
    ],
  );

/** Every table by the name that marks its place in the manual. */
export const manualTables: { readonly [name: string]: () => string } = {
  commands,
  plumbing: plumbings,
  'lab words': labWords,
  settings,
  limits,
  budgets,
  exits,
  methods: methodTable,
  'content statuses': () => list(CONTENT_STATUSES),
  'frame statuses': () => list(FRAME_STATUSES),
  'record statuses': () => list(RECORD_STATUSES),
  'ledger statuses': () => list(LEDGER_STATUSES),
  'gossip events': () => list(GOSSIP_EVENTS),
  'topic events': () => list(TOPIC_EVENTS),
  'session events': () => list(SESSION_EVENTS),
  'fault codes': () => list(FAULT_CODES),
};
