/**
 * A correct agent: digests first, bodies where they differ, and a bound on everything that others may
 * cause. What it knows, and when that is enough, is its holding.
 *
 * Bounds in one round: one contact opened by each sender, `inboxMax` of them in all; one push from whom
 * it asked, and nothing from whom it did not; one pull served to whom it asked. Contacts that it opens
 * itself are not counted in the inbox: liars that fill it cannot keep the agent from asking
 * (Bortnikov et al., "Brahms", 2009, limit pushes for this reason).
 */
import type { AgentNumber, SwarmAgent, SwarmDigest, SwarmMessage } from '#contracts/swarm.ts';
import type { Goods, Holding, Taken } from './holding.ts';

/** Why something was not listened to. */
export const DROPS = ['shunned', 'inbox_full', 'repeated', 'unasked'] as const;
export type Drop = (typeof DROPS)[number];

export interface CorrectAgent extends SwarmAgent {
  readonly holding: Holding;
  /** Who handed over what no correct agent would: it is not listened to any more. */
  shunned(): ReadonlySet<AgentNumber>;
}

export interface AgentOptions {
  readonly holding: Holding;
  /** Contacts that others may open in one round. */
  readonly inboxMax: number;
  readonly dropped?: (why: Drop) => void;
  readonly shuns?: (whom: AgentNumber) => void;
  /** Around what is handed over: begins a piece of work, and is told when it is over. */
  readonly merging?: (from: AgentNumber) => (taken: Taken) => void;
}

/** See the head of the file. */
export const createAgent = (options: AgentOptions): CorrectAgent => {
  const { holding, inboxMax, dropped, shuns, merging } = options;
  const shunned = new Set<AgentNumber>();
  /** Of this round: who opened a contact, who owes a push, who may pull. */
  const openers = new Set<AgentNumber>();
  const pushers = new Set<AgentNumber>();
  const pullers = new Set<AgentNumber>();

  const drop = (why: Drop): readonly SwarmMessage[] => {
    dropped?.(why);
    return [];
  };

  const shun = (whom: AgentNumber): void => {
    if (shunned.has(whom)) return;
    shunned.add(whom);
    shuns?.(whom);
  };

  const push = (from: AgentNumber, digest: SwarmDigest): readonly SwarmMessage[] => {
    const goods = holding.lackedBy(digest, from);
    return goods === undefined ? [] : [{ type: 'push', ...goods }];
  };

  const take = (from: AgentNumber, goods: Goods): void => {
    const done = merging?.(from);
    const taken = holding.take(from, goods);
    if (taken === 'false') shun(from);
    done?.(taken);
  };

  const answer = (from: AgentNumber, digest: SwarmDigest): readonly SwarmMessage[] => {
    const answers = [...push(from, digest)];
    if (holding.wants(digest, from)) {
      pushers.add(from);
      answers.push({ type: 'pull', digest: holding.digest() });
    }
    if (answers.length > 0) return answers;
    return [{ type: 'ack', version: holding.digest().version }];
  };

  return {
    holding,
    begin() {
      holding.freeze();
      for (const { by } of holding.evidence()) shun(by);
      openers.clear();
      pushers.clear();
      pullers.clear();
    },
    open(to) {
      if (shunned.has(to)) return undefined;
      pushers.add(to);
      pullers.add(to);
      return { type: 'push_pull', digest: holding.digest() };
    },
    hear(from, message) {
      if (shunned.has(from)) return drop('shunned');
      switch (message.type) {
        case 'push_pull':
          if (openers.has(from)) return drop('repeated');
          if (openers.size >= inboxMax) return drop('inbox_full');
          openers.add(from);
          return answer(from, message.digest);
        case 'pull':
          return pullers.delete(from) ? push(from, message.digest) : drop('unasked');
        case 'push':
          if (!pushers.delete(from)) return drop('unasked');
          take(from, message);
          return [];
        case 'ack':
          return [];
      }
    },
    held: holding.held,
    shunned: () => shunned,
  };
};
