/** What `npm run swarm` is asked for: words made into a plan, and impossible ones refused with the reason. */
import { randomInt } from 'node:crypto';
import { Fault } from '#contracts/faults.ts';
import { AMBASSADORS_DEFAULT } from '#contracts/hierarchy.ts';
import { ACCEPTANCE_RULES, LIES, type AcceptanceRule, type Lie } from '#contracts/swarm.ts';
import { LIAR_SHARE_BOUND, smallestCommittee } from '#reference/swarm/sizing/committee.ts';
import { MESSAGE_AGENTS_MAX } from '#reference/swarm/engines/options.ts';
import { quorumOf } from '#reference/swarm/quorum.ts';
import { oneOf, wholeNumber, type Spoken, type Vocabulary } from '../words.ts';

export const ENGINES = ['bulk', 'messages'] as const;
export type Engine = (typeof ENGINES)[number];

/** Every word of the command. */
export const vocabulary: Vocabulary = {
  fanout: { value: 'K', summary: 'agents that each agent contacts in a round', byDefault: '1' },
  engine: {
    value: 'NAME',
    summary: `${ENGINES.join(' or ')}: one certified state in bytes, or agents that send signed messages`,
    byDefault: 'bulk, and messages where a rule or a lie asks for it',
  },
  rule: {
    value: 'NAME',
    summary: `when an agent accepts: ${ACCEPTANCE_RULES.join(', ')}`,
    byDefault: 'relayed-votes with messages',
  },
  lie: { value: 'NAME', summary: `what liars do: ${LIES.join(', ')}`, byDefault: 'silent' },
  liars: { value: 'N', summary: 'how many lie: a count, or a share such as 0.2', byDefault: '0' },
  anyway: { summary: 'with more liars than the rule survives: shows what becomes of the swarm' },
  groups: { value: 'SIZE', summary: 'a hierarchy of groups of this size', byDefault: 'flat' },
  ambassadors: {
    value: 'N',
    summary: 'members of each group that speak for it above',
    byDefault: String(AMBASSADORS_DEFAULT),
  },
  verify: { summary: 'every agent hashes what it accepts (bulk)' },
  seed: { value: 'N', summary: 'replays that very run', byDefault: 'a fresh one' },
  svg: { value: 'FILE', summary: 'writes the chart of the informed share to a file' },
  json: { summary: 'one line of JSON' },
};

/** The chance that a committee's quorum fails, at most. */
export const COMMITTEE_CHANCE_MAX = 1e-9;

export interface Plan {
  readonly agents: number;
  readonly fanOut: number;
  readonly engine: Engine;
  /** Undefined: what spreads is certified already, so that liars can but withhold it. */
  readonly rule: AcceptanceRule | undefined;
  readonly lie: Lie;
  readonly liars: number;
  /** More lie than the rule survives, and it was asked for. */
  readonly isBeyond: boolean;
  readonly groups: { readonly size: number; readonly ambassadors: number } | undefined;
  /** Members, where a committee decides. */
  readonly committee: number | undefined;
  readonly verify: boolean;
  readonly seed: number;
}

const refuse = (reason: string): Fault => new Fault('usage', reason);

export const AGENTS_DEFAULT = 1_000;
/** The largest number that a word may be; memory bounds it before. */
const NUMBER_MAX = 2 ** 31 - 1;
/** What a run may hold at once: a machine on which a course runs has it to spare. */
const MEMORY_BYTES_MAX = 1 << 30;

/** Bytes for an agent: its stamp and three bits, its number among the liars, its hash and place where groups or a committee are drawn. */
const bytesPerAgent = (plan: Plan): number => {
  const liar = plan.liars > 0 ? 4 : 0;
  const group = plan.groups ? 40 : 0;
  return 1 + 3 / 8 + liar + group + (plan.committee === undefined ? 0 : 60);
};

const sizeIn = ({ rest: [text] }: Spoken): number => {
  if (text === undefined) return AGENTS_DEFAULT;
  const digits = text.replaceAll('_', '');
  const agents = /^\d{1,15}$/.test(digits) ? Number(digits) : Number.NaN;
  if (agents >= 2 && agents <= NUMBER_MAX) return agents;
  throw refuse(
    `expected how many agents, from 2 to ${NUMBER_MAX}, such as 1000000, got ${text}; "help" lists the words`,
  );
};

/** A count, or a share of all. */
const liarsIn = ({ values }: Spoken, agents: number): number => {
  const text = values.get('liars') ?? '0';
  const isShare = /^0?\.\d{1,9}$/.test(text);
  const isCount = /^\d{1,10}$/.test(text);
  const liars = isShare ? Math.floor(Number(text) * agents) : Number(text);
  if (!isShare && !isCount) {
    throw refuse(`liars: expected a count, or a share such as 0.2, got ${text}`);
  }
  if (liars >= agents) {
    throw refuse(`liars: expected fewer than all ${agents} agents, got ${liars}`);
  }
  return liars;
};

const groupsIn = (spoken: Spoken, agents: number): Plan['groups'] => {
  if (!spoken.values.has('groups')) {
    if (!spoken.values.has('ambassadors')) return undefined;
    throw refuse('"ambassadors" means nothing without "groups SIZE"');
  }
  const size = wholeNumber(spoken, 'groups', 0, [0, NUMBER_MAX]);
  if (size < 2) {
    throw refuse(`groups: a group of ${size} has nobody to talk to; expected at least 2`);
  }
  if (size > agents) throw refuse(`groups: a group of ${size} is larger than the swarm`);
  const ambassadors = wholeNumber(spoken, 'ambassadors', Math.min(AMBASSADORS_DEFAULT, size), [
    1,
    size,
  ]);
  return { size, ambassadors };
};

