/**
 * What transports have in common: the links that live, the listeners that are open, and how all of it is
 * closed. Links first, so that what was accepted is flushed; then listeners; then what served the dials.
 */
import { Fault, messageOf } from '#contracts/faults.ts';
import type { Listener, Transport } from '#contracts/transport.ts';
import { parseAddress, type HostPort } from './address.ts';
import type { Dials } from './dials.ts';
import type { StreamLink } from './stream-link.ts';

/** Why an address could not be bound, for people. */
export const bindFault = (address: string, error: unknown): Fault => {
  const cause = messageOf(error);
  // The system's words: the native error has no code, Node's has it in its message. Linux and macOS; then Windows (WSAEADDRINUSE).
  return /in use|EADDRINUSE|10048/.test(cause)
    ? new Fault(
        'port_in_use',
        `${address} is in use by another program: choose another port, or 0 for any free one.`,
        { cause: error },
      )
    : new Fault('settings_invalid', `Cannot listen at ${address}: ${cause}.`, { cause: error });
};

/** Where to listen. Throws a Fault for what is no address. */
export const placeToListen = (address: string): HostPort => {
  const place = parseAddress(address);
  if (place !== undefined) return place;
  throw new Fault('settings_invalid', `Expected host:port to listen at, got "${address}".`);
};

/** The living links of a transport. */
export interface LinkSet {
  /** Counts a link among the living until it is gone. */
  add(link: StreamLink): void;
  /** Ends them all; resolves when all are gone. */
  close(): Promise<void>;
}

export const createLinkSet = (): LinkSet => {
  const links = new Set<StreamLink>();
  return {
    add(link) {
      links.add(link);
      void link.gone.then(() => links.delete(link));
    },
    async close() {
      for (const link of links) link.close();
      await Promise.all(Array.from(links, (link) => link.gone));
    },
  };
};

export interface TransportParts {
  readonly links: LinkSet;
  readonly dials: Dials;
  readonly listen: Transport['listen'];
  /** Before anything is closed: from now on nothing is opened. */
  readonly closing: () => void;
  /** After everything is closed. */
  readonly released: () => void;
}

export const createTransport = (parts: TransportParts): Transport => {
  const listeners = new Set<Listener>();
  let closed: Promise<void> | undefined;

  const listen: Transport['listen'] = async (address, accepted) => {
    const bound = await parts.listen(address, accepted);
    const listener: Listener = {
      get address() {
        return bound.address;
      },
      close: () => {
        listeners.delete(listener);
        return bound.close();
      },
    };
    listeners.add(listener);
    return listener;
  };

  const closeAll = async (): Promise<void> => {
    parts.closing();
    parts.dials.cancel();
    await parts.links.close();
    await Promise.all(Array.from(listeners, (listener) => listener.close()));
    parts.released();
  };

  return { listen, dial: parts.dials.dial, close: () => (closed ??= closeAll()) };
};
