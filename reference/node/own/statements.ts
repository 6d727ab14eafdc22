/** Statements: what a person says through the node, signed, published and acknowledged. */
import { ledgerTopic, TRUST_TOPIC } from '#contracts/identifiers.ts';
import type { AttestStatus, Node, PublishStatus } from '#contracts/node.ts';
import type { Attestations } from './attestations.ts';
import type { Author } from './author.ts';
import type { Publish } from './publisher.ts';

export type Statements = Pick<Node, 'pay' | 'enter' | 'publish' | 'attest' | 'dispute'>;

export const createStatements = (
  author: Author,
  attestations: Attestations,
  publish: Publish,
): Statements => ({
  pay: (payment) => publish(ledgerTopic(payment.currency), () => author.pay(payment)),
  enter: (currency, body) => publish(ledgerTopic(currency), () => author.enter(currency, body)),
  publish: (topic, text) =>
    publish<PublishStatus>(topic, () => author.say('icn/note/1', topic, { text })),
  attest: async (subject, score, days) =>
    attestations.objection(subject, score, days) ??
    publish<AttestStatus>(TRUST_TOPIC, () =>
      author.say('icn/trust/1', TRUST_TOPIC, attestations.body(subject, score, days)),
    ),
  dispute: (topic, entry, reason) => publish(topic, () => author.dispute(topic, entry, reason)),
});
