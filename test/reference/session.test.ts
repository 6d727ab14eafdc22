import { describe, expect, it } from 'vitest';
import type { Did, NetworkId } from '#contracts/identifiers.ts';
import { PROTOCOL, type GossipMessage, type Message } from '#contracts/messages.ts';
import type { SessionEvent } from '#contracts/node.ts';
import type { HelloFacts, Signer } from '#contracts/records.ts';
import type { CloseReason, Link, LinkEvents, SendStatus } from '#contracts/transport.ts';
import { readSettings } from '#reference/config.ts';
import { create as createFrames } from '#reference/frames/frames.ts';
import { createPeering, type Peering } from '#reference/node/peers/peering.ts';
import {
  createSession,
  SESSION_WORDS_MAX,
  SESSION_WORD_SPACING_MS,
  SLIP_SPACING_MS,
  SLIPS_MAX,
  type Session,
} from '#reference/node/peers/session.ts';
import { createSimulatedHost } from '#reference/sim/host.ts';
import { createNetwork, type Network } from '#reference/sim/network.ts';
import { createRandom } from '#reference/sim/random.ts';
import { createScheduler, type Scheduler } from '#reference/sim/scheduler.ts';
import { createDisk } from '#reference/sim/disk.ts';
import { NETWORK, content, nonceOf, records, signerOf } from '#test/support/village.ts';

const frames = createFrames({ content });
const [ann, ben, cem] = ['ann', 'ben', 'cem'].map(signerOf) as [Signer, Signer, Signer];
const settings = readSettings();

/** A link whose far end is the test: it sees what was sent and says what it likes. */
const createFakeLink = (given: Partial<Pick<Link, 'proven'>> = {}) => {
  const decoder = frames.decoder();
  const sent: Message[] = [];
  let events: LinkEvents | undefined;
  let over = false;
  const fake = {
    sent,
    bytes: 0,
    closing: false,
    status: 'accepted' as SendStatus,
    endsAtOnce: false,
    says: (...messages: readonly Message[]) => {
      for (const message of messages) events?.received(frames.encode(message));
    },
    saysBytes: (bytes: Uint8Array) => events?.received(bytes),
    drained: () => events?.drained(),
    end: (reason: CloseReason) => {
      if (over) return;
      over = true;
      events?.closed(reason);
    },
  };
  const link: Link = {
    side: 'listener',
    proven: given.proven,
    binding: 'the one link',
    remoteAddress: '10.0.0.9:7000',
    unsentBytes: 0,
    open(listener) {
      events = listener;
      if (fake.endsAtOnce) fake.end('lost');
    },
    send(frame) {
      if (over || fake.closing) return 'closed';
      if (fake.status === 'accepted') {
        fake.bytes += frame.length;
        for (const outcome of decoder.push(frame)) if (outcome.ok) sent.push(outcome.value);
      }
      return fake.status;
    },
    close() {
      fake.closing = true;
    },
  };
  return Object.assign(fake, { link });
};
type FakeLink = ReturnType<typeof createFakeLink>;

/** Ann's session over a fake link. */
const open = (fake: FakeLink, expected?: Did) => {
  const scheduler = createScheduler(0);
  const counted: SessionEvent[] = [];
  const received: GossipMessage[] = [];
  const established: Did[] = [];
  const ended: [CloseReason, Did | undefined][] = [];
  let nonces = 0;
  const session = createSession({
    link: fake.link,
    frames,
    records,
    signer: ann,
    network: NETWORK,
    host: {
      after: scheduler.after,
      monotonic: scheduler.now,
      randomBytes: () => Buffer.from(nonceOf(`ann ${nonces++}`), 'base64url'),
    },
    settings: settings.session,
    expected,
    established: (_, peer) => established.push(peer),
    received: (_, message) => received.push(message),
    ended: (_, reason, peer) => ended.push([reason, peer]),
    count: (event) => counted.push(event),
  });
  return { session, scheduler, counted, received, established, ended };
};

const factsOf = (signer: Signer, nonce: string): HelloFacts => ({
  did: signer.did,
  network: NETWORK,
  protocol: PROTOCOL,
  nonce: nonceOf(nonce),
});

const helloOf = (facts: HelloFacts): Message => ({ type: 'hello', ...facts });

