/**
 * A simulation: a cluster, a plan of payments and faults, and the checkers.
 *
 * Two phases. *Safety*: everything in the plan is done while members pay each other; laws that hold at
 * every moment are checked every virtual second. *Liveness*: the faults end (but for lies that were to
 * last), everybody is started again, and the cluster must agree before the deadline and then fall quiet.
 * Then the final laws are checked.
 *
 * A run ends at the first moment at which a law is broken. The verdict keeps apart what went wrong: `broken` says that a law was, which no waiting repairs;
 * `stalled` that nothing was but that they never came to agree; `unknown` that nothing was tried.
 */
import type { NodeLayers } from '#contracts/layers.ts';
import type { Host } from '#contracts/host.ts';
import { readSettings } from '#reference/config.ts';
import { createLiar, type Liar } from './adversary/liar.ts';
import { agreed, boundsFor, checkAlways, checkFinally, type Violation } from './checkers.ts';
import { createCluster, type Cluster } from './cluster.ts';
import type { Conditions } from './conditions.ts';
import { guarded } from './guard.ts';
import type { LogLine } from './host.ts';
import type { Plan } from './nemesis/plan.ts';
import { createStrikes } from './nemesis/strike.ts';
import { createWitness, type Latencies } from './witness.ts';

export interface SimulationOptions {
  readonly plan: Plan;
  readonly layersOf: (index: number) => NodeLayers;
  /** See ClusterOptions. */
  readonly hostOf?: (index: number, host: Host) => Host;
  readonly log?: (node: string, line: LogLine) => void;
}

export const VERDICTS = ['broken', 'stalled', 'unknown', 'held'] as const;
export type SimulationVerdict = (typeof VERDICTS)[number];

export interface SimulationReport {
  readonly seed: string;
  readonly verdict: SimulationVerdict;
  readonly violations: readonly Violation[];
  readonly records: number;
  readonly acknowledged: number;
  /** Acknowledged records that were on every node at one time, and how long that took. */
  readonly stable: number;
  readonly latencies: Latencies | undefined;
  /** Virtual time of the safety phase. */
  readonly faultyMs: number;
  /** Virtual time from the end of the faults until all agreed; undefined if they never did. */
  readonly healedMs: number | undefined;
  readonly frames: number;
  readonly bytes: number;
  /** The most frames that one node said in one second, for each of its links. */
  readonly busiest: number;
  readonly traceHash: string;
}

/** A cluster that has healed must agree within this: a few times the longest digest interval. */
const LIVENESS_MS = 240_000;
/** Connections are made before the first payment. */
const SETTLE_MS = 3_000;
/** Between two turns of those who wait for a promise. */
const TURN_MS = 250;
/** A node whose store failed is started again by its operator this often, until that helps. */
const OPERATOR_MS = 2_000;
/** Never more than this is said, whatever happens: a node answers, and does not echo. */
const FRAMES_PER_LINK_SECOND_MAX = 100;
/** How long silence is listened to, and how many frames a second a link may still carry in it. */
const QUIET_MS = 4_000;
const QUIET_FRAMES_PER_LINK_SECOND_MAX = 4;

/** Frames arrive in pieces, at all times. */
const CALM: Partial<Conditions> = {
  dropRate: 0,
  duplicateRate: 0,
  reorder: false,
  delayMsMin: 1,
  delayMsMax: 10,
  bytesPerSecondMax: Infinity,
  cut: true,
};

/** Things to do between two steps, at their times, causes before effects; nothing more once `isOver`. */
const createAgenda = (cluster: Cluster, isOver: () => boolean) => {
  const due: (() => void | Promise<void>)[] = [];
  const later = (delayMs: number, run: () => void | Promise<void>): void =>
    void cluster.scheduler.after(delayMs, () => due.push(run));

  /** Runs the clock; stops for everything that is due, and now and then for promises. */
  const run = async (forMs: number): Promise<void> => {
    const { scheduler } = cluster;
    const untilMs = scheduler.now() + forMs;
    while (!isOver() && (scheduler.now() < untilMs || due.length > 0)) {
      scheduler.runUntil(Math.min(scheduler.now() + TURN_MS, untilMs), () => due.length > 0);
      for (let next = due.shift(); next !== undefined; next = due.shift()) await next();
      await Promise.resolve();
    }
  };
  return { later, run };
};

