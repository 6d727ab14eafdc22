/** Meeting: a link becomes a session, its bytes and messages counted, its Hello timed. */
import type { Host } from '#contracts/host.ts';
import type { NodeCount } from '#contracts/node.ts';
import type { CountedFields, Metering } from '../operator/metering.ts';
import type { PeeringOptions } from './peering.ts';
import { createSession, type SessionOptions } from './session.ts';

export interface MeetingOptions extends Omit<
  SessionOptions,
  'link' | 'expected' | 'host' | 'count'
> {
  readonly host: SessionOptions['host'] & Pick<Host, 'telemetry'>;
  readonly metering: Pick<Metering, 'link' | 'received'>;
  readonly count: (event: NodeCount, fields: CountedFields) => void;
}

export const createMeeting =
  (options: MeetingOptions): PeeringOptions['begin'] =>
  (link, expected) => {
    const { host, metering, count } = options;
    const hello = host.telemetry.span('session.hello', { side: link.side });
    return createSession({
      ...options,
      link: metering.link(link),
      expected,
      established(session, peer) {
        hello.end({ peer });
        options.established(session, peer);
      },
      received(peer, message) {
        metering.received(peer, message);
        options.received(peer, message);
      },
      ended(session, reason, peer) {
        hello.end({}, reason);
        options.ended(session, reason, peer);
      },
      count: (event, detail) => count(event, { address: link.remoteAddress, detail }),
    });
  };
