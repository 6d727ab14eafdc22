/** The worlds at a thousand agents, the price of direct votes, and the audit proof of a million. */
import { describe, expect, it } from 'vitest';
import {
  auditBytesMax,
  encodeAudit,
  openAudit,
  reportLeaf,
  rootMessage,
} from '#reference/swarm/audit.ts';
import { createTree } from '#reference/swarm/merkle.ts';
import { travel, WORLDS } from '#reference/swarm/worlds/worlds.ts';
import { run, told } from '#test/reference/swarm/runs.ts';
import { firstState, KEYS, numbersBelow } from '#test/reference/swarm/support.ts';

describe('a thousand agents', () => {
  it.each(WORLDS)(
    'in %s: half near, half anybody, all hear, and no later than from anybody',
    (world) => {
      const setting = { world, agents: 1_000, fanOut: 3, timeMsMax: 2_000 } as const;
      for (const clock of [{}, { intervalMs: 50 }]) {
        const [mixed, uniform] = (['mixed', 'uniform'] as const).map((choice) => {
          const journeys = numbersBelow(10).map((seed) =>
            travel({ ...setting, ...clock, choice, seed }),
          );
          expect(journeys.every(({ coverage }) => coverage === 1)).toBe(true);
          return journeys.reduce((sum, { tookMs }) => sum + tookMs!, 0);
        });
        expect(mixed).toBeLessThanOrEqual(uniform!);
      }
    },
  );

  it('voting directly, with 333 silent: some 745 rounds where relayed votes take 8', () => {
    const setting = { agents: 1_000, rule: 'direct-votes', lie: 'silent', liars: 333 } as const;
    const played = run({ ...setting, roundsMax: 1_500 });
    expect(played.isLive, `in ${told(played)}`).toBe(true);
    expect(played.rounds.length, `in ${told(played)}`).toBeGreaterThan(450);
    expect(played.rounds.length, `in ${told(played)}`).toBeLessThan(1_200);
  });
});

describe('the audit proof of a million agents', () => {
  it('takes 752 bytes, and opens', () => {
    const { version, id } = firstState();
    const agents = 1_000_000;
    const reports = numbersBelow(agents).map((agent) => ({ agent, version, id }));
    const tree = createTree(reports.map(reportLeaf));
    const signature = KEYS.sign(0, rootMessage(tree.root, agents));
    for (const agent of [0, 1, 543_210]) {
      const bytes = encodeAudit(tree, reports[agent]!, signature);
      expect(bytes).toHaveLength(752);
      expect(openAudit(KEYS, 0, bytes)).toEqual({ ok: true, value: reports[agent] });
    }
    expect(encodeAudit(tree, reports[agents - 1]!, signature).length).toBeLessThan(752);
    expect(auditBytesMax(agents)).toBe(752);
  });
});
