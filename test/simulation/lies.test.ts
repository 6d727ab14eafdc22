/** Every lie is really told, costs honest nodes what is counted here, and moves none of them. */
import { describe, expect, it } from 'vitest';
import type { NodeCount } from '#contracts/node.ts';
import { referenceLayers } from '#reference/layers.ts';
import { createLiar } from '#reference/sim/adversary/liar.ts';
import { LIES } from '#reference/sim/adversary/lies.ts';
import { createCluster } from '#reference/sim/cluster.ts';
import { nodeOf, problemsOf, run, runUntil } from '#test/support/clusters.ts';
import { exportsOf, meaningOf, patient, sumOf } from '#test/support/lives.ts';

/** What an honest node counts when it is told such a lie. */
const COUNTED: { readonly [lie: string]: readonly NodeCount[] } = {
  forge: ['record_id_mismatch', 'record_signature_invalid'],
  replay: ['record_duplicate', 'digest_too_often'],
  equivocate: ['fork_detected'],
  digest: ['pull_timed_out'],
  flood: ['digest_too_often', 'record_malformed'],
  unsolicited: ['response_unsolicited'],
  drip: ['frame_stalled'],
};

describe('a liar', () => {
  it.each(Object.entries(LIES))('%s is noticed, and changes nothing', async (name, { tell }) => {
    const cluster = createCluster({
      seed: `a lie ${name}`,
      nodes: 3,
      liars: 1,
      settings: patient,
      layersOf: () => referenceLayers,
    });
    const liar = createLiar({
      cluster,
      place: cluster.liars[0]!,
      layers: referenceLayers,
      settings: patient.session,
    });
    liar.listen();
    for (const { index } of cluster.honest) await cluster.start(index);
    await run(cluster, 2_000);
    expect(liar.peers()).toHaveLength(3);
    const stop = tell(liar);
    for (let round = 0; round < 9; round++) {
      cluster.pay(round % 3, (round + 1) % 3, 10n);
      await run(cluster, 500);
    }
    await run(cluster, name === 'drip' ? 33_000 : 14_000);
    const counted = cluster.honest.flatMap((place) => [...nodeOf(place).counters().keys()]);
    for (const event of COUNTED[name]!) expect(counted).toContain(event);
    stop();
    expect(await runUntil(cluster, () => exportsOf(cluster.honest) === 1)).toBeLessThanOrEqual(
      24_000,
    );
    for (const place of cluster.honest) {
      const honest = meaningOf(place).filter((line) => !line.startsWith(liar.did));
      expect(honest).toHaveLength(9);
      expect(sumOf(place)).toBe(0n);
      expect(problemsOf(place)).toEqual([]);
    }
    // What was stopped is not told any more.
    const { frames } = cluster.liars[0]!.load();
    await run(cluster, 3_000);
    expect(cluster.liars[0]!.load().frames - frames).toBeLessThan(30);
  });
});
