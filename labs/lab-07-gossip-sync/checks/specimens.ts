/**
 * Specimens: the reference's gossip with one fault each, put on from outside. They are what `explain`
 * asks a witness against, and what is planted in a cluster for `debug`.
 */
import type { Effect } from '#contracts/effects.ts';
import type { CreateGossip, Gossip } from '#contracts/gossip.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { Json } from '#contracts/identifiers.ts';
import type { TopicMessage } from '#contracts/messages.ts';
import { create as createReference } from '#reference/gossip/gossip.ts';

/** Changes what a gossip says. */
const saying =
  (keeps: (message: TopicMessage) => boolean): CreateGossip =>
  (options) => {
    const inner = createReference(options);
    const filter = (effects: readonly Effect[]): readonly Effect[] =>
      effects.filter(
        (each) => (each.effect !== 'send' && each.effect !== 'broadcast') || keeps(each.message),
      );
    return wrap(inner, filter, (peer, message, now) => inner.receive(now, peer, message));
  };

/** Changes what a gossip hears. */
const hearing =
  (heard: (message: TopicMessage, inner: Gossip) => TopicMessage | undefined): CreateGossip =>
  (options) => {
    const inner = createReference(options);
    return wrap(
      inner,
      (effects) => effects,
      (peer, message, now) => {
        const changed = heard(message, inner);
        return changed ? inner.receive(now, peer, changed) : [];
      },
    );
  };

const wrap = (
  inner: Gossip,
  filter: (effects: readonly Effect[]) => readonly Effect[],
  receive: (peer: Did, message: TopicMessage, now: number) => readonly Effect[],
): Gossip => ({
  ...inner,
  get knowledge() {
    return inner.knowledge;
  },
  start: (now) => filter(inner.start(now)),
  publish: (now, record) => filter(inner.publish(now, record)),
  import: (now, records) => filter(inner.import(now, records)),
  joined: (now, peer) => filter(inner.joined(now, peer)),
  left: (now, peer) => filter(inner.left(now, peer)),
  receive: (now, peer, message) => filter(receive(peer, message, now)),
  elapsed: (now, timer) => filter(inner.elapsed(now, timer)),
});

/** Counts the largest number that it has seen of an author as everything up to there. */
const countsOverHoles: CreateGossip = (options) => {
  const largest = new Map<Did, number>();
  const { reconciliation } = options;
  const note = (claims: readonly Json[]): void => {
    for (const claim of claims) {
      const { author, sequence } = claim as { readonly author?: Did; readonly sequence?: number };
      if (author === undefined || sequence === undefined) continue;
      largest.set(author, Math.max(sequence, largest.get(author) ?? 0));
    }
  };
  const inner = createReference({
    ...options,
    reconciliation: {
      ...reconciliation,
      request(knowledge, digest) {
        const wish = reconciliation.request(knowledge, digest);
        const ranges = wish.ranges.filter(({ author, to }) => to > (largest.get(author) ?? 0));
        return { ...wish, ranges };
      },
    },
  });
  const silent = (effects: readonly Effect[]): readonly Effect[] =>
    effects.filter((each) => each.effect !== 'send' || each.message.type !== 'request');
  return wrap(inner, silent, (peer, message, now) => {
    if ('records' in message) note(message.records);
    return inner.receive(now, peer, message);
  });
};

const linksMissing = (claim: Json, { knowledge }: Gossip): boolean => {
  const { previous, parents } = claim as { previous: never; parents: readonly never[] };
  return [previous, ...parents].some((id) => id !== null && !knowledge.has(id));
};

/** Every fault by its name: what `debug` answers with. The sentence says what the node does. */
export const FAULTS = {
  'counts-over-holes': {
    layer: 'clock',
    does: 'takes the largest number it has seen of an author for everything up to there',
    create: countsOverHoles,
  },
  'deaf-to-digests': {
    layer: 'pull',
    does: 'hears digests and never asks for anything',
    create: hearing((message) => (message.type === 'digest' ? undefined : message)),
  },
  'never-says-what-it-holds': {
    layer: 'pull',
    does: 'says no digest',
    create: saying(({ type }) => type !== 'digest'),
  },
  'refuses-to-serve': {
    layer: 'pull',
    does: 'answers no pull',
    create: saying(({ type }) => type !== 'pull-response'),
  },
  'never-pushes': {
    layer: 'push',
    does: 'announces nothing',
    create: saying(({ type }) => type !== 'announce'),
  },
  'drops-what-waits': {
    layer: 'wait',
    does: 'drops an announced entry if something that it names is missing',
    create: hearing((message, inner) =>
      message.type === 'announce'
        ? { ...message, records: message.records.filter((claim) => !linksMissing(claim, inner)) }
        : message,
    ),
  },
} as const satisfies {
  readonly [name: string]: {
    readonly layer: 'clock' | 'push' | 'wait' | 'pull';
    readonly does: string;
    readonly create: CreateGossip;
  };
};

export type Fault = keyof typeof FAULTS;
export type Layer = (typeof FAULTS)[Fault]['layer'];