/** What the far end answers to Ann's Hello, as `mine`, over a link with this binding. */
const proofOf = (
  fake: FakeLink,
  signer: Signer,
  mine: HelloFacts,
  binding = 'the one link',
): Message => {
  const hello = fake.sent.find(({ type }) => type === 'hello') as Message & HelloFacts;
  const theirs = {
    did: hello.did,
    network: hello.network,
    protocol: hello.protocol,
    nonce: hello.nonce,
  };
  const signature = records.proveHello({ mine, theirs, binding }, signer);
  return { type: 'hello-proof', nonce: hello.nonce, signature };
};

/** Ann and Ben, over their Hellos. */
const meet = () => {
  const fake = createFakeLink();
  const meeting = open(fake);
  const facts = factsOf(ben, 'ben');
  fake.says(helloOf(facts), proofOf(fake, ben, facts));
  expect(meeting.established).toEqual([ben.did]);
  return { fake, facts, ...meeting };
};

const digest: GossipMessage = { type: 'subscribe', topics: ['ledger:hours'] };

describe('a Hello', () => {
  it('proves the peer, and what follows belongs to it', () => {
    const { fake, received, session } = meet();
    fake.says(digest);
    expect([session.peer, received]).toEqual([ben.did, [digest]]);
    expect(fake.sent.map(({ type }) => type)).toEqual(['hello', 'hello-proof']);
  });

  const elsewhere = 'e'.repeat(64) as NetworkId;
  const objections: {
    readonly [what: string]: () => { fake: FakeLink; hello: HelloFacts; expected?: Did };
  } = {
    'names another network': () => ({
      fake: createFakeLink(),
      hello: { ...factsOf(ben, 'ben'), network: elsewhere },
    }),
    'speaks another protocol': () => ({
      fake: createFakeLink(),
      hello: { ...factsOf(ben, 'ben'), protocol: 'icn/gossip/2' },
    }),
    'names us': () => ({ fake: createFakeLink(), hello: factsOf(ann, 'ann') }),
    'echoes our own nonce': () => ({
      fake: createFakeLink(),
      hello: { ...factsOf(ben, 'ben'), nonce: nonceOf('ann 0') },
    }),
    'names another DID than was dialled': () => ({
      fake: createFakeLink(),
      hello: factsOf(ben, 'ben'),
      expected: cem.did,
    }),
    'names another DID than the transport proved': () => ({
      fake: createFakeLink({ proven: cem.did }),
      hello: factsOf(ben, 'ben'),
    }),
  };
  for (const [what, make] of Object.entries(objections)) {
    it(`that ${what} ends the link, and a good one after it changes nothing`, () => {
      const { fake, hello, expected } = make();
      const { counted, established, received } = open(fake, expected);
      fake.says(helloOf(hello));
      expect([counted, fake.closing]).toEqual([['hello_refused'], true]);
      const good = factsOf(ben, 'good');
      fake.says(helloOf(good), proofOf(fake, ben, good), digest);
      expect([established, received, counted]).toEqual([[], [], ['hello_refused']]);
    });
  }

  it('whose proof was recorded on another link is refused', () => {
    const fake = createFakeLink();
    const { counted, established } = open(fake);
    const facts = factsOf(ben, 'ben');
    fake.says(helloOf(facts), proofOf(fake, ben, facts, 'another link'));
    expect([counted, established, fake.closing]).toEqual([['hello_refused'], [], true]);
  });

  it("whose proof is another's is refused", () => {
    const fake = createFakeLink();
    const { counted, established } = open(fake);
    const claimed = factsOf(ben, 'ben');
    const forged = proofOf(fake, cem, factsOf(cem, 'ben'));
    fake.says(helloOf(claimed), forged);
    expect([counted, established, fake.closing]).toEqual([['hello_refused'], [], true]);
  });

  it('whose proof came first is still welcome: proofs are repeated', () => {
    const fake = createFakeLink();
    const { counted, established } = open(fake);
    const facts = factsOf(ben, 'ben');
    const proof = proofOf(fake, ben, facts);
    fake.says(proof);
    expect([counted, established]).toEqual([['message_before_hello'], []]);
    fake.says(helloOf(facts), proof);
    expect(established).toEqual([ben.did]);
  });

  it('that differs from the first ends the link, even after the proof', () => {
    const { fake, counted } = meet();
    fake.says(helloOf(factsOf(ben, 'another nonce')));
    expect([counted, fake.closing]).toEqual([['hello_refused'], true]);
  });

  it('is answered as often as it is said, with the same proof', () => {
    const { fake, facts } = meet();
    for (let again = 0; again < 5; again++) fake.says(helloOf(facts));
    const proofs = fake.sent.filter(({ type }) => type === 'hello-proof');
    expect(proofs).toHaveLength(6);
    expect(new Set(proofs.map((proof) => JSON.stringify(proof))).size).toBe(1);
  });

  it('is repeated until it is answered, and then no more', () => {
    const fake = createFakeLink();
    const { scheduler } = open(fake);
    const hellos = (): number => fake.sent.filter(({ type }) => type === 'hello').length;
    scheduler.runUntil(3_500);
    expect(hellos()).toBe(4);
    const facts = factsOf(ben, 'ben');
    fake.says(helloOf(facts), proofOf(fake, ben, facts));
    scheduler.runUntil(5_500);
    expect(hellos()).toBe(4);
  });

  it('that does not come ends the link in time, whatever else is said', () => {
    const fake = createFakeLink();
    const { scheduler, counted, received } = open(fake);
    for (let at = 0; at < settings.session.helloTimeoutMs; at += 500) {
      fake.says(digest, { type: 'ping', nonce: nonceOf('x') });
      scheduler.runUntil(at + 500);
    }
    expect(fake.closing).toBe(true);
    expect(counted.filter((event) => event === 'hello_timed_out')).toHaveLength(1);
    expect(counted.filter((event) => event === 'message_before_hello')).toHaveLength(10);
    expect(received).toEqual([]);
  });
});