const fanOutIn = (spoken: Spoken, agents: number, groups: Plan['groups']): number => {
  const fanOut = wholeNumber(spoken, 'fanout', 1, [0, NUMBER_MAX]);
  if (fanOut === 0) throw refuse('fanout: with 0 nobody contacts anybody; expected at least 1');
  const among = groups?.size ?? agents;
  if (fanOut >= among) {
    const whole = groups ? 'group' : 'swarm';
    throw refuse(
      `fanout: nobody has ${fanOut} others in a ${whole} of ${among}; expected at most ${among - 1}`,
    );
  }
  return fanOut;
};

type Choice = Pick<Plan, 'engine' | 'rule' | 'lie'>;

/** Which engine can play what was asked for. */
const choiceIn = (spoken: Spoken, agents: number, liars: number): Choice => {
  const lie = oneOf(spoken, 'lie', LIES) ?? 'silent';
  const asked = oneOf(spoken, 'rule', ACCEPTANCE_RULES);
  const isCertified = asked === undefined || asked === 'committee';
  const engine =
    oneOf(spoken, 'engine', ENGINES) ?? (isCertified && lie === 'silent' ? 'bulk' : 'messages');
  if (lie !== 'silent' && liars === 0) {
    throw refuse(`lie ${lie}: nobody tells it; say how many with "liars N"`);
  }
  if (engine === 'bulk') {
    if (!isCertified || (lie !== 'silent' && asked === undefined)) {
      throw refuse(
        `the bulk engine spreads one certified state, so that liars can but be silent; for ${asked ?? `lie ${lie}`} say "engine messages"`,
      );
    }
    return { engine, rule: asked, lie };
  }
  if (agents > MESSAGE_AGENTS_MAX && asked !== 'committee') {
    throw refuse(
      `real messages among ${agents} agents: expected at most ${MESSAGE_AGENTS_MAX}; for more, a committee decides and the bulk engine spreads ("rule committee")`,
    );
  }
  return { engine, rule: asked ?? 'relayed-votes', lie };
};

/** Rules with a bound on liars that they are proven to survive. */
const BOUNDED: readonly AcceptanceRule[] = ['direct-votes', 'relayed-votes'];

/** Whether the plan goes beyond what its rule survives; refused unless it was asked for. */
const goesBeyond = (spoken: Spoken, { rule }: Choice, agents: number, liars: number): boolean => {
  if (rule === undefined || !BOUNDED.includes(rule)) return false;
  const { faultsMax } = quorumOf(agents);
  if (liars <= faultsMax) return false;
  if (spoken.values.has('anyway')) return true;
  throw refuse(
    `liars: ${rule} among ${agents} agents survives at most ${faultsMax} liars, got ${liars}; to see what becomes of the swarm add "anyway"`,
  );
};

const committeeOf = (rule: Plan['rule'], agents: number, liars: number): number | undefined => {
  if (rule !== 'committee') return undefined;
  const sized = smallestCommittee({ agents, liars, chanceMax: COMMITTEE_CHANCE_MAX });
  if (!sized.ok) throw refuse(`liars: ${sized.reason}`);
  if (sized.value > MESSAGE_AGENTS_MAX) {
    throw refuse(
      `liars: ${liars} of ${agents} are below the bound of ${LIAR_SHARE_BOUND}, but the committee would be ${sized.value} agents, and at most ${MESSAGE_AGENTS_MAX} can be played`,
    );
  }
  return Math.max(sized.value, Math.min(agents, COMMITTEE_MIN));
};

/** With no liars one member would do: it is drawn no smaller than this, so that there is a vote to see. */
const COMMITTEE_MIN = 4;

/** Reads a plan. Throws Fault `usage` with the reason. */
export const readPlan = (spoken: Spoken): Plan => {
  const agents = sizeIn(spoken);
  const liars = liarsIn(spoken, agents);
  const groups = groupsIn(spoken, agents);
  const fanOut = fanOutIn(spoken, agents, groups);
  const choice = choiceIn(spoken, agents, liars);
  const plan: Plan = {
    agents,
    fanOut,
    ...choice,
    liars,
    isBeyond: goesBeyond(spoken, choice, agents, liars),
    groups,
    committee: committeeOf(choice.rule, agents, liars),
    verify: spoken.values.has('verify'),
    seed: wholeNumber(spoken, 'seed', randomInt(1, 2 ** 31), [0, NUMBER_MAX]),
  };
  const bytes = agents * bytesPerAgent(plan);
  if (bytes > MEMORY_BYTES_MAX) {
    throw refuse(
      `${agents} agents need ${Math.ceil(bytes / 2 ** 20)} MiB; expected at most ${MEMORY_BYTES_MAX / 2 ** 20} MiB`,
    );
  }
  if (plan.verify && plan.engine === 'messages') {
    throw refuse('"verify" is for the bulk engine; with messages everything is verified');
  }
  return plan;
};

/** The words that replay a plan. */
export const replayWords = (plan: Plan): string => {
  const { agents, fanOut, engine, rule, lie, liars, isBeyond, groups, verify, seed } = plan;
  const words = [`npm run swarm ${agents} fanout ${fanOut} engine ${engine}`];
  if (rule !== undefined) words.push(`rule ${rule}`);
  if (liars > 0) words.push(`lie ${lie} liars ${liars}`);
  if (isBeyond) words.push('anyway');
  if (groups) words.push(`groups ${groups.size} ambassadors ${groups.ambassadors}`);
  if (verify) words.push('verify');
  return [...words, `seed ${seed}`].join(' ');
};