const createWorld = (options: SimulationOptions) => {
  const { plan, layersOf, hostOf, log } = options;
  // Where frames are lost, three silent intervals in a row do not say yet that a peer is dead.
  const settings = readSettings({ pingMissesMax: 10 });
  const witness = createWitness(
    () => cluster.scheduler.now(),
    () => new Set(cluster.liars.map(({ did }) => did)),
  );
  const cluster: Cluster = createCluster({
    seed: plan.seed,
    nodes: plan.nodes,
    liars: plan.liars,
    settings,
    layersOf,
    conditions: CALM,
    started: (place) => witness.started(place),
    happened: (place, event) => witness.happened(place, event),
    ...(hostOf ? { hostOf } : {}),
    ...(log ? { log } : {}),
  });
  /** Laws that were broken so far; one is enough, and ends the run. */
  const violations: Violation[] = [];
  const isOver = (): boolean => violations.length > 0 || witness.violations.length > 0;
  const agenda = createAgenda(cluster, isOver);
  const liars = cluster.liars.map((place): Liar => {
    const liar = createLiar({ cluster, place, layers: layersOf(-1), settings: settings.session });
    liar.listen();
    return liar;
  });
  const strikes = createStrikes({
    cluster,
    calm: CALM,
    later: agenda.later,
    liarAt: (index) => liars[index]!,
  });
  const bounds = boundsFor(cluster.places.length, settings.gossip.waitingMax);
  return { cluster, witness, agenda, strikes, bounds, violations, isOver };
};
type World = ReturnType<typeof createWorld>;

/** Who keeps an eye on the machines: laws of every moment are checked, and failed nodes started again. */
const superviseIn = ({ cluster, witness, agenda, bounds, violations }: World) => {
  const restart = async (index: number): Promise<void> => {
    if (cluster.places[index]?.failed) cluster.crash(index);
    if (!cluster.places[index]?.node) await cluster.start(index);
  };
  const sentBefore = new Map<number, number>();
  let busiest = 0;
  /** Frames that a node said in the last second, for each of its links. */
  const checkPace = (): void => {
    for (const place of cluster.honest) {
      const { frames } = place.load();
      const rate = (frames - (sentBefore.get(place.index) ?? frames)) / (cluster.places.length - 1);
      sentBefore.set(place.index, frames);
      busiest = Math.max(busiest, rate);
      if (rate <= FRAMES_PER_LINK_SECOND_MAX || violations.length > 0) continue;
      const detail = `${Math.round(rate)} frames a link in one second, at most ${FRAMES_PER_LINK_SECOND_MAX} may`;
      violations.push({ law: 'quiet', node: place.name, detail });
    }
  };
  const look = (): void => {
    witness.look(cluster);
    if (violations.length === 0) {
      const up = cluster.honest.filter(({ node }) => node !== undefined);
      violations.push(...checkAlways(up, bounds));
    }
  };
  const watch = (): void => {
    look();
    checkPace();
    agenda.later(1_000, watch);
  };
  const operate = async (): Promise<void> => {
    for (const { index, failed } of cluster.honest) if (failed) await restart(index);
    agenda.later(OPERATOR_MS, operate);
  };
  return {
    look,
    get busiest() {
      return busiest;
    },
    begin() {
      watch();
      agenda.later(OPERATOR_MS, operate);
    },
    restartAll: async () => {
      for (const { index } of cluster.honest) await restart(index);
    },
  };
};

/** Everything in the plan is done. Gives the virtual time it took. */
const runSafety = async ({ cluster, agenda, strikes }: World, plan: Plan): Promise<number> => {
  const beganMs = cluster.scheduler.now();
  for (const action of plan.actions) agenda.later(action.atMs, () => strikes.strike(action));
  await agenda.run(plan.spanMs);
  return cluster.scheduler.now() - beganMs;
};

