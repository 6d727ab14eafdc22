/**
 * A simulated link: two ends, and a pipe from each to the other.
 *
 *   send -> queue (unsent) -> pace -> window (on the way, or waiting for open) -> received
 *
 * Pace is the bandwidth of the pipe. The window is what the transport takes before the peer reads: it
 * stands for QUIC's flow control, so that a peer who never opens its end is felt by the sender, as
 * `full`. What becomes of a frame on the way (`Path`) is the network's affair.
 *
 * A link ends with a goodbye, which travels behind the frames it follows, or without one; then the
 * other end hears nothing and takes it for lost after the silence time-out. Heartbeats are not
 * simulated one by one: an end is deaf from the moment on at which nothing could reach it, and the
 * time-out counts from there.
 */
import assert from 'node:assert/strict';
import type { Cancel } from '#contracts/host.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { CloseReason, Link, LinkEvents } from '#contracts/transport.ts';
import type { Scheduler } from './scheduler.ts';

/** One direction between two addresses, as the network rules it at this moment. */
export interface Path {
  /** Nothing passes: blocked, or every frame is dropped. */
  cutOff(): boolean;
  bytesPerSecondMax(): number;
  /** Puts one frame on the way. False: it is dropped, and nothing else happens. */
  carry(frame: Uint8Array, journey: Journey): boolean;
  /** The last leg of the handshake: before any frame. It is repeated, so only a cut-off fails it. */
  carryFirst(done: (arrived: boolean) => void): void;
  /** A goodbye: behind all that is on the way. Lost as frames are, and nobody is told. */
  carryLast(arrive: () => void): void;
  /** A frame that was accepted. */
  countSent(frame: Uint8Array): void;
  /** A frame that will never be put on the way. */
  countDropped(frame: Uint8Array): void;
  /** Where one frame is cut when it is handed over: parts, in order. */
  cut(frame: Uint8Array): readonly Uint8Array[];
}

/** How a frame's time on the way may end. */
export interface Journey {
  /** It is there, or a second copy of it is. False: nobody was there to take it. */
  arrive(duplicate: boolean): boolean;
  /** The frame itself (not a copy) was dropped on the way. */
  vanish(): void;
}

/** What both ends share. */
export interface LinkSettings {
  readonly scheduler: Scheduler;
  readonly silenceMs: number;
  readonly flushMs: number;
  readonly unsentBytesMax: number;
  readonly windowBytes: number;
}

/** What one end is born with. */
export interface EndIdentity {
  readonly side: 'dialler' | 'listener';
  readonly proven: Did | undefined;
  readonly binding: string;
  readonly remoteAddress: string;
  /** From this end to the other. */
  readonly path: Path;
  /** The end is over: take it off the lists. */
  readonly ended: () => void;
}

/** One end, as the network sees it. */
export interface LinkEnd {
  readonly link: Link;
  /** Both ends must know each other before anything else happens. */
  join(peer: LinkEnd): void;
  /** Takes a frame from the pipe, and the room it holds in the window; false: nobody is here. */
  arrive(frame: Uint8Array, windowBytes: number): boolean;
  /** The peer has read this many bytes: there is room in the window. */
  read(byteCount: number): void;
  /** Whether anything from the peer could reach this end may have changed. */
  reviewSilence(): void;
  /** The end is over, with a word to its owner. */
  end(reason: CloseReason): void;
  /** The owner's process is gone: no event any more, no goodbye. */
  vanish(): void;
  readonly over: boolean;
  readonly path: Path;
}

interface Arrival {
  readonly frame: Uint8Array;
  readonly windowBytes: number;
}