describe('a session', () => {
  it('answers pings at a rate, and Hellos out of the same bucket: each costs an answer', () => {
    const { fake, facts, counted, scheduler } = meet();
    const ping: Message = { type: 'ping', nonce: nonceOf('x') };
    const pongs = () => fake.sent.filter(({ type }) => type === 'pong').length;
    for (let time = 0; time < 1_000; time++) fake.says(ping);
    // The Hello and the proof were two.
    expect(pongs()).toBe(SESSION_WORDS_MAX - 2);
    expect(new Set(counted)).toEqual(new Set(['session_too_often']));
    const sent = fake.sent.length;
    fake.says(helloOf(facts));
    expect(fake.sent).toHaveLength(sent);
    scheduler.runUntil(5 * SESSION_WORD_SPACING_MS);
    for (let time = 0; time < 1_000; time++) fake.says(ping);
    expect(pongs()).toBe(SESSION_WORDS_MAX - 2 + 5);
  });

  it('pings a silent peer, ends a dead one, and leaves no timer behind', () => {
    const { fake, scheduler, counted, ended } = meet();
    scheduler.runUntil(5_900);
    expect(fake.sent.filter(({ type }) => type === 'ping')).toHaveLength(2);
    expect(fake.closing).toBe(false);
    scheduler.runUntil(6_100);
    expect([counted, fake.closing]).toEqual([['peer_silent'], true]);
    fake.end('local');
    expect(ended).toEqual([['local', ben.did]]);
    expect(scheduler.pending).toBe(0);
  });

  it('ends a link whose peer drips bytes of one frame, and keeps one that is only slow', () => {
    const frame = frames.encode({ type: 'ping', nonce: nonceOf('drip') });
    const dripping = meet();
    const slow = meet();
    for (let second = 1; second <= 40; second++) {
      dripping.scheduler.runUntil(second * 1_000);
      dripping.fake.saysBytes(frame.subarray(second - 1, second));
      slow.scheduler.runUntil(second * 1_000);
      // A whole frame every ten seconds, in ten pieces.
      const piece = Math.ceil(frame.length / 10);
      const part = (second - 1) % 10;
      slow.fake.saysBytes(frame.subarray(part * piece, (part + 1) * piece));
    }
    expect([dripping.counted, dripping.fake.closing]).toEqual([['frame_stalled'], true]);
    expect([slow.counted, slow.fake.closing]).toEqual([[], false]);
  });

  it('keeps a peer that answers, and knows how far away it is', () => {
    const { fake, scheduler, session } = meet();
    for (let round = 1; round <= 20; round++) {
      scheduler.runUntil(round * 2_000 + 40);
      const ping = fake.sent.findLast(({ type }) => type === 'ping') as { readonly nonce: string };
      fake.says({ type: 'pong', nonce: ping.nonce });
    }
    expect([session.roundTripMs, fake.closing]).toEqual([40, false]);
  });

  it('over a link that had ended already ends at once and leaves no timer behind', () => {
    const fake = createFakeLink();
    fake.endsAtOnce = true;
    const { session, scheduler, ended } = open(fake);
    expect([session.ended, ended, scheduler.pending]).toEqual([true, [['lost', undefined]], 0]);
  });

  it('bounds what waits for a slow peer, and goes on when there is room again', () => {
    const { fake, session, counted } = meet();
    fake.status = 'full';
    const frame = frames.encode({ type: 'ping', nonce: nonceOf('big') });
    const fits = Math.floor(settings.session.queuedBytesMax / frame.length);
    for (let index = 0; index < fits + 100; index++) session.send(frame);
    expect(counted.filter((event) => event === 'send_dropped')).toHaveLength(100);
    fake.status = 'accepted';
    fake.bytes = 0;
    fake.drained();
    expect(fake.bytes).toBe(fits * frame.length);
    session.send(frame);
    expect(counted).toHaveLength(100);
  });

  it('drops what is no message and goes on; where the edges are lost it ends', () => {
    const { fake, counted, received } = meet();
    const nonsense = Buffer.from('\0\0\0\x02{}', 'latin1');
    fake.saysBytes(nonsense);
    fake.says(digest);
    expect([counted, received, fake.closing]).toEqual([['frame_refused'], [digest], false]);
    fake.saysBytes(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    expect([counted.length, fake.closing]).toEqual([2, true]);
  });

  it('leaves whoever goes on saying what is no message, in one piece or over a minute', () => {
    const nonsense = Buffer.from('\0\0\0\x02{}', 'latin1');
    const fast = meet();
    fast.fake.saysBytes(Buffer.concat([...Array<Buffer>(10_000).fill(nonsense)]));
    expect([fast.counted.length, fast.fake.closing]).toEqual([SLIPS_MAX + 1, true]);
    fast.fake.says(digest);
    expect(fast.received).toEqual([]);
    // As often as it is forgiven again: a peer of another release.
    const slow = meet();
    for (let time = 1; time <= 100; time++) {
      slow.scheduler.runUntil(time * SLIP_SPACING_MS);
      slow.fake.saysBytes(nonsense);
    }
    expect([slow.counted.length, slow.fake.closing]).toEqual([100, false]);
  });
});

// --- Peering ----------------------------------------------------------------------------------------

interface Spot {
  readonly signer: Signer;
  readonly address: string;
  readonly peering: Peering;
  readonly connected: Did[];
  readonly disconnected: Did[];
  /** Times at which it dialled. */
  readonly dials: number[];
}

/** Peerings with real sessions over the simulated network, and no node above them. */
const createSpots = (
  seed: string,
  names: readonly string[],
  peeringSettings = settings.peering,
  isStranger = (_peer: Did): boolean => false,
) => {
  const scheduler: Scheduler = createScheduler(0);
  const random = createRandom(seed);
  const network: Network = createNetwork({ scheduler, random });
  const spots = names.map((name, index): Spot => {
    const signer = signerOf(name);
    const address = `10.0.0.${index + 1}:7000`;
    const transport = network.transport(address, signer.did);
    const dials: number[] = [];
    const host = createSimulatedHost({
      scheduler,
      random: random.fork(name),
      store: createDisk({ scheduler, random: random.fork(`disk ${name}`) }).open(),
      transport: {
        ...transport,
        dial(to, expected, done) {
          dials.push(scheduler.now());
          transport.dial(to, expected, done);
        },
      },
    });
    const connected: Did[] = [];
    const disconnected: Did[] = [];
    const peering: Peering = createPeering({
      self: signer.did,
      host,
      settings: peeringSettings,
      isStranger,
      begin: (link, expected): Session =>
        createSession({
          link,
          frames,
          records,
          signer,
          network: NETWORK,
          host,
          settings: settings.session,
          expected,
          established: (session, peer) => peering.established(session, peer),
          received: () => {},
          ended: (session, reason, peer) => peering.ended(session, reason, peer),
          count: () => {},
        }),
      connected: (peer) => connected.push(peer),
      disconnected: (peer) => disconnected.push(peer),
    });
    void transport.listen(address, (link) => peering.accept(link));
    return { signer, address, peering, connected, disconnected, dials };
  });
  const know = (from: Spot, to: Spot): void =>
    from.peering.add({ address: to.address, did: to.signer.did });
  return { scheduler, network, spots, know };
};

const linkOf = (from: Spot, to: Spot) =>
  from.peering.peers().find(({ did }) => did === to.signer.did);

/** One link, seen alike from both ends, and as often connected as it must be. */
const expectOneLink = (left: Spot, right: Spot): void => {
  const sides = new Set([linkOf(left, right)?.side, linkOf(right, left)?.side]);
  expect(sides).toEqual(new Set(['dialler', 'listener']));
  for (const { connected, disconnected } of [left, right]) {
    expect(connected.length - disconnected.length).toBe(1);
  }
};

describe('peering', () => {
  it('ends with one link on both sides when both dial at once, whatever the delays and losses', () => {
    for (let seed = 0; seed < 40; seed++) {
      const { scheduler, network, spots, know } = createSpots(`both ${seed}`, ['ann', 'ben']);
      const [left, right] = spots as [Spot, Spot];
      network.set({ delayMsMax: 150, dropRate: seed % 2 === 0 ? 0 : 0.3 });
      // The larger DID waits a little before it dials; here it is late by just that.
      const [small, large] = left.signer.did < right.signer.did ? [left, right] : [right, left];
      know(large, small);
      scheduler.runUntil(250);
      know(small, large);
      scheduler.runUntil(20_000);
      network.set({ dropRate: 0 });
      scheduler.runUntil(40_000);
      expectOneLink(left, right);
      // Where nothing is lost nobody has to try again: both keep the same one of two.
      if (seed % 2 === 0) expect(left.dials.length + right.dials.length).toBeLessThanOrEqual(2);
      const dials = left.dials.length + right.dials.length;
      scheduler.runUntil(100_000);
      expect(left.dials.length + right.dials.length).toBe(dials);
    }
  });

  it('dials again with a pause that doubles up to its limit, and at once after an end', () => {
    const { scheduler, network, spots, know } = createSpots('back-off', ['ann', 'ben']);
    const [left, right] = spots as [Spot, Spot];
    network.crash(right.address);
    know(left, right);
    scheduler.runUntil(120_000);
    const pauses = left.dials.slice(1).map((atMs, index) => atMs - left.dials[index]! - 5_000);
    const bases = [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000];
    bases.forEach((base, index) => {
      expect(pauses[index]).toBeGreaterThanOrEqual(base * 0.75);
      expect(pauses[index]).toBeLessThanOrEqual(base * 1.25);
    });
    const later = left.dials.length;
    scheduler.runUntil(240_000);
    expect(left.dials.length - later).toBeGreaterThan(9);
  });

  it('keeps a cut peer away, from both sides, until it is healed', () => {
    const { scheduler, spots, know } = createSpots('cut', ['ann', 'ben']);
    const [left, right] = spots as [Spot, Spot];
    know(left, right);
    know(right, left);
    scheduler.runUntil(3_000);
    expectOneLink(left, right);
    left.peering.cut([right.signer.did]);
    scheduler.runUntil(60_000);
    expect([left.peering.peers(), right.peering.peers()]).toEqual([[], []]);
    left.peering.heal();
    scheduler.runUntil(62_000);
    expectOneLink(left, right);
  });

  it('finds the peer again after a partition and after its crash', () => {
    const { scheduler, network, spots, know } = createSpots('heal', ['ann', 'ben', 'cem']);
    const [left, right] = spots as [Spot, Spot];
    know(left, right);
    know(right, left);
    scheduler.runUntil(3_000);
    const heal = network.partition([left.address], [right.address]);
    scheduler.runUntil(33_000);
    expect([left.peering.peers(), right.peering.peers()]).toEqual([[], []]);
    heal();
    scheduler.runUntil(50_000);
    expectOneLink(left, right);
  });

  it('never dials an address again that another one replaced', () => {
    const { scheduler, network, spots } = createSpots('moved', ['ann', 'ben']);
    const [left, right] = spots as [Spot, Spot];
    network.crash(right.address);
    left.peering.add({ address: right.address, did: right.signer.did });
    scheduler.runUntil(100);
    // While the first dial is under way, somebody else announces that address; later nobody does.
    left.peering.add({ address: right.address, did: cem.did });
    left.peering.drop(cem.did);
    scheduler.runUntil(10_000);
    const dials = left.dials.length;
    scheduler.runUntil(100_000);
    expect(left.dials.length).toBe(dials);
  });

  it('asks nothing more of the world once it has stopped', () => {
    const { scheduler, spots, know } = createSpots('stop', ['ann', 'ben']);
    const [left, right] = spots as [Spot, Spot];
    know(left, right);
    scheduler.runUntil(3_000);
    left.peering.stop();
    right.peering.stop();
    scheduler.runUntil(3_100);
    expect([scheduler.pending, left.peering.peers(), right.peering.peers()]).toEqual([0, [], []]);
  });

  it('refuses links beyond its limit and keeps those it has', () => {
    const { scheduler, network, spots, know } = createSpots('full', ['ann', 'ben']);
    const [left, right] = spots as [Spot, Spot];
    know(left, right);
    scheduler.runUntil(3_000);
    const stranger = network.transport('10.0.0.99:7000', cem.did);
    for (let index = 0; index < settings.peering.linksMax + 20; index++) {
      stranger.dial(right.address, undefined, () => {});
    }
    scheduler.runUntil(4_000);
    expectOneLink(left, right);
    // Strangers who never say Hello leave again.
    scheduler.runUntil(20_000);
    expectOneLink(left, right);
    expect(scheduler.pending).toBeLessThan(10);
  });

  it('keeps a quarter of its places from strangers, however many they are', () => {
    const names = Array.from({ length: 10 }, (_, index) => `stranger ${index}`);
    const { scheduler, spots, know } = createSpots(
      'strangers',
      ['ann', 'ben', ...names],
      { ...settings.peering, linksMax: 8 },
      (peer) => peer !== ann.did && peer !== ben.did,
    );
    const [left, friend, ...strangers] = spots as [Spot, Spot, ...Spot[]];
    for (const stranger of strangers) know(stranger, left);
    scheduler.runUntil(10_000);
    expect(left.peering.peers()).toHaveLength(6);
    know(friend, left);
    scheduler.runUntil(12_000);
    expect(linkOf(left, friend)).toBeDefined();
    // Nor does it dial them beyond that, if they announce themselves.
    for (const stranger of strangers) know(left, stranger);
    scheduler.runUntil(60_000);
    expect(left.peering.peers()).toHaveLength(7);
    expect(linkOf(left, friend)).toBeDefined();
    expect(friend.disconnected).toEqual([]);
  });

  it('takes who comes where all places are held by links that prove nothing', () => {
    const { scheduler, network, spots, know } = createSpots('silent crowd', ['ann', 'ben'], {
      ...settings.peering,
      linksMax: 8,
    });
    const [left, right] = spots as [Spot, Spot];
    const stranger = network.transport('10.0.0.99:7000', cem.did);
    let links = 0;
    // Again and again, so that no place is free when a silent one is cut.
    for (let atMs = 0; atMs < 30_000; atMs += 500) {
      scheduler.after(atMs, () =>
        stranger.dial(left.address, undefined, (result) => {
          if (result.status !== 'open') return;
          links += 1;
          result.link.open({ received: () => {}, drained: () => {}, closed: () => (links -= 1) });
        }),
      );
    }
    scheduler.runUntil(10_000);
    expect(links).toBeGreaterThanOrEqual(7);
    know(right, left);
    scheduler.runUntil(11_000);
    expectOneLink(left, right);
    scheduler.runUntil(30_000);
    expectOneLink(left, right);
    expect(right.disconnected).toEqual([]);
  });

  it('dials nobody beyond its limit, and again when there is room', () => {
    const names = ['ann', 'ben', 'cem', 'dee'];
    const { scheduler, spots, know } = createSpots('room', names, {
      ...settings.peering,
      linksMax: 2,
    });
    const [left, ...others] = spots as [Spot, ...Spot[]];
    for (const other of others) know(left, other);
    scheduler.runUntil(10_000);
    expect(left.peering.peers()).toHaveLength(2);
    const outside = others.find((other) => linkOf(left, other) === undefined)!;
    const inside = others.find((other) => other !== outside)!;
    left.peering.cut([inside.signer.did]);
    scheduler.runUntil(20_000);
    expect(linkOf(left, outside)).toBeDefined();
    expect(left.peering.peers()).toHaveLength(2);
  });

  it('takes whoever is at an address that was given without a name, were it somebody new', () => {
    const { scheduler, network, spots } = createSpots('moved in', ['ann', 'ben']);
    const [left, right] = spots as [Spot, Spot];
    left.peering.add({ address: right.address, did: undefined });
    scheduler.runUntil(3_000);
    expectOneLink(left, right);
    network.crash(right.address);
    const newcomers: (Did | undefined)[] = [];
    void network.transport(right.address, cem.did).listen(right.address, ({ proven }) => {
      newcomers.push(proven);
    });
    scheduler.runUntil(60_000);
    expect(newcomers).toContain(left.signer.did);
  });
});
