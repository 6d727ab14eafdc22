import { afterEach, describe, expect, it, vi } from 'vitest';
import { sim } from '#reference/commands/sim.ts';
import { referenceLayers } from '#reference/layers.ts';
import { canaries } from '#reference/sim/canary.ts';
import { createRandom } from '#reference/sim/random.ts';
import { simulate, type SimulationOptions } from '#reference/sim/simulation.ts';

/** Faults drawn per seed, each kind present in some and absent in others. */
const planOf = (seed: string): SimulationOptions => {
  const random = createRandom(seed).fork('plan of a test');
  return {
    seed,
    nodes: 2 + random.integer(5),
    entries: 20 + random.integer(50),
    loss: random.next() * 0.5,
    duplicates: random.next() * 0.5,
    reorder: random.next() < 0.7,
    partitions: random.integer(4),
    crashes: random.integer(5),
    layersOf: () => referenceLayers,
  };
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
  for (let index = 1; index <= 12; index++) {
    it(`with the faults of seed test-${index} holds every law and agrees soon after`, async () => {
      const report = await simulate(planOf(`test-${index}`));
      expect(report.violations).toEqual([]);
      expect(report.acknowledged).toBeGreaterThan(0);
      expect(report.healedMs).toBeLessThanOrEqual(25_000);
    });
  }

  it('runs twice alike from one seed, whatever ran before', async () => {
    const [first, second] = [await simulate(planOf('twice')), await simulate(planOf('twice'))];
    expect(second).toEqual(first);
    const other = await simulate({ ...planOf('twice'), seed: 'thrice' });
    expect(other.traceHash).not.toBe(first.traceHash);
  });

  it('heals from faults at their worst: half of all lost, half doubled, overtaking, crashes', async () => {
    const report = await simulate({
      ...planOf('worst'),
      nodes: 5,
      entries: 40,
      loss: 0.5,
      duplicates: 0.5,
      reorder: true,
      partitions: 3,
      crashes: 4,
    });
    expect(report.violations).toEqual([]);
    expect(report.healedMs).toBeLessThanOrEqual(25_000);
  });
});

describe('a canary', () => {
  for (const [name, canary] of Object.entries(canaries)) {
    it(`that ${canary.summary} (${name}) is caught as ${canary.law}`, async () => {
      const report = await simulate({
        ...planOf('canary'),
        entries: 40,
        crashes: 0,
        layersOf: (index) => (index === 0 ? canary.plant(referenceLayers) : referenceLayers),
      });
      expect(report.violations.map(({ law }) => law)).toContain(canary.law);
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

  it.each(['seed 7 json', 'seed 7 many 3'])(
    'prints the words that replay a run that breaks down (%s)',
    async (words) => {
      const told = vi.spyOn(console, 'error').mockImplementation(() => {});
      const defect = vi.spyOn(referenceLayers, 'ledger').mockImplementation(() => {
        throw new Error('an assertion');
      });
      await expect(typed(words)).rejects.toThrow('an assertion');
      expect(told).toHaveBeenCalledWith(
        expect.stringMatching(/replay: npm run sim seed 7\S* nodes \d+ entries \d+ loss /),
      );
      defect.mockRestore();
    },
  );

  it('ends well when the laws held, and says how to repeat it', async () => {
    const { code, text } = await typed('seed 8 nodes 3 entries 10');
    expect(code).toBe(0);
    expect(text).toMatch(/^npm run sim seed 8 nodes 3 entries 10 /);
    expect(text).toContain('held');
  });
});
