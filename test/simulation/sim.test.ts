import { afterEach, describe, expect, it, vi } from 'vitest';
import { sim } from '#reference/commands/sim.ts';
import { runTrial, succeeded, type Trial } from '#reference/commands/sim/trial.ts';
import { referenceLayers } from '#reference/layers.ts';
import { canaries } from '#reference/sim/canary/canary.ts';
import { GUARDED, guarded } from '#reference/sim/guard.ts';
import { drawMixture, NEMESES, planWith, type Knobs } from '#reference/sim/nemesis/draw.ts';
import { simulate, type SimulationReport } from '#reference/sim/simulation.ts';
import { everyDay } from '#test/support/depth.ts';

const reference = () => referenceLayers;

const mixture = (seed: string, forced: readonly string[] = []): Promise<SimulationReport> =>
  simulate({ plan: drawMixture(seed, forced), layersOf: reference });

const KNOBS: Knobs = {
  seed: 'knobs',
  nodes: 5,
  entries: 30,
  loss: 0.2,
  duplicates: 0.2,
  reorder: true,
  partitions: 2,
  crashes: 2,
};

const spoken: string[] = [];

/** Runs the command, as words, and gives its exit code and what it printed, without colours. */
const typed = async (words: string): Promise<{ readonly code: number; readonly text: string }> => {
  spoken.length = 0;
  const log = vi.spyOn(console, 'log').mockImplementation((line: unknown) => {
    spoken.push(String(line));
  });
  const code = await sim(words.split(' '));
  log.mockRestore();
  // oxlint-disable-next-line no-control-regex
  return { code, text: spoken.join('\n').replace(/\u001b\[\d+m/g, '') };
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a simulated cluster', () => {
  for (const seed of everyDay(['test-1', 'test-2'], ['test-1', 'test-2', 'test-3', 'test-4'])) {
    it(`under the mixture of seed ${seed} holds every law and agrees soon after`, async () => {
      const report = await mixture(seed);
      expect(report.violations).toEqual([]);
      expect(report.verdict).toBe('held');
      expect(report.stable).toBe(report.acknowledged);
    });
  }

  it('heals from faults at their worst: half of all lost, half doubled, overtaking, crashes', async () => {
    const knobs = { ...KNOBS, loss: 0.5, duplicates: 0.5, partitions: 3, crashes: 4 };
    const report = await simulate({ plan: planWith(knobs), layersOf: reference });
    expect(report.violations).toEqual([]);
    expect(report.healedMs).toBeLessThanOrEqual(25_000);
  });

  it('runs twice alike from one seed, whatever ran before, and otherwise from another', async () => {
    const forced = ['crash', 'loss', 'swizzle', 'forge'];
    const [first, second] = [await mixture('twice', forced), await mixture('twice', forced)];
    expect(second).toEqual(first);
    expect(first.traceHash).toMatch(/^[0-9a-f]{64}$/);
    expect((await mixture('thrice', forced)).traceHash).not.toBe(first.traceHash);
  });

  it('says unknown, and not held, where nothing was tried', async () => {
    const plan = planWith({ ...KNOBS, nodes: 2, entries: 0, partitions: 0, crashes: 0 });
    const report = await simulate({ plan, layersOf: reference });
    expect(report.verdict).toBe('unknown');
  });

  it('is drawn with every nemesis in some run, and with none in all', () => {
    const runs = Array.from(
      { length: 40 },
      (_, index) => new Set(drawMixture(`share-${index}`).actions.map(({ nemesis }) => nemesis)),
    );
    const shares = Object.keys(NEMESES).map((name) => ({
      name,
      share: runs.filter((names) => names.has(name)).length / runs.length,
    }));
    expect(shares.filter(({ share }) => share === 0 || share > 0.8)).toEqual([]);
  });
});

describe('the guard', () => {
  const ask: { readonly [Name in (typeof GUARDED)[number]]: () => unknown } = {
    Date: () => new Date(),
    'Date.now': () => Date.now(),
    'Math.random': () => Math.random(),
    'performance.now': () => performance.now(),
    setTimeout: () => setTimeout(() => {}, 0),
    setInterval: () => setInterval(() => {}, 1),
    setImmediate: () => setImmediate(() => {}),
    'crypto.getRandomValues': () => globalThis.crypto.getRandomValues(new Uint8Array(1)),
    'crypto.randomUUID': () => globalThis.crypto.randomUUID(),
  };

  it.each(GUARDED)(
    'stops whoever asks for %s in a simulation, and gives it back after',
    async (name) => {
      await expect(guarded(async () => ask[name]())).rejects.toThrow(/in a simulation/);
      const given = ask[name]();
      expect(given).toBeDefined();
      if (name === 'setInterval') clearInterval(given as NodeJS.Timeout);
    },
  );

  it('lets dates be made of numbers', async () => {
    expect(await guarded(async () => new Date(0).toISOString())).toBe('1970-01-01T00:00:00.000Z');
  });

  it('ends a run whose node looks at the real clock', async () => {
    const plan = planWith({ ...KNOBS, entries: 4 });
    const peeking = {
      ...referenceLayers,
      ledger: (options: Parameters<typeof referenceLayers.ledger>[0]) => {
        const ledger = referenceLayers.ledger(options);
        const add: typeof ledger.add = (record) =>
          Date.now() > 0 ? ledger.add(record) : ledger.add(record);
        return { ...ledger, add };
      },
    };
    await expect(simulate({ plan, layersOf: () => peeking })).rejects.toThrow(/Date.now was asked/);
  });
});

