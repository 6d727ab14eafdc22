/**
 * The tables of the manual, made from the code they speak of. `test/docs/manual.test.ts` holds the
 * manual against them; `UPDATE_MANUAL=1 npx vitest run test/docs` writes them into it.
 */
import { vocabulary } from '#labs/commands/request.ts';
import { END_MS_MAX } from '#reference/commands/node/daemon/daemon.ts';
import { subcommands } from '#reference/commands/node/node.ts';
import { plumbing } from '#reference/commands/node/verbs/plumbing.ts';
import { EXIT } from '#reference/commands/exit.ts';
import { settingsSchema } from '#reference/config.ts';
import {
  ABSTENTIONS,
  HEADS_MAX,
  PROPOSE_STATUSES,
  STEWARDS_MAX,
  VOTE_STATUSES,
} from '#contracts/certificates.ts';
import { VERIFY_STATUSES } from '#reference/node/council/certificate-file.ts';
import { CONTENT_BYTES_MAX, CONTENT_STATUSES, DEPTH_MAX } from '#contracts/content.ts';
import {
  CONTRACT_STATUSES,
  DOCUMENT_BYTES_MAX,
  FUEL_MAX,
  NODES_MAX,
  RUN_STATUSES,
  VALUE_WEIGHT_MAX,
} from '#contracts/contract-language.ts';
import { CANDIDATES_MAX } from '#contracts/discovery.ts';
import { GOSSIP_EVENTS } from '#contracts/effects.ts';
import { FAULT_CODES } from '#contracts/faults.ts';
import { FRAME_BYTES_MAX, FRAME_STATUSES } from '#contracts/frames.ts';
import { AMOUNT_MAX, DISPUTE_STATES, LEDGER_STATUSES, PENDING_MAX } from '#contracts/ledger.ts';
import {
  BATCH_MAX,
  CLOCK_COMPONENTS_MAX,
  FILTER_BITS_MAX,
  PREFIXES_MAX,
  TOPICS_MAX,
} from '#contracts/messages.ts';
import { KEEPER_EVENTS, RELEASE_STATUSES, SESSION_EVENTS, TOPIC_EVENTS } from '#contracts/node.ts';
import {
  LINES_MAX,
  MEMO_BYTES_MAX,
  PARENTS_MAX,
  RECORD_BYTES_MAX,
  RECORD_STATUSES,
} from '#contracts/records.ts';
import {
  QUARANTINE_BYTES_MAX,
  QUARANTINE_ITEMS_MAX,
  QUARANTINE_REASONS,
  QUARANTINE_SHARES,
  QUARANTINE_TTL_MS,
  statusesOf,
} from '#contracts/quarantine.ts';
import {
  SNAPSHOT_BYTES_MAX,
  SNAPSHOT_MEMBERS_MAX,
  SNAPSHOT_STATUSES,
} from '#contracts/snapshot.ts';
import { RATIO_MAX } from '#reference/frames/packing.ts';
import { CHANGE_MS_MAX, CHANGES_WAITING_MAX } from '#reference/operations/changes.ts';
import { BODY_BYTES_MAX } from '#reference/operations/control.ts';
import {
  SESSION_WORDS_MAX,
  SESSION_WORD_SPACING_MS,
  SLIP_SPACING_MS,
  SLIPS_MAX,
} from '#reference/node/peers/session.ts';
import { readSettings } from '#reference/config.ts';
import { strangersMaxOf } from '#reference/node/peers/peering.ts';
import { BATCH_REQUESTS_MAX } from '#reference/operations/json-rpc.ts';
import { methods } from '#reference/operations/methods.ts';
import {
  EVENT_BYTES_KEPT_MAX,
  EVENTS_KEPT_MAX,
  STREAMS_MAX,
} from '#reference/operations/stream.ts';
import { LABEL_VALUES_MAX, SPANS_MAX } from '#reference/telemetry/book.ts';
import { LINES_MAX as LOG_LINES_MAX, SPAN_MS } from '#reference/host/log-rate.ts';
import { PEERS_NAMED_MAX } from '#reference/node/operator/observing.ts';
import { ANNOUNCE_WINDOW_MS } from '#reference/node/peers/herald.ts';
import {
  EVENT_BYTES_WAITING_MAX,
  EVENT_MS_MAX,
  EVENTS_WAITING_MAX,
} from '#reference/operations/watcher.ts';
import { QUIC_SETTINGS } from '#reference/transport/quic/settings.ts';
import {
  BUDGETS,
  CONDUCTS_MAX,
  STATEMENTS_PER_AUTHOR_MAX,
  STRANGERS_MAX,
} from '#contracts/trust.ts';
import {
  SUBSCRIPTION_WORDS_MAX,
  SUBSCRIPTION_WORD_SPACING_MS,
} from '#reference/node/peers/rates.ts';
import { telemetryTables } from './telemetry-tables.ts';
import { WEBTRANSPORT_SETTINGS } from '#reference/transport/webtransport/settings.ts';
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
      ['stewards at one time', `${STEWARDS_MAX}`, 'the decision is malformed'],
      ['chains that one checkpoint moves', `${HEADS_MAX}`, 'the rest goes with the next'],
      ['a value in canonical form', `${CONTENT_BYTES_MAX} bytes`, '`too_large`'],
      ['arrays and objects within each other', String(DEPTH_MAX), '`too_deep`'],
      ['the body of a frame', `${FRAME_BYTES_MAX} bytes`, '`frame_too_large`, the link ends'],
      ['a signed record', `${RECORD_BYTES_MAX} bytes`, '`malformed`'],
      ['parents of a record', String(PARENTS_MAX), '`malformed`'],
      ['lines of an entry', String(LINES_MAX), '`malformed`'],
      ['a memo', `${MEMO_BYTES_MAX} bytes`, '`malformed`'],
      ['an amount', `${AMOUNT_MAX} minor units`, '`overflow`'],
      ['records or ids in one message', String(BATCH_MAX), '`message_malformed`'],
      ['bits of a filter', String(FILTER_BITS_MAX), '`message_malformed`'],
      ['prefixes in one comparison of ranges', String(PREFIXES_MAX), '`message_malformed`'],
      ['what a packed body inflates to', `${RATIO_MAX} times itself`, '`message_malformed`'],
      ['authors in a clock', String(CLOCK_COMPONENTS_MAX), '`message_malformed`'],
      ['topics in one subscription', String(TOPICS_MAX), '`message_malformed`'],
      ['records pending in a ledger', String(PENDING_MAX), 'the oldest is given up'],
      ['items in quarantine', String(QUARANTINE_ITEMS_MAX), 'the oldest leaves'],
      ['their bytes in the store', String(QUARANTINE_BYTES_MAX), 'the oldest leaves'],
      [
        'the part of one author, and of one peer',
        `1/${QUARANTINE_SHARES}`,
        'the oldest of that part leaves',
      ],
      ['an item in quarantine', `${QUARANTINE_TTL_MS} ms`, 'it is not there any more'],
      [
        'announcements to a peer about a topic',
        `1 in ${ANNOUNCE_WINDOW_MS} ms`,
        'what comes more goes in one message',
      ],
      [
        'records of a topic wanted by id',
        String(WANTS_MAX),
        'not noted; a digest brings them later',
      ],
      [
        'statements of trust by one author',
        String(STATEMENTS_PER_AUTHOR_MAX),
        'the oldest counts no more',
      ],
      [
        'authors of such whom nobody here trusts',
        String(STRANGERS_MAX),
        'the first to come is forgotten',
      ],
      ['peers whose conduct is remembered', String(CONDUCTS_MAX), 'the oldest is forgotten'],
      [
        'subscription messages of one peer',
        `${SUBSCRIPTION_WORDS_MAX} at once, then one in ${SUBSCRIPTION_WORD_SPACING_MS} ms`,
        '`rate_exceeded`',
      ],
      [
        'hellos and pings of one link',
        `${SESSION_WORDS_MAX} at once, then one in ${SESSION_WORD_SPACING_MS} ms`,
        '`session_too_often`',
      ],
      [
        'frames of a link that are no message',
        `${SLIPS_MAX} at once, then one in ${SLIP_SPACING_MS} ms`,
        'the link ends',
      ],
      [
        'places of strangers among the links',
        String(strangersMaxOf(readSettings().peering.linksMax)),
        'the newest stranger is refused: `stranger_refused`',
      ],
      ['peers heard of by mDNS', String(CANDIDATES_MAX), 'ignored until others expire'],
      ['QUIC handshakes under way', String(QUIC_SETTINGS.acceptsMax), 'they wait for a place'],
      ['streams of a link', '1', 'never opened'],
      ['unread bytes of a link', String(QUIC_SETTINGS.unreadBytesMax), 'the peer has to wait'],
      ['unsent bytes of a link', String(QUIC_SETTINGS.unsentBytesMax), 'they wait in the session'],
      ['a snapshot', `${SNAPSHOT_BYTES_MAX} bytes`, 'not written; `damaged` where it is read'],
      [
        'members of one list in a snapshot',
        String(SNAPSHOT_MEMBERS_MAX),
        'not written; `damaged` where it is read',
      ],
      [
        'WebTransport connections that are no links yet',
        String(WEBTRANSPORT_SETTINGS.handshakesMax),
        'closed at once',
      ],
      [
        'bytes under way on a link over WebTransport',
        String(WEBTRANSPORT_SETTINGS.windowBytes),
        'the peer has to wait',
      ],
      [
        'bytes of a link over WebTransport that nobody has opened',
        String(WEBTRANSPORT_SETTINGS.unreadBytesMax),
        '`overflow`, the link ends',
      ],
      ['a request to the control server', `${BODY_BYTES_MAX} bytes`, 'HTTP 413'],
      ['requests in one batch', String(BATCH_REQUESTS_MAX), 'the batch is refused'],
      ['watchers of events', String(STREAMS_MAX), 'HTTP 503'],
      [
        'events kept for who comes back',
        `${EVENTS_KEPT_MAX}, ${EVENT_BYTES_KEPT_MAX} bytes`,
        'the oldest leave; `missed` is told',
      ],
      ['values of a label', String(LABEL_VALUES_MAX), 'added up as `other`'],
      ['peers named in a metric', String(PEERS_NAMED_MAX), 'one value as `other`'],
      ['spans kept of each name', String(SPANS_MAX), 'the oldest leave'],
      [
        `log lines of an event in ${SPAN_MS / 1_000} s`,
        String(LOG_LINES_MAX),
        'left out and counted',
      ],
      ['changes that wait for their turn', String(CHANGES_WAITING_MAX), '`busy`'],
      ['from a change asked for to its answer', `${CHANGE_MS_MAX} ms`, '`deadline_exceeded`'],
      [
        'events that wait for a slow watcher',
        `${EVENTS_WAITING_MAX}, ${EVENT_BYTES_WAITING_MAX} bytes`,
        'left out; the stream names the gap',
      ],
      ['how long an event waits for its watcher', `${EVENT_MS_MAX} ms`, 'the stream is ended'],
      ['the document of a contract', `${DOCUMENT_BYTES_MAX} bytes`, '`document_invalid`'],
      ['expressions and statements of a contract', String(NODES_MAX), '`too_many_nodes`'],
      ['steps of one run of a rule', String(FUEL_MAX), '`fuel_exhausted`'],
      ['a value in a contract, and all within it', String(VALUE_WEIGHT_MAX), '`value_too_large`'],
      ['from the wish to end to the end', `${END_MS_MAX} ms`, 'given up, exit code 1'],
    ],
  );

