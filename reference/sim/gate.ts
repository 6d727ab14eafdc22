/**
 * A gate before a node: while it is shut, nothing reaches the node, and everything waits in order.
 *
 * That is a process stopped by SIGSTOP, or a machine whose lid was closed: timers run out, bytes and
 * confirmations of the disk arrive, and all of it is handed over in one burst when it goes on. The wall
 * clock and intervals went on meanwhile. What the node had said before it stopped is on its way.
 */
import type { DurableStore, Host } from '#contracts/host.ts';
import type { DialResult, Link, LinkEvents, Transport } from '#contracts/transport.ts';

export interface Gate {
  /** The same host, whose every call back to the node passes the gate. */
  wrap<Wrapped extends Host>(host: Wrapped): Wrapped;
  shut(): void;
  /** Hands over what waited, in the order in which it came. */
  open(): void;
  readonly isShut: boolean;
}

export const createGate = (): Gate => {
  const waiting: (() => void)[] = [];
  let isShut = false;
  let draining = false;

  const pass = (run: () => void): void => {
    if (isShut || draining) waiting.push(run);
    else run();
  };

  const guardEvents = (events: LinkEvents): LinkEvents => ({
    received: (bytes) => pass(() => events.received(bytes)),
    drained: () => pass(() => events.drained()),
    closed: (reason) => pass(() => events.closed(reason)),
  });

  const guardLink = (link: Link): Link => ({
    side: link.side,
    proven: link.proven,
    binding: link.binding,
    remoteAddress: link.remoteAddress,
    get unsentBytes() {
      return link.unsentBytes;
    },
    open: (events) => link.open(guardEvents(events)),
    send: (frame) => link.send(frame),
    close: () => link.close(),
  });

  const guardResult = (result: DialResult): DialResult =>
    result.status === 'open' ? { ...result, link: guardLink(result.link) } : result;

  const guardTransport = (transport: Transport): Transport => ({
    listen: (address, accept) =>
      transport.listen(address, (link) => pass(() => accept(guardLink(link)))),
    dial: (address, expected, done) =>
      transport.dial(address, expected, (result) => pass(() => done(guardResult(result)))),
    close: () => transport.close(),
  });

  const guardStore = (store: DurableStore): DurableStore => ({
    get: (key) => store.get(key),
    load: (prefix) => store.load(prefix),
    commit: (writes, done) => store.commit(writes, (error) => pass(() => done(error))),
    close: () => store.close(),
  });

  return {
    wrap(host) {
      const guarded: Partial<Host> = {
        store: guardStore(host.store),
        transport: guardTransport(host.transport),
        after(delayMs, run) {
          let isCancelled = false;
          const cancel = host.after(delayMs, () =>
            pass(() => {
              if (!isCancelled) run();
            }),
          );
          return () => {
            isCancelled = true;
            cancel();
          };
        },
      };
      // By its prototype, so that counters of the host stay live.
      return Object.assign(Object.create(host) as typeof host, guarded);
    },
    shut() {
      isShut = true;
    },
    open() {
      isShut = false;
      if (draining) return;
      draining = true;
      // What runs may shut it again: the rest stays in its place.
      for (
        let run = waiting.shift();
        run !== undefined;
        run = isShut ? undefined : waiting.shift()
      ) {
        run();
      }
      draining = false;
    },
    get isShut() {
      return isShut;
    },
  };
};
