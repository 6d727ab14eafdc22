/**
 * Peering: who to dial, whom to keep.
 *
 * Candidates come from bootstrap addresses and from discovery. Whoever is not connected is dialled
 * again and again, with a pause that doubles and is jittered. Two nodes that dial each other at once
 * end with two links: the one dialled by the smaller DID stays, and both sides know that without a
 * word. A *cut* peer is neither dialled nor kept: it is how a demonstration breaks a network.
 *
 * Links are few, and keys are free: whoever makes a hundred of them must not shut everybody else out. So
 * strangers may hold three places of four, the rest is for peers whom somebody trusts; and where all
 * places are taken, the link that has gone longest without a proof makes room for the next.
 */
import type { Cancel, Candidate, Host } from '#contracts/host.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { PeerView } from '#contracts/node.ts';
import type { PeeringSettings } from '#contracts/settings.ts';
import type { CloseReason, DialResult, Link } from '#contracts/transport.ts';
import type { Session } from './session.ts';

/**
 * Two links that open within this were dialled at once. More than a round trip and a Hello over any
 * network this is for; less than any process needs to come back.
 */
const SIMULTANEOUS_MS = 500;

/** Places that strangers may hold, once they are proven: three of four, and one in any case. */
export const strangersMaxOf = (linksMax: number): number =>
  Math.max(1, Math.floor((linksMax * 3) / 4));
/** Links that made room and are still closing: so many, beside those that have a place. */
export const leaversMaxOf = (linksMax: number): number => Math.ceil(linksMax / 4);

export interface PeeringOptions {
  readonly self: Did;
  /** Whom nobody here trusts; nobody is one unless told. */
  readonly isStranger?: (peer: Did) => boolean;
  readonly host: Host;
  readonly settings: PeeringSettings;
  /** Makes a session of a link; the session reports to `established` and `ended` below. */
  readonly begin: (link: Link, expected: Did | undefined) => Session;
  readonly connected: (peer: Did) => void;
  readonly disconnected: (peer: Did) => void;
}

interface Target {
  readonly address: string;
  /** It came with a DID, from discovery: whoever announces another address has left this one. */
  readonly announced: boolean;
  did: Did | undefined;
  attempts: number;
  dialling: boolean;
  retry: Cancel | undefined;
  /** Forgotten: no more dials. */
  gone: boolean;
}

export interface Peering {
  /** Somebody to dial, from now on. */
  add(candidate: Candidate): void;
  /** Discovery lost it: an open link stays, but the address it had announced is not dialled again. */
  drop(peer: Did): void;
  /** A link came in from outside. */
  accept(link: Link): void;
  established(session: Session, peer: Did): void;
  ended(session: Session, reason: CloseReason, peer: Did | undefined): void;
  /** Ends the links with these peers and keeps them ended until `heal`. */
  cut(peers: readonly Did[]): void;
  heal(): void;
  readonly cutPeers: readonly Did[];
  session(peer: Did): Session | undefined;
  peers(): readonly PeerView[];
  stop(): void;
}

