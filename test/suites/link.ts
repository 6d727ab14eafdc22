/**
 * The one acceptance suite of every transport: what gossip may assume of a link, as laws.
 *
 * The simulated network and the real ones run these same cases. Time is the only thing in which they
 * differ, so a case never waits by itself: it asks `until`, which runs virtual time in one and polls
 * with a deadline in the other. Where a case must show that something does *not* happen (a second
 * `closed`), it sends a byte over a fresh link first: whatever was under way has had its turn then.
 */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Did } from '#contracts/identifiers.ts';
import type {
  CloseReason,
  DialResult,
  Link,
  Listener,
  SendStatus,
  Transport,
} from '#contracts/transport.ts';

/** Two transports that can reach each other. `right` listens, `left` dials. */
export interface LinkPair {
  readonly left: Transport;
  readonly right: Transport;
  /** Where `right` may listen. */
  readonly listenAddress: string;
  /** Whom `right` proves to be; undefined where the transport proves nobody. */
  readonly rightDid?: Did;
  /** Somebody whom `right` is not. */
  readonly wrongDid?: Did;
  /** Where the address says who is there: the same place, and somebody else. */
  wrongAddress?(address: string): string;
  /** Lets time pass until the predicate holds; rejects, naming `what`, when it never does. */
  until(predicate: () => boolean, what: string): Promise<void>;
  close(): Promise<void>;
}

/** What one end of a link was told. */
export interface Witness {
  readonly link: Link;
  /** All bytes received so far, in order. */
  bytes(): Uint8Array;
  byteCount(): number;
  drainedCount(): number;
  /** Every reason `closed` was called with. */
  readonly closed: readonly CloseReason[];
  /** Events that came after `closed`. */
  lateCount(): number;
}

/** Opens a link and writes down what it tells. */
export const witness = (link: Link): Witness => {
  const chunks: Uint8Array[] = [];
  const closed: CloseReason[] = [];
  let byteCount = 0;
  let drainedCount = 0;
  let lateCount = 0;
  const late = (): void => {
    if (closed.length > 0) lateCount += 1;
  };
  link.open({
    received: (bytes) => {
      late();
      chunks.push(bytes);
      byteCount += bytes.length;
    },
    drained: () => {
      late();
      drainedCount += 1;
    },
    closed: (reason) => {
      late();
      closed.push(reason);
    },
  });
  return {
    link,
    bytes: () => new Uint8Array(Buffer.concat(chunks)),
    byteCount: () => byteCount,
    drainedCount: () => drainedCount,
    closed,
    lateCount: () => lateCount,
  };
};

/** Bytes that differ from place to place, so that a swap or a gap shows. */
export const pattern = (length: number, salt = 0): Uint8Array => {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >> 8) * 7 + salt) & 0xff;
  return bytes;
};

const joined = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** Length and digest: a megabyte in full tells nobody anything when it differs. */
const print = (bytes: Uint8Array): string =>
  `${bytes.length} bytes, sha256 ${createHash('sha256').update(bytes).digest('hex')}`;

/** Sends all, waiting for room where the link is full. */
export const sendAll = async (
  pair: Pick<LinkPair, 'until'>,
  from: Witness,
  frames: readonly Uint8Array[],
): Promise<void> => {
  for (const frame of frames) {
    let status: SendStatus = from.link.send(frame);
    while (status === 'full') {
      const drained = from.drainedCount();
      await pair.until(() => from.drainedCount() > drained, 'drained after full');
      status = from.link.send(frame);
    }
    expect(status).toBe('accepted');
  }
};

const FRAME_SIZES = [1, 2, 3, 500, 65_535, 65_536, 65_537, 300_000, 4, 1_048_580, 1];

