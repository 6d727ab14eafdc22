/** What dialling and listening over WebTransport share: how we are set, which links live, what binds them. */
import type { Link } from '#contracts/transport.ts';
import type { LinkSet } from '../parts.ts';
import { createStreamLink } from '../stream-link.ts';
import type { StreamLink } from '../stream-link.ts';
import type { WebTransportSettings } from './settings.ts';
import type { BoundedStream } from './stream.ts';

/** A connection that got as far as its stream and its binding. */
export interface Bound {
  readonly stream: BoundedStream;
  readonly abort: () => void;
  readonly ended: Promise<unknown>;
  readonly side: Link['side'];
  readonly binding: string;
  readonly remoteAddress: string;
}

export interface WebTransportContext {
  readonly settings: WebTransportSettings;
  /** Milliseconds since 1970: certificates end. */
  readonly now: () => number;
  readonly isClosed: () => boolean;
  /** What the handshake proved to both ends: whose certificate it was. */
  readonly proves: (certificateHash: string) => readonly string[];
  /** Makes a link and counts it among the living until it is gone. */
  readonly keep: (bound: Bound) => StreamLink;
}

export const createContext = (
  settings: WebTransportSettings,
  now: () => number,
  isClosed: () => boolean,
  links: LinkSet,
): WebTransportContext => ({
  settings,
  now,
  isClosed,
  proves: (certificateHash) => ['icn/link/webtransport/1', certificateHash],
  keep: ({ stream, abort, ended, side, binding, remoteAddress }) => {
    const link = createStreamLink({
      stream,
      abort,
      ended,
      // Whoever ends a link well finishes its stream first; anything else is a loss.
      reasonOf: () => (stream.hasOverflown ? 'overflow' : 'lost'),
      side,
      proven: undefined,
      binding,
      remoteAddress,
      unsentBytesMax: settings.unsentBytesMax,
      writeBytesMax: settings.writeBytesMax,
      readBytesMax: settings.readBytesMax,
      closeFlushMs: settings.closeFlushMs,
    });
    links.add(link);
    return link;
  },
});
