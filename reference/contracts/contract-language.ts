/**
 * The contract language: agreements about transfers, as a JSON document that everybody reads alike.
 *
 * A contract has rules, and a rule moves units of one currency between accounts and changes the contract's
 * state. Running one is a function: the document, the state, the call and its time go in; a state and the
 * lines of one journal entry come out, or a refusal and nothing. The interpreter has no clock, no chance and no
 * loop without a list to walk along; every step costs fuel, every value has a bound, lists are walked in
 * order and maps by key. So every node comes to the same result, or to the same refusal.
 *
 * A transfer names who **provided** a service and who **received** it: the provider is debited (its balance
 * rises, it is owed), the receiver is credited (its balance falls, it owes). All transfers of a run are one
 * entry; only accounts that the call has a capability for may fall by it, and exactly one falls: the payer, who
 * signs.
 */
import type { Content } from './content.ts';
import type { Did, Json } from './identifiers.ts';
import type { Outcome } from './outcome.ts';
import type { EntryLine } from './records.ts';

/** Why a document is no contract: the first problem from top to bottom. */
export const CONTRACT_STATUSES = [
  /** Canonical text above DOCUMENT_BYTES_MAX, or no canonical form. */
  'document_invalid',
  /** Not the keys, the types or the counts that stand here. */
  'malformed',
  /** No NAME_PATTERN. */
  'name_invalid',
  /** Said twice. */
  'name_taken',
  /** A variable or a state that nothing above it has named. */
  'name_unknown',
  /** An expression or a statement that the language does not have. */
  'node_unknown',
  /** More than NODES_MAX. */
  'too_many_nodes',
  /** A literal that is no value, or one above the bounds of values. */
  'value_invalid',
] as const;
/** One of CONTRACT_STATUSES. */
export type ContractStatus = (typeof CONTRACT_STATUSES)[number];

/** Why a run came to nothing: the first that occurs. Neither the state nor the ledger has changed then. */
export const RUN_STATUSES = [
  'rule_unknown',
  'caller_not_participant',
  'argument_invalid',
  'requirement_failed',
  'fuel_exhausted',
  'type_mismatch',
  'integer_overflow',
  'division_by_zero',
  'key_unknown',
  'value_too_large',
  'participant_unknown',
  'amount_not_positive',
  'transfer_to_self',
  /** An account would fall that the call has no capability for, or by more than it allows. */
  'not_permitted',
  /** More than one account would fall. */
  'payers_differ',
  'too_many_lines',
] as const;
/** One of RUN_STATUSES. */
export type RunStatus = (typeof RUN_STATUSES)[number];

/** Names of contracts, rules, parameters, states and variables. */
export const NAME_PATTERN = /^[a-z][A-Za-z0-9]{0,31}$/;
/** Canonical text of a document, in bytes. */
export const DOCUMENT_BYTES_MAX = 65_536;
/** Expressions and statements of one document. */
export const NODES_MAX = 4_096;
/** Accounts that a document names as participants. */
export const PARTICIPANTS_MAX = 100;
/** States of one contract. */
export const STATES_MAX = 64;
/** Rules of one contract. */
export const RULES_MAX = 64;
/** Parameters of one rule. */
export const PARAMETERS_MAX = 16;
/** Steps of one run: each expression, statement and turn of a loop, and each part that a whole is copied from. */
export const FUEL_MAX = 10_000;
/** A value and all within it; every 32 characters of a string count as one more. */
export const VALUE_WEIGHT_MAX = 1_024;
/** Lists and maps within each other. */
export const VALUE_DEPTH_MAX = 8;

/** Types that a value may have; a list and a map hold values of any. */
export const VALUE_TYPES = ['integer', 'string', 'boolean', 'did', 'list', 'map'] as const;
/** One of VALUE_TYPES. */
export type ValueType = (typeof VALUE_TYPES)[number];

/** `amount`: an integer above 0, in minor units; people type it as they type amounts. */
export const PARAMETER_TYPES = [...VALUE_TYPES, 'amount'] as const;
/** One of PARAMETER_TYPES. */
export type ParameterType = (typeof PARAMETER_TYPES)[number];

/** One parameter of a rule: what an argument is called, and what it must be. */
export interface Parameter {
  readonly name: string;
  readonly type: ParameterType;
}

/**
 * A value as JSON: one key, which is its type. `{"integer":"-5"}`, in the signed 64-bit range;
 * `{"string":"x"}`, `{"boolean":true}`, `{"did":"did:key:..."}`, `{"list":[value, ...]}`,
 * `{"map":{"key":value}}`.
 */
export type JsonValue = { readonly [Type in ValueType]?: Json };

/** The state of a contract, by name. */
export type ContractState = { readonly [name: string]: JsonValue };

/** How far an account may fall by one run, in minor units. */
export interface Capability {
  readonly account: Did;
  readonly fallsMax: bigint;
}

/** Who calls which rule, with what, when, and what it may cost. */
export interface Call {
  readonly rule: string;
  /** Values by the names of the rule's parameters, all of them and nothing else. */
  readonly arguments: { readonly [name: string]: Json };
  readonly caller: Did;
  /** Milliseconds since 1970: the rule's only clock. */
  readonly time: number;
  readonly capabilities: readonly Capability[];
  /** FUEL_MAX unless told. */
  readonly fuelMax?: number;
}

/** What a run comes to. */
export interface Effects {
  readonly state: ContractState;
  /** Balanced, sorted by account, one line an account, exactly one of them a credit. Empty: nothing moves. */
  readonly accounts: readonly EntryLine[];
  readonly fuelUsed: number;
}

/** A document that was read: checked once, run as often as wanted. */
export interface Contract {
  /** Hash of the document's canonical text: what an entry names. */
  readonly id: string;
  readonly name: string;
  /** Who may call and be named in a transfer; undefined: everybody. */
  readonly participants: readonly Did[] | undefined;
  readonly currency: string;
  readonly rules: readonly { readonly name: string; readonly parameters: readonly Parameter[] }[];
  /** The state that the document begins with. */
  readonly initial: ContractState;
  /** Never changes what it is given. Throws for a state that no run of this contract gave: a bug of the caller. */
  run(state: ContractState, call: Call): Outcome<Effects, RunStatus>;
}

/** The language: documents in, contracts out. */
export interface ContractLanguage {
  /** Checks a document once and whole, so that a run meets no surprise in it. */
  read(document: Json): Outcome<Contract, ContractStatus>;
}

/** What the language stands on: canonical text, and how to tell a DID. */
export interface ContractLanguageOptions {
  readonly content: Content;
  readonly isDid: (text: string) => boolean;
}

/** Makes the language. */
export type CreateContractLanguage = (options: ContractLanguageOptions) => ContractLanguage;
