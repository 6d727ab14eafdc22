/**
 * What may be asked of a node: one table, used by the control server of a running node and by the
 * command line on a node that is not running. Parameters are checked here, once.
 */
import { refused } from '#contracts/outcome.ts';
import type { Node } from '#contracts/node.ts';
import { consensusMethods } from './methods/consensus.ts';
import { disputeMethods } from './methods/disputes.ts';
import { contractMethods } from './methods/contract.ts';
import { gossipMethods } from './methods/gossip.ts';
import { ledgerMethods } from './methods/ledger.ts';
import type { Answer, Methods } from './methods/method.ts';
import { networkMethods } from './methods/network.ts';
import { trustMethods } from './methods/trust.ts';
import { quarantineMethods } from './methods/quarantine.ts';
import { snapshotMethods } from './methods/snapshot.ts';
import { telemetryMethods } from './methods/telemetry.ts';

/** Every method by its name on the wire. */
export const methods: Methods = {
  ...networkMethods,
  ...gossipMethods,
  ...ledgerMethods,
  ...trustMethods,
  ...quarantineMethods,
  ...disputeMethods,
  ...consensusMethods,
  ...snapshotMethods,
  ...telemetryMethods,
  ...contractMethods,
};

/** Whether a method changes something; false for what is no method. */
export const isChange = (name: string): boolean =>
  Object.hasOwn(methods, name) && methods[name]!.changes;

/** Runs a method by name with unchecked parameters. Refuses `method_unknown` and `params_invalid`. */
export const runMethod = async (node: Node, name: string, params: unknown): Promise<Answer> => {
  const found = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (!found) return refused('method_unknown', `no method ${name.slice(0, 64)}`);
  const checked = found.params.safeParse(params ?? {});
  if (!checked.success) {
    const issue = checked.error.issues[0];
    return refused('params_invalid', `${issue?.path.join('.') || 'params'}: ${issue?.message}`);
  }
  return found.run(node, checked.data as never);
};
