/**
 * Allowances: what each peer may still draw from us.
 *
 * Every byte that answers a peer is charged to it, whatever the topic, and forgotten again at a steady pace:
 * a class's bytes per pull in its longest back-off. Who has drawn more than two pulls' worth waits, at
 * first its shortest back-off and twice as long each time, until half of that is forgotten. And a pull counts
 * as open for the shortest back-off after its answer, so that many small ones are as bounded as few large.
 *
 * Nobody is refused for good, nobody waits for another, and who goes away and comes back has not paid.
 */
import type { Did } from '#contracts/identifiers.ts';
import type { Trust } from '#contracts/trust.ts';

/** Peers remembered; who owes nothing is forgotten first. */
const ACCOUNTS_MAX = 4_096;
/** Pulls' worth of bytes that may be owed. */
const PULLS_OWED_MAX = 2;

interface Account {
  /** Bytes drawn and not forgotten yet, at `updatedAt`. */
  owed: number;
  updatedAt: number;
  /** The last back-off; 0 when the next one is the shortest again. */
  backOffMs: number;
  restsUntil: number;
  /** When each pull that was answered lately stops to count as open. */
  open: readonly number[];
  /** The same of those that were told to wait. */
  told: readonly number[];
}

/** What becomes of a pull. `silence`: it was told to wait, and goes on asking. */
export type PullAnswer =
  { readonly answer: 'served' | 'silence' } | { readonly answer: 'wait'; readonly waitMs: number };

export interface Allowances {
  /** A pull of this peer, which counts as open if it is served. */
  pull(now: number, peer: Did): PullAnswer;
  /** Whether it may have records by id. */
  mayRequest(now: number, peer: Did): boolean;
  /** It was sent so many bytes. */
  charge(now: number, peer: Did, bytes: number): void;
  /** Bytes that it may still draw before it has to wait; negative where it took more than its share. */
  left(now: number, peer: Did): number;
}

export const createAllowances = (trust: Pick<Trust, 'budget'>): Allowances => {
  const accounts = new Map<Did, Account>();

  /** Makes room: who owes nothing and does not rest leaves, and otherwise whoever came first. */
  const makeRoom = (now: number): void => {
    if (accounts.size < ACCOUNTS_MAX) return;
    for (const peer of accounts.keys()) {
      const { owed, restsUntil } = accountOf(now, peer);
      if (owed === 0 && restsUntil <= now) accounts.delete(peer);
    }
    const [first] = accounts.keys();
    if (accounts.size >= ACCOUNTS_MAX && first !== undefined) accounts.delete(first);
  };

  const open = (now: number, peer: Did): Account => {
    makeRoom(now);
    const account = { owed: 0, updatedAt: now, backOffMs: 0, restsUntil: now, open: [], told: [] };
    accounts.set(peer, account);
    return account;
  };

  /** The account of a peer as of now. */
  const accountOf = (now: number, peer: Did): Account => {
    const account = accounts.get(peer) ?? open(now, peer);
    const { pullBytesMax, backOffMsMax } = trust.budget(peer);
    const elapsedMs = Math.max(0, now - account.updatedAt);
    account.owed = Math.max(0, account.owed - (elapsedMs * pullBytesMax) / backOffMsMax);
    account.updatedAt = now;
    account.open = account.open.filter((until) => until > now);
    account.told = account.told.filter((until) => until > now);
    if (account.owed < pullBytesMax) account.backOffMs = 0;
    return account;
  };

  const shareOf = (peer: Did): number => PULLS_OWED_MAX * trust.budget(peer).pullBytesMax;

  const owesTooMuch = ({ owed }: Account, peer: Did): boolean => owed > shareOf(peer);

  /** How long a pull has to wait; 0 if it has not. */
  const waitOf = (now: number, peer: Did, account: Account): number => {
    const { pullsMax, backOffMsMin, backOffMsMax } = trust.budget(peer);
    if (now >= account.restsUntil && owesTooMuch(account, peer)) {
      account.backOffMs = Math.min(backOffMsMax, Math.max(backOffMsMin, 2 * account.backOffMs));
      account.restsUntil = now + account.backOffMs;
    }
    const [first] = account.open;
    const isFull = account.open.length >= pullsMax && first !== undefined;
    return Math.ceil(Math.max(0, account.restsUntil - now, isFull ? first - now : 0));
  };

  return {
    pull(now, peer) {
      const account = accountOf(now, peer);
      const { pullsMax, backOffMsMin } = trust.budget(peer);
      const waitMs = waitOf(now, peer, account);
      if (waitMs === 0) {
        account.open = [...account.open, now + backOffMsMin];
        return { answer: 'served' };
      }
      if (account.told.length >= pullsMax) return { answer: 'silence' };
      account.told = [...account.told, now + backOffMsMin];
      return { answer: 'wait', waitMs };
    },
    mayRequest: (now, peer) => !owesTooMuch(accountOf(now, peer), peer),
    charge(now, peer, bytes) {
      accountOf(now, peer).owed += bytes;
    },
    left: (now, peer) => shareOf(peer) - accountOf(now, peer).owed,
  };
};