export const createPeering = (options: PeeringOptions): Peering => {
  const { self, host, settings, isStranger = () => false } = options;
  const strangersMax = strangersMaxOf(settings.linksMax);
  const leaversMax = leaversMaxOf(settings.linksMax);
  const targets = new Map<string, Target>();
  const sessions = new Map<Did, Session>();
  const all = new Set<Session>();
  /** Those of `all` that made room. */
  const leavers = new Set<Session>();
  const cut = new Set<Did>();
  /** Links we dialled whose Hello is not through yet. */
  const dials = new Map<Session, Target>();
  let stopped = false;

  const wanted = (target: Target): boolean =>
    !stopped &&
    !target.gone &&
    !target.dialling &&
    (target.did === undefined || (!sessions.has(target.did) && !cut.has(target.did)));

  const retryLater = (target: Target): void => {
    target.retry?.();
    if (stopped || target.gone) return;
    const doubled = settings.redialMsMin * 2 ** Math.min(target.attempts, 16);
    const delayMs = Math.min(doubled, settings.redialMsMax) * (0.75 + host.random() / 2);
    target.attempts += 1;
    target.retry = host.after(delayMs, () => dial(target));
  };

  const isFull = (): boolean => all.size - leavers.size >= settings.linksMax;

  const strangersAreMany = (): boolean => {
    let strangers = 0;
    for (const peer of sessions.keys()) if (isStranger(peer)) strangers += 1;
    return strangers >= strangersMax;
  };

  /** Ends the link that came in first and has proven nothing yet. False if there is none. */
  const makeRoom = (): boolean => {
    if (leavers.size >= leaversMax) return false;
    for (const session of all) {
      if (session.peer !== undefined || session.link.side !== 'listener' || leavers.has(session))
        continue;
      leavers.add(session);
      session.close();
      return true;
    }
    return false;
  };

  const dial = (target: Target): void => {
    target.retry = undefined;
    if (!wanted(target)) return;
    const isOneTooMany = target.did !== undefined && isStranger(target.did) && strangersAreMany();
    if (isFull() || isOneTooMany) {
      retryLater(target);
      return;
    }
    target.dialling = true;
    host.transport.dial(target.address, target.did, (result) => dialled(target, result));
  };

  const dialled = (target: Target, result: DialResult): void => {
    if (result.status !== 'open') {
      target.dialling = false;
      host.log('debug', 'dial_failed', { address: target.address, reason: result.reason });
      // An address was given without a name: it is whoever's it is now.
      if (result.status === 'wrong_identity' && !target.announced) target.did = undefined;
      retryLater(target);
      return;
    }
    // Many dials may have been under way for the last free place.
    if (stopped || isFull()) {
      target.dialling = false;
      result.link.close();
      retryLater(target);
      return;
    }
    const session = begin(result.link, target.did);
    // The target counts as being dialled until the Hello is through or the link has ended.
    if (session.ended) retryLater(target);
    else dials.set(session, target);
  };

  const begin = (link: Link, expected: Did | undefined): Session => {
    const session = options.begin(link, expected);
    if (!session.ended) all.add(session);
    return session;
  };

  /** The dial that led to this session is over, one way or the other. */
  const settle = (session: Session): Target | undefined => {
    const target = dials.get(session);
    dials.delete(session);
    if (target) target.dialling = false;
    return target;
  };

  const dialler = (session: Session, peer: Did): Did =>
    session.link.side === 'dialler' ? self : peer;

  /**
   * Of two links with one peer: where both were dialled at the same time, the one dialled by the
   * smaller DID, and of two by the same side (a peer known by two addresses) the one with the smaller
   * binding: both ends see the same, so both keep the same. Otherwise the newer, because nobody dials
   * whom it is linked with: the peer has lost the older link, or all its memory, and the older is dead
   * here without knowing.
   */
  const better = (older: Session, newer: Session, peer: Did): Session => {
    const apartMs = newer.openedAt - (older.establishedAt ?? older.openedAt);
    if (apartMs > SIMULTANEOUS_MS) return newer;
    const rank = (session: Session): string => `${dialler(session, peer)} ${session.link.binding}`;
    return rank(older) < rank(newer) ? older : newer;
  };

  /** Forgets an address. */
  const forget = (target: Target): void => {
    target.gone = true;
    target.retry?.();
    targets.delete(target.address);
  };

  const targetsOf = (peer: Did): Target[] =>
    [...targets.values()].filter(({ did }) => did === peer);

  return {
    add(candidate) {
      const known = targets.get(candidate.address);
      if (known && (known.did ?? candidate.did) === candidate.did) return;
      for (const stale of candidate.did === undefined ? [] : targetsOf(candidate.did)) {
        if (stale.announced) forget(stale);
      }
      const target: Target = {
        ...candidate,
        announced: candidate.did !== undefined,
        attempts: 0,
        dialling: false,
        retry: undefined,
        gone: false,
      };
      if (known) forget(known);
      targets.set(candidate.address, target);
      // When both sides learn of each other at once, the larger DID gives way for a moment.
      const yields = candidate.did !== undefined && self > candidate.did;
      target.retry = host.after(yields ? settings.redialMsMin : 0, () => dial(target));
    },

    drop(peer) {
      for (const target of targetsOf(peer)) if (target.announced) forget(target);
    },

    accept(link) {
      if (stopped || (isFull() && !makeRoom())) {
        host.log('warn', 'link_refused', { address: link.remoteAddress, links: all.size });
        link.close();
        return;
      }
      begin(link, undefined);
    },

    established(session, peer) {
      const target = settle(session);
      if (target) target.did = peer;
      if (cut.has(peer) || stopped) {
        session.close();
        return;
      }
      const older = sessions.get(peer);
      if (!older && isStranger(peer) && strangersAreMany()) {
        host.log('warn', 'stranger_refused', { peer, links: all.size });
        session.close();
        return;
      }
      if (older && better(older, session, peer) === older) {
        session.close();
        return;
      }
      sessions.set(peer, session);
      if (older) {
        // Who comes back may remember nothing: it is told again what we want and hold.
        options.disconnected(peer);
        older.close();
      }
      options.connected(peer);
    },

    ended(session, reason, peer) {
      all.delete(session);
      leavers.delete(session);
      const target = settle(session);
      if (target) retryLater(target);
      if (peer === undefined) return;
      host.log('info', 'link_ended', { peer, reason });
      if (sessions.get(peer) !== session) return;
      sessions.delete(peer);
      options.disconnected(peer);
      // A link that ends as soon as it begins (the peer cut us off) earns no eager redial.
      const livedMs = host.monotonic() - (session.establishedAt ?? session.openedAt);
      for (const target of targetsOf(peer)) {
        if (livedMs >= settings.redialMsMax) target.attempts = 0;
        retryLater(target);
      }
    },

    cut(peers) {
      for (const peer of peers) {
        cut.add(peer);
        for (const session of all) if (session.peer === peer) session.close();
      }
    },
    heal() {
      cut.clear();
      for (const target of targets.values()) {
        target.attempts = 0;
        target.retry?.();
        dial(target);
      }
    },
    get cutPeers() {
      return [...cut].sort();
    },

    session: (peer) => sessions.get(peer),
    peers: () =>
      [...sessions]
        .map(([did, { link, roundTripMs }]) => ({
          did,
          address: link.remoteAddress,
          side: link.side,
          roundTripMs,
        }))
        .sort((left, right) => (left.did < right.did ? -1 : 1)),

    stop() {
      stopped = true;
      for (const target of targets.values()) target.retry?.();
      for (const session of all) session.close();
    },
  };
};
