/** What happens on a node, as those see it who watch: as an object for programs, as a line for people. */
import type { Json } from '#contracts/identifiers.ts';
import type { Node, NodeEvent } from '#contracts/node.ts';
import { decisionLine, decisionView } from './decisions.ts';
import { nameOf } from './people.ts';

/** An event with names in place of keys. */
export const eventView = (node: Node, event: NodeEvent): { readonly [name: string]: Json } => {
  const { genesis } = node.network;
  switch (event.event) {
    case 'connected':
    case 'disconnected':
      return { event: event.event, peer: nameOf(event.peer, genesis) };
    case 'delivered':
      return {
        event: 'delivered',
        id: event.record.id,
        topic: event.record.topic,
        author: nameOf(event.record.author, genesis),
        sequence: event.record.sequence,
        status: event.verdict.status,
      };
    case 'heard': {
      const { id, topic, author, sequence } = event.record;
      return { event: 'heard', id, topic, author: nameOf(author, genesis), sequence };
    }
    case 'merged':
      return { event: 'merged', ...decisionView(node, event.decision) };
    case 'certified': {
      const { id, number, decision } = event.certified;
      return { event: 'certified', id, number, kind: decision.kind };
    }
    case 'equivocated': {
      const { steward, epoch, number, records } = event.evidence;
      const ids = records.map(({ id }) => id);
      return { event: 'equivocated', steward: nameOf(steward, genesis), epoch, number, ids };
    }
    case 'failed':
      return { event: 'failed', reason: event.reason };
  }
};

/** The same in a sentence. */
export const eventLine = ({ network: { genesis } }: Node, event: NodeEvent): string => {
  switch (event.event) {
    case 'connected':
      return `linked with ${nameOf(event.peer, genesis)}`;
    case 'disconnected':
      return `lost the link with ${nameOf(event.peer, genesis)}`;
    case 'delivered': {
      const { author, sequence, topic } = event.record;
      return `${topic}: ${nameOf(author, genesis)}'s record ${sequence} is ${event.verdict.status}`;
    }
    case 'heard': {
      const { author, sequence, topic } = event.record;
      return `${topic}: ${nameOf(author, genesis)} said record ${sequence}`;
    }
    case 'merged':
      return decisionLine(event.decision);
    case 'certified':
      return `certificate ${event.certified.number} (${event.certified.decision.kind}) is accepted`;
    case 'equivocated': {
      const { steward, number } = event.evidence;
      return `${nameOf(steward, genesis)} said two things for certificate ${number}`;
    }
    case 'failed':
      return `stopping: ${event.reason}`;
  }
};
