/**
 * The script of the live page. It asks the node over JSON-RPC, listens to its events, and shows both.
 *
 * All it shows may have been written by a stranger: a name, a memo, a topic. So it makes text nodes and
 * nothing else, and shows a bounded number of rows whatever it is told.
 */

/** @typedef {{ readonly [name: string]: any }} Row */

const ROWS_MAX = 200;
const EVENTS_MAX = 200;
const CELL_CHARACTERS_MAX = 500;
/** Between two questions while events arrive, and while nothing happens. */
const ASK_BUSY_MS = 500;
const ASK_IDLE_MS = 5_000;
/** Between two tries to reach a node that does not answer; doubles. */
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 10_000;

const KEY = 'murmuration-token';

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {unknown} value */
const textOf = (value) => {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > CELL_CHARACTERS_MAX ? `${text.slice(0, CELL_CHARACTERS_MAX)}...` : text;
};

/**
 * @param {string} tag
 * @param {string} text
 * @param {string} [name]
 */
const make = (tag, text, name) => {
  const made = document.createElement(tag);
  made.textContent = text;
  if (name !== undefined) made.className = name;
  return made;
};

/**
 * A table of the first rows, and how many more there are.
 * @param {readonly string[]} headings
 * @param {readonly (readonly unknown[])[]} rows
 * @param {number} [total]
 */
const table = (headings, rows, total = rows.length) => {
  const made = document.createElement('table');
  const head = made.createTHead().insertRow();
  for (const heading of headings) head.append(make('th', heading));
  const body = made.createTBody();
  for (const row of rows.slice(0, ROWS_MAX)) {
    const line = body.insertRow();
    for (const cell of row) {
      const text = textOf(cell);
      line.append(make('td', text, /^[+-]?[\d.]+$/.test(text) ? 'number' : undefined));
    }
  }
  const more = total - Math.min(rows.length, ROWS_MAX);
  return more > 0 ? [made, make('p', `and ${more} more`, 'more')] : [made];
};

/**
 * @param {string} text
 * @param {boolean} trouble
 */
const tellState = (text, trouble) => {
  const state = element('state');
  state.textContent = text;
  state.toggleAttribute('data-trouble', trouble);
};

const session = {
  token: '',
  /** Something happened since the tables were drawn. */
  changed: true,
  /** Of the last event that was heard: where to go on after a break. */
  lastEventId: '',
};

class Unauthorised extends Error {}

/**
 * @param {string} path
 * @param {Record<string, string>} headers
 * @param {string} [body] makes it a POST
 */
const request = async (path, headers, body) => {
  const response = await fetch(path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...headers, authorization: `Bearer ${session.token}` },
    body: body ?? null,
  });
  if (response.status === 401) throw new Unauthorised();
  if (!response.ok) throw new Error(`the node answered ${response.status}`);
  return response;
};

/**
 * Several questions at once; undefined where one was refused.
 * @param {readonly (readonly [string, object])[]} questions
 * @returns {Promise<any[]>}
 */
const ask = async (questions) => {
  const batch = questions.map(([method, params], id) => ({ jsonrpc: '2.0', id, method, params }));
  const response = await request('/rpc', {}, JSON.stringify(batch));
  const answers = /** @type {readonly Row[]} */ (await response.json());
  return answers.map((answer) => answer['result']);
};

/** @param {Row} report */
const showDecision = (report) => {
  const rows = Object.entries(report).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.length : value,
  ]);
  element('decision').replaceChildren(...table(['', ''], rows));
};

const refresh = async () => {
  const [status, peers, topics, decision] = await ask([
    ['network.status', {}],
    ['network.peers', {}],
    ['gossip.topics', {}],
    ['ledger.merge.report', {}],
  ]);
  element('name').textContent = textOf(`${status.name} in ${status.network.name}`);
  element('peers').replaceChildren(
    ...table(
      ['peer', 'address', 'round trip ms', 'did'],
      peers.map((/** @type {Row} */ row) => [row.name, row.address, row.roundTripMs, row.did]),
    ),
  );
  element('topics').replaceChildren(
    ...table(
      ['topic', 'records', 'authors', 'waiting', 'forked', 'fingerprint'],
      topics.map((/** @type {Row} */ row) => [
        row.topic,
        row.records,
        row.authors,
        row.waiting,
        row.forked.length,
        row.fingerprint.slice(0, 16),
      ]),
    ),
  );
  element('decision-section').hidden = !decision;
  if (decision) showDecision(decision);
  await showBalances(topics);
};