export const createLinkEnd = (settings: LinkSettings, identity: EndIdentity): LinkEnd => {
  const { scheduler } = settings;
  const { path } = identity;
  const queue: Uint8Array[] = [];
  /** What arrived before `open`. */
  const inbox: Arrival[] = [];
  let peer: LinkEnd | undefined;
  let events: LinkEvents | undefined;
  let closing = false;
  let told = false;
  let over: CloseReason | 'vanished' | undefined;
  let unsentBytes = 0;
  let windowBytes = 0;
  let drainedOwed = false;
  let pacing = false;
  let stopFlush: Cancel | undefined;
  let stopSilence: Cancel | undefined;

  const mayLaunch = (): boolean =>
    !pacing && over === undefined && windowBytes < settings.windowBytes;

  /** Moves frames from the queue into the window while pace and window allow. */
  const pump = (): void => {
    while (mayLaunch()) {
      const frame = queue[0];
      if (frame === undefined) break;
      const paceMs = (frame.byteLength / path.bytesPerSecondMax()) * 1000;
      if (paceMs === 0) launch();
      else {
        pacing = true;
        scheduler.after(paceMs, () => {
          pacing = false;
          if (over === undefined) launch();
          pump();
        });
      }
    }
    if (closing && queue.length === 0 && over === undefined) sayGoodbye();
  };

  const launch = (): void => {
    const frame = queue.shift()!;
    const size = frame.byteLength;
    unsentBytes -= size;
    const underWay = path.carry(frame, {
      arrive: (duplicate) => peer!.arrive(frame, duplicate ? 0 : size),
      vanish: () => read(size),
    });
    if (underWay) windowBytes += size;
    if (!drainedOwed || unsentBytes > settings.unsentBytesMax / 2) return;
    drainedOwed = false;
    // On its own turn: `drained` inside `send` would surprise its caller.
    scheduler.after(0, () => {
      if (over === undefined) events?.drained();
    });
  };

  const read = (byteCount: number): void => {
    windowBytes -= byteCount;
    pump();
  };

  const sayGoodbye = (): void => {
    if (stopFlush === undefined) return;
    stopFlush();
    stopFlush = undefined;
    path.carryLast(() => peer!.end('remote'));
    scheduler.after(0, () => end('local'));
  };

  const stop = (how: CloseReason | 'vanished'): void => {
    over = how;
    stopFlush?.();
    stopSilence?.();
    for (const frame of queue.splice(0)) path.countDropped(frame);
    unsentBytes = 0;
    identity.ended();
    peer!.reviewSilence();
  };

  const end = (reason: CloseReason): void => {
    if (over !== undefined) return;
    stop(reason);
    tell();
  };

  const tell = (): void => {
    if (events === undefined || over === undefined || over === 'vanished') return;
    told = true;
    events.closed(over);
  };

  const handOver = ({ frame, windowBytes: held }: Arrival): void => {
    for (const part of path.cut(frame)) {
      // The link may have ended while its owner held an earlier part.
      if (!told && over !== 'vanished') events!.received(part);
    }
    if (held > 0) peer!.read(held);
  };

  const link: Link = {
    side: identity.side,
    proven: identity.proven,
    binding: identity.binding,
    remoteAddress: identity.remoteAddress,
    get unsentBytes() {
      return unsentBytes;
    },
    open(listener) {
      assert(events === undefined, 'a link is opened once');
      events = listener;
      for (const arrival of inbox.splice(0)) handOver(arrival);
      if (!told) tell();
    },
    send(frame) {
      if (closing || over !== undefined) return 'closed';
      if (unsentBytes >= settings.unsentBytesMax) {
        drainedOwed = true;
        return 'full';
      }
      // The caller may use its array again.
      queue.push(frame.slice());
      unsentBytes += frame.byteLength;
      path.countSent(frame);
      pump();
      return 'accepted';
    },
    close() {
      if (closing || over !== undefined) return;
      closing = true;
      stopFlush = scheduler.after(settings.flushMs, sayGoodbye);
      pump();
    },
  };

  return {
    link,
    path,
    get over() {
      return over !== undefined;
    },
    join(other) {
      peer = other;
    },
    arrive(frame, held) {
      if (over !== undefined) return false;
      if (events === undefined) inbox.push({ frame, windowBytes: held });
      else handOver({ frame, windowBytes: held });
      return true;
    },
    read,
    reviewSilence() {
      if (over !== undefined) return;
      const deaf = peer!.over || peer!.path.cutOff();
      if (deaf) stopSilence ??= scheduler.after(settings.silenceMs, () => end('lost'));
      else {
        stopSilence?.();
        stopSilence = undefined;
      }
    },
    end,
    vanish() {
      if (over === undefined) stop('vanished');
    },
  };
};