const budgets = (): string =>
  table(
    [
      'class',
      'bytes in one pull',
      'pulls at a time',
      'back-off in ms',
      'subscriptions',
      'messages a second',
      'at once',
    ],
    Object.entries(BUDGETS).map(([name, budget]) => [
      name,
      String(budget.pullBytesMax),
      String(budget.pullsMax),
      `${budget.backOffMsMin} to ${budget.backOffMsMax}`,
      String(budget.subscriptionsMax),
      String(budget.messagesPerSecondMax),
      String(budget.messagesBurstMax),
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

const reasons = (): string =>
  table(
    ['reason', 'for the statuses'],
    QUARANTINE_REASONS.map((reason) => [code(reason), statusesOf(reason).map(code).join(' ')]),
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
  'dispute states': () => list(DISPUTE_STATES),
  'quarantine reasons': reasons,
  'release statuses': () => list(RELEASE_STATUSES),
  'propose statuses': () => list(PROPOSE_STATUSES),
  'vote statuses': () => list(VOTE_STATUSES),
  abstentions: () => list(ABSTENTIONS),
  'certificate file statuses': () => list(VERIFY_STATUSES),
  ...Object.fromEntries(
    Object.entries(telemetryTables).map(([name, make]) => [name, () => table(...make())]),
  ),
  'gossip events': () => list(GOSSIP_EVENTS),
  'topic events': () => list(TOPIC_EVENTS),
  'session events': () => list(SESSION_EVENTS),
  'keeper events': () => list(KEEPER_EVENTS),
  'snapshot statuses': () => list(SNAPSHOT_STATUSES),
  'contract statuses': () => list(CONTRACT_STATUSES),
  'run statuses': () => list(RUN_STATUSES),
  'fault codes': () => list(FAULT_CODES),
};