/** @param {readonly Row[]} topics */
const showBalances = async (topics) => {
  const currencies = topics
    .map(({ topic }) => /^ledger:(.*)$/.exec(topic)?.[1])
    .filter((currency) => currency !== undefined)
    .slice(0, 8);
  const answers = await ask(currencies.map((currency) => ['ledger.balance', { currency }]));
  const parts = answers
    .filter((answer) => answer !== undefined)
    .flatMap((answer) => [
      ...table(
        ['account', `balance, ${textOf(answer.currency)}`, 'may owe', 'did'],
        answer.accounts
          .slice(0, ROWS_MAX)
          .map((/** @type {Row} */ row) => [row.name, row.balance, row.limit, row.did]),
        answer.accounts.length,
      ),
      make('p', `sum ${textOf(answer.sum)}`, 'more'),
    ]);
  element('balances').replaceChildren(...parts);
};

/** @param {Row} event */
const showEvent = (event) => {
  const { event: what, ...rest } = event;
  const time = new Date().toISOString().slice(11, 19);
  const facts = Object.entries(rest).map(([name, value]) => `${name} ${textOf(value)}`);
  const list = element('events');
  list.prepend(make('li', `${time} ${textOf(what)} ${facts.join(', ')}`));
  while (list.childElementCount > EVENTS_MAX) list.lastElementChild?.remove();
};

/** Hears events until the stream ends. */
const listen = async () => {
  /** @type {Record<string, string>} */
  const headers = session.lastEventId === '' ? {} : { 'last-event-id': session.lastEventId };
  const response = await request('/events', headers);
  tellState('live', false);
  const reader = /** @type {ReadableStream<BufferSource>} */ (response.body)
    .pipeThrough(new TextDecoderStream())
    .getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (text + value).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) hear(block);
  }
};

/** @param {string} block */
const hear = (block) => {
  for (const line of block.split('\n')) {
    if (line.startsWith('id: ')) session.lastEventId = line.slice(4);
    if (line.startsWith('data: ')) {
      showEvent(JSON.parse(line.slice(6)));
      session.changed = true;
    }
  }
};

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Does something again and again, with a longer pause after each failure in a row. Ends with the token.
 * @param {() => Promise<void>} work
 */
const again = async (work) => {
  let retryMs = RETRY_MS_MIN;
  while (session.token !== '') {
    try {
      await work();
      retryMs = RETRY_MS_MIN;
    } catch (error) {
      if (error instanceof Unauthorised)
        return askForToken('this token is not the one of the node');
      tellState(`the node does not answer; next try in ${retryMs / 1000} s`, true);
    }
    await pause(retryMs);
    retryMs = Math.min(2 * retryMs, RETRY_MS_MAX);
  }
};

/** Asks soon after something happened, and now and then while nothing does. */
const keepFresh = async () => {
  await refresh();
  session.changed = false;
  for (let waitedMs = 0; waitedMs < ASK_IDLE_MS && !session.changed; waitedMs += ASK_BUSY_MS) {
    await pause(ASK_BUSY_MS);
  }
};

/** @param {string} given */
const begin = (given) => {
  session.token = given;
  sessionStorage.setItem(KEY, given);
  element('ask').hidden = true;
  element('main').hidden = false;
  void again(listen);
  void again(keepFresh);
};

/** @param {string} state */
const askForToken = (state) => {
  session.token = '';
  sessionStorage.removeItem(KEY);
  element('main').hidden = true;
  element('ask').hidden = false;
  tellState(state, state !== '');
};

element('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (element('token'));
  begin(field.value.trim());
  field.value = '';
});

// The token comes behind the # and leaves the address bar at once; a fragment is never sent anywhere.
const given = location.hash.slice(1);
if (given !== '') history.replaceState(null, '', location.pathname);
const known = given || sessionStorage.getItem(KEY) || '';
if (known === '') askForToken('');
else begin(known);