describe('a canary', () => {
  // Those whose faults are rare have their turn in test/long and in every `sim many`.
  for (const name of ['mint', 'floats', 'disorder', 'stale']) {
    it(`(${canaries[name]!.summary}) is caught`, async () => {
      const seeds: number[] = [];
      for (let tried = 1; tried < 200 && seeds.length === 0; tried++) {
        const seed = `caught-${tried}`;
        const trial: Trial = { seed, knobs: undefined, nemeses: [], canary: name, kept: undefined };
        if (succeeded(await runTrial(trial), trial)) seeds.push(tried);
      }
      expect(seeds).toHaveLength(1);
    });
  }
});

describe('the command', () => {
  it('prints for a run that fails the very words that replay it', async () => {
    // Without a payment there is nothing for the canary to spoil, so the run comes out wrong.
    const words =
      'seed 7 nodes 2 entries 0 loss 0.1 duplicates 0 partitions 0 crashes 0 canary mint';
    const failing = await typed(words);
    expect(failing.code).toBe(1);
    const replay = /replay: npm run sim (?<words>.+)/.exec(failing.text)?.groups?.['words'];
    expect(replay).toBe(words);
    const { text: line } = await typed(`${words} json`);
    expect(JSON.parse(line)).toMatchObject({ ok: false, replay: `npm run sim ${words}` });
    const again = await typed(replay ?? '');
    const traceOf = (text: string) => /trace [0-9a-f]+/.exec(text)?.[0];
    expect(traceOf(again.text)).toBe(traceOf(failing.text));
    expect(traceOf(failing.text)).toBeDefined();
  });

  it('keeps apart what went wrong by its exit code: 6 never agreed, 2 nothing tried, 64 wrong words', async () => {
    const nothing = 'seed 7 nodes 2 entries 0 partitions 0 crashes 0';
    expect(await typed(nothing)).toMatchObject({
      code: 2,
      text: expect.stringContaining('UNKNOWN') as string,
    });
    const deaf = vi.spyOn(referenceLayers, 'gossip').mockImplementation((options) => {
      const gossip = referenceGossip(options);
      return { ...gossip, receive: () => [] };
    });
    const stalled = await typed('seed 7 nodes 2 entries 4 partitions 0 crashes 0');
    deaf.mockRestore();
    expect(stalled).toMatchObject({ code: 6, text: expect.stringContaining('STALLED') as string });
    await expect(typed('nemeses swizle')).rejects.toThrow(/did you mean "swizzle"/);
    await expect(typed('mixture nodes 3')).rejects.toThrow(/"nodes" means nothing here/);
    await expect(typed('seed 1 entries 2 keep 9000')).rejects.toThrow(/keep: expected numbers/);
  });

  it('breaks down with the words that replay it when a run does', async () => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => {});
    const defect = vi.spyOn(referenceLayers, 'ledger').mockImplementation(() => {
      throw new Error('an assertion');
    });
    await expect(typed('seed 7 json')).rejects.toThrow('an assertion');
    expect(told).toHaveBeenCalledWith(
      expect.stringMatching(/replay: npm run sim seed 7 nodes \d+ entries \d+ loss /),
    );
    defect.mockRestore();
  });

  it('shows the plan, makes it smaller, and the smaller one fails alike', async () => {
    const faults = 'seed 5 nodes 2 entries 8 loss 0 duplicates 0 partitions 1 crashes 1';
    const { text } = await typed(`${faults} canary mint show shrink`);
    expect(text).toMatch(/^ +\d+ +[\d.]+ s +pay +node \d acknowledges \d+ to node \d/m);
    const smaller = /smaller, after \d+ runs in [\d.]+ s: npm run sim (?<words>.+)/.exec(text);
    const words = smaller?.groups?.['words'] ?? '';
    expect(words.replace(/ keep [\d,-]+$/, '')).toBe(`${faults} canary mint`);
    // One payment is enough.
    expect(words.split('keep ')[1]!.split(',').length).toBe(1);
    expect(await typed(words)).toMatchObject({
      code: 0,
      text: expect.stringContaining('caught') as string,
    });
  });

  it('ends well when the laws held, and says how to repeat it', async () => {
    const { code, text } = await typed('seed 8 nodes 3 entries 10 nemeses pause,skew');
    expect(code).toBe(0);
    expect(text).toMatch(/^npm run sim seed 8 nodes 3 entries 10 .* nemeses pause,skew\n/);
    expect(text).toContain('held');
  });
});

const referenceGossip = referenceLayers.gossip;