/** The faults end. Gives the time until all agree; undefined if they do not before the deadline. */
const runLiveness = async (
  { cluster, agenda, strikes, isOver }: World,
  restartAll: () => Promise<void>,
): Promise<number | undefined> => {
  strikes.heal();
  await restartAll();
  const healedAtMs = cluster.scheduler.now();
  for (;;) {
    const elapsedMs = cluster.scheduler.now() - healedAtMs;
    const isUp = cluster.honest.every(({ node, failed }) => node !== undefined && !failed);
    const isAnswered = cluster.honest.every(({ unanswered }) => unanswered === 0);
    // Everybody must be back in touch before silence can mean agreement.
    if (elapsedMs >= 1_000 && isUp && isAnswered && agreed(cluster.honest)) return elapsedMs;
    if (elapsedMs >= LIVENESS_MS || isOver()) return undefined;
    await agenda.run(TURN_MS);
    if (!isUp) await restartAll();
  }
};

/** Who agrees has little left to say. */
const runQuiet = async ({ cluster, agenda }: World): Promise<Violation[]> => {
  const framesOf = (): number[] => cluster.honest.map((place) => place.load().frames);
  // What was under way when they agreed is said first.
  await agenda.run(QUIET_MS / 2);
  const before = framesOf();
  await agenda.run(QUIET_MS);
  const links = cluster.places.length - 1;
  const max = (QUIET_FRAMES_PER_LINK_SECOND_MAX * links * QUIET_MS) / 1_000;
  return framesOf().flatMap((frames, index): Violation[] => {
    const sent = frames - before[index]!;
    if (sent <= max) return [];
    const detail = `${sent} frames in ${QUIET_MS / 1_000} s in which nothing happened, at most ${max} may`;
    return [{ law: 'quiet', node: cluster.honest[index]!.name, detail }];
  });
};

const verdictOf = (
  violations: readonly Violation[],
  healedMs: number | undefined,
  stable: number,
): SimulationVerdict => {
  if (healedMs === undefined) {
    // What is missing where nobody agrees yet is missing for that reason: only other laws are broken.
    const consequences: readonly Violation['law'][] = ['agreed', 'kept', 'bounded'];
    const isStalled = violations.every(({ law }) => consequences.includes(law));
    return isStalled ? 'stalled' : 'broken';
  }
  if (violations.length > 0) return 'broken';
  return stable === 0 ? 'unknown' : 'held';
};

const run = async (options: SimulationOptions): Promise<SimulationReport> => {
  const { plan } = options;
  const world = createWorld(options);
  const { cluster, witness, agenda, violations, isOver } = world;
  const supervisor = superviseIn(world);
  for (const { index } of cluster.honest) await cluster.start(index);
  supervisor.begin();
  await agenda.run(SETTLE_MS);

  const faultyMs = await runSafety(world, plan);
  const healedMs = isOver() ? undefined : await runLiveness(world, supervisor.restartAll);
  if (!isOver()) supervisor.look();
  const wasBroken = isOver();
  const up = cluster.honest.filter(({ node }) => node !== undefined);
  const mayWait = plan.actions.some(({ deed }) => deed.do === 'lie' && deed.lie === 'equivocate');
  const final = wasBroken ? [] : checkFinally(up, cluster.acknowledged, cluster.authored, mayWait);
  const liesLast = plan.actions.some(({ deed }) => deed.do === 'lie' && deed.forMs === undefined);
  if (healedMs !== undefined && !wasBroken && !liesLast) final.push(...(await runQuiet(world)));

  const all = [...violations, ...witness.violations, ...final];
  const traffic = cluster.network.traffic();
  return {
    seed: plan.seed,
    verdict: wasBroken ? 'broken' : verdictOf(all, healedMs, witness.stable),
    violations: all,
    records: up[0]?.node?.topics().reduce((sum, { records }) => sum + records, 0) ?? 0,
    acknowledged: cluster.acknowledged.size,
    stable: witness.stable,
    latencies: witness.latencies(),
    faultyMs,
    healedMs,
    frames: traffic.sent.frames,
    bytes: traffic.sent.bytes,
    busiest: supervisor.busiest,
    traceHash: cluster.traceHash(),
  };
};

/** Runs a plan. Rejects with what a broken assertion threw. */
export const simulate = (options: SimulationOptions): Promise<SimulationReport> =>
  guarded(() => run(options));