/** Runs every law over the transports that `setup` makes; each case gets fresh ones. */
export const linkSuite = (name: string, setup: () => LinkPair | Promise<LinkPair>): void => {
  describe(`link over ${name}`, () => {
    let pair: LinkPair;
    let listener: Listener;
    let arrivals: Link[];

    beforeEach(async () => {
      pair = await setup();
      arrivals = [];
      listener = await pair.right.listen(pair.listenAddress, (link) => arrivals.push(link));
    });
    afterEach(async () => {
      await pair.close();
    });

    const dial = async (
      expected: Did | undefined = pair.rightDid,
      address = listener.address,
    ): Promise<DialResult> => {
      const results: DialResult[] = [];
      pair.left.dial(address, expected, (result) => results.push(result));
      await pair.until(() => results.length > 0, 'the dial to be answered');
      return results[0] as DialResult;
    };
    const dialOpen = async (): Promise<Link> => {
      const result = await dial();
      expect(result).toMatchObject({ status: 'open' });
      return (result as Extract<DialResult, { status: 'open' }>).link;
    };
    /** Both ends of one link, not opened yet. */
    const connect = async (): Promise<{ dialled: Link; accepted: Link }> => {
      const count = arrivals.length;
      const dialled = await dialOpen();
      await pair.until(() => arrivals.length > count, 'the listener to accept');
      return { dialled, accepted: arrivals[count] as Link };
    };
    const connectOpen = async (): Promise<{ near: Witness; far: Witness }> => {
      const { dialled, accepted } = await connect();
      return { near: witness(dialled), far: witness(accepted) };
    };
    /** A byte there and back over a fresh link: what was under way has had its turn. */
    const letSettle = async (): Promise<void> => {
      const { near, far } = await connectOpen();
      near.link.send(pattern(1));
      await pair.until(() => far.byteCount() === 1, 'a byte over a fresh link');
      far.link.send(pattern(1));
      await pair.until(() => near.byteCount() === 1, 'a byte back over a fresh link');
    };
    const bothClosed = (near: Witness, far: Witness): Promise<void> =>
      pair.until(() => near.closed.length > 0 && far.closed.length > 0, 'closed at both ends');

    it('hands over bytes whole and in order, whatever the sizes of the frames', async () => {
      const { near, far } = await connectOpen();
      const frames = FRAME_SIZES.map((size, index) => pattern(size, index));
      await sendAll(pair, near, frames);
      const sent = joined(frames);
      await pair.until(() => far.byteCount() >= sent.length, 'all bytes to arrive');
      expect(print(far.bytes())).toBe(print(sent));
    });

    it('carries both directions at once', async () => {
      const { near, far } = await connectOpen();
      const there = Array.from({ length: 200 }, (_, index) => pattern(1_000, index));
      const back = Array.from({ length: 200 }, (_, index) => pattern(1_003, index + 99));
      await Promise.all([sendAll(pair, near, there), sendAll(pair, far, back)]);
      await pair.until(() => far.byteCount() >= 200_000, 'all bytes there');
      await pair.until(() => near.byteCount() >= 200_600, 'all bytes back');
      expect(print(far.bytes())).toBe(print(joined(there)));
      expect(print(near.bytes())).toBe(print(joined(back)));
    });

    it('keeps what was sent even if the caller reuses the array', async () => {
      const { near, far } = await connectOpen();
      const frame = pattern(1_000);
      expect(near.link.send(frame)).toBe('accepted');
      frame.fill(0);
      await pair.until(() => far.byteCount() >= 1_000, 'the frame to arrive');
      expect(print(far.bytes())).toBe(print(pattern(1_000)));
    });

    it('answers full to a sender who does not wait, and drained once the peer reads', async () => {
      const { dialled, accepted } = await connect();
      const near = witness(dialled);
      const taken: Uint8Array[] = [];
      const frame = (): Uint8Array => pattern(65_536, taken.length);
      while (taken.length < 1_024 && near.link.send(frame()) === 'accepted') taken.push(frame());
      expect(taken.length, '64 MiB were accepted without a word').toBeLessThan(1_024);
      expect(near.link.unsentBytes).toBeGreaterThan(0);
      const far = witness(accepted);
      await pair.until(() => near.drainedCount() > 0, 'drained after full');
      expect(near.link.send(frame())).toBe('accepted');
      taken.push(frame());
      const sent = joined(taken);
      await pair.until(() => far.byteCount() >= sent.length, 'what was accepted to arrive');
      await pair.until(() => near.link.unsentBytes === 0, 'nothing unsent');
      await letSettle();
      expect(print(far.bytes())).toBe(print(sent));
    });

    it('hands over first what arrived before open', async () => {
      const { dialled, accepted } = await connect();
      const near = witness(dialled);
      near.link.send(pattern(1_000));
      await letSettle();
      const far = witness(accepted);
      near.link.send(pattern(500, 9));
      await pair.until(() => far.byteCount() >= 1_500, 'both frames');
      expect(print(far.bytes())).toBe(print(joined([pattern(1_000), pattern(500, 9)])));
    });

    it('hands over what arrived before open even if the peer has closed since', async () => {
      const { dialled, accepted } = await connect();
      const near = witness(dialled);
      near.link.send(pattern(1_000));
      near.link.close();
      await letSettle();
      const far = witness(accepted);
      await bothClosed(near, far);
      expect(print(far.bytes())).toBe(print(pattern(1_000)));
      expect(far.closed).toEqual(['remote']);
    });

    for (const closer of ['dialler', 'listener'] as const) {
      it(`tells both ends exactly once, and nothing after it, when the ${closer} closes`, async () => {
        const { near, far } = await connectOpen();
        near.link.send(pattern(10));
        far.link.send(pattern(10));
        const [first, second] = closer === 'dialler' ? [near, far] : [far, near];
        first.link.close();
        first.link.close();
        await bothClosed(near, far);
        second.link.close();
        await letSettle();
        expect(first.closed).toEqual(['local']);
        expect(second.closed).toEqual(['remote']);
        expect(near.lateCount() + far.lateCount()).toBe(0);
      });
    }

    it('tells both ends exactly once when both close at the same time', async () => {
      const { near, far } = await connectOpen();
      near.link.close();
      far.link.close();
      await bothClosed(near, far);
      await letSettle();
      expect([near.closed.length, far.closed.length]).toEqual([1, 1]);
      expect(near.lateCount() + far.lateCount()).toBe(0);
    });

    it('flushes what was accepted before it closes', async () => {
      const { near, far } = await connectOpen();
      const frames = Array.from({ length: 20 }, (_, index) => pattern(20_000, index));
      for (const frame of frames) expect(near.link.send(frame)).toBe('accepted');
      near.link.close();
      await bothClosed(near, far);
      expect(print(far.bytes())).toBe(print(joined(frames)));
    });

    it('answers closed to a send after close, at both ends', async () => {
      const { near, far } = await connectOpen();
      near.link.close();
      expect(near.link.send(pattern(1))).toBe('closed');
      await bothClosed(near, far);
      expect(near.link.send(pattern(1))).toBe('closed');
      expect(far.link.send(pattern(1))).toBe('closed');
    });

    it('closes a link that nobody opened', async () => {
      const { dialled, accepted } = await connect();
      const near = witness(dialled);
      accepted.close();
      await pair.until(() => near.closed.length > 0, 'closed at the dialler');
      expect(near.closed).toEqual(['remote']);
      expect(accepted.send(pattern(1))).toBe('closed');
    });

    it('gives both ends the same binding, and no two links the same one', async () => {
      const first = await connect();
      const second = await connect();
      expect(first.dialled.binding).toBe(first.accepted.binding);
      expect(second.dialled.binding).toBe(second.accepted.binding);
      expect(second.dialled.binding).not.toBe(first.dialled.binding);
    });

    it('says who dialled', async () => {
      const { dialled, accepted } = await connect();
      expect([dialled.side, accepted.side]).toEqual(['dialler', 'listener']);
    });

    it('answers a dial to nobody once, and not with a link', async () => {
      await listener.close();
      const results: DialResult[] = [];
      pair.left.dial(listener.address, undefined, (result) => results.push(result));
      expect(results, 'done was called inside dial').toEqual([]);
      await pair.until(() => results.length > 0, 'the dial to nobody to be answered');
      listener = await pair.right.listen(pair.listenAddress, (link) => arrivals.push(link));
      await letSettle();
      expect(results).toHaveLength(1);
      expect(results[0]).toMatchObject({ status: 'unreachable', reason: expect.any(String) });
    });

    it('opens to whom was meant, and proves it', async () => {
      const result = await dial(pair.rightDid);
      expect(result.status).toBe('open');
      const link = (result as Extract<DialResult, { status: 'open' }>).link;
      expect(link.proven).toBe(pair.rightDid);
    });

    it('refuses whoever answers in place of the one that was meant', async ({ skip }) => {
      const { wrongDid, wrongAddress } = pair;
      if (wrongDid === undefined && wrongAddress === undefined)
        return skip('this transport proves nobody');
      const result = await dial(wrongDid, wrongAddress?.(listener.address));
      expect(result).toMatchObject({ status: 'wrong_identity', reason: expect.any(String) });
      await letSettle();
      expect(arrivals, 'the listener was handed a link that the dialler refused').toHaveLength(1);
    });

    it('keeps many links apart', async () => {
      const near: Witness[] = [];
      const echoed: Witness[] = [];
      for (let index = 0; index < 20; index++) {
        pair.left.dial(listener.address, pair.rightDid, (result) => {
          if (result.status === 'open') near.push(witness(result.link));
        });
      }
      await pair.until(() => near.length === 20 && arrivals.length === 20, 'twenty links');
      for (const link of arrivals) echoed.push(witness(link));
      near.forEach((end, index) => end.link.send(pattern(1_000, index)));
      await pair.until(() => echoed.every((end) => end.byteCount() === 1_000), 'all bytes there');
      for (const end of echoed) end.link.send(end.bytes());
      await pair.until(() => near.every((end) => end.byteCount() === 1_000), 'all bytes back');
      near.forEach((end, index) => expect(print(end.bytes())).toBe(print(pattern(1_000, index))));
    });

    it('ends every link of a transport that closes, and answers its later dials', async () => {
      const { near, far } = await connectOpen();
      await pair.left.close();
      await pair.until(() => far.closed.length > 0, 'the far end to be told');
      expect(near.closed).toEqual(['local']);
      expect(far.closed).toEqual(['remote']);
      const result = await dial();
      expect(result.status).not.toBe('open');
      await pair.left.close();
    });
  });
};
