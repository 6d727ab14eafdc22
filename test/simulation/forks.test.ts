/** The children of a fork: nodes that heard different ones end with the same. */
import { describe, expect, it } from 'vitest';
import type { SignedRecord } from '#contracts/records.ts';
import { TOPIC, type Place } from '#reference/sim/cluster.ts';
import {
  nodeOf,
  problemsOf,
  recordsOf,
  run,
  runUntil,
  startCluster,
} from '#test/support/clusters.ts';
import { createLiar } from '#test/support/liar.ts';
import { asJson } from '#test/support/village.ts';

describe('the children of a fork', () => {
  for (const seed of ['a', 'b']) {
    it(`end alike on nodes that heard different ones (seed ${seed})`, async () => {
      const cluster = await startCluster(`forks ${seed}`, 5);
      await run(cluster, 2_000);
      cluster.pay(4, 0, 100n);
      await run(cluster, 1_000);
      cluster.crash(4);
      const honest = cluster.places.slice(0, 4);
      const addresses = honest.map(({ address }) => address);
      const liar = createLiar(cluster, cluster.places[4]!);
      const [first] = recordsOf(honest[0]!) as [SignedRecord];
      const children = Array.from({ length: 8 }, (_, index) =>
        liar.sign({ after: first, to: honest[index % 4]!, amount: 10, memo: `${index}` }),
      ).sort((left, right) => (left.id < right.id ? -1 : 1));
      const tell = (place: Place, record: SignedRecord): void =>
        liar.tell(place, [{ type: 'announce', topic: TOPIC, records: [asJson(record)], ids: [] }]);

      const heal = cluster.network.partition(addresses.slice(0, 2), addresses.slice(2));
      const last = children.at(-1)!;
      tell(honest[0]!, last);
      await run(cluster, 1_000);
      // An honest payment that has seen the largest of them: it must stay for good.
      cluster.pay(1, 0, 100n);
      await run(cluster, 1_000);
      const shuffled = cluster.random.fork(seed).shuffle(children.slice(0, -1));
      for (const [index, child] of shuffled.entries()) {
        tell(honest[index % 4]!, child);
        // A second link of one peer closes its first, and what that still carried is lost.
        await run(cluster, 200);
      }
      heal();
      const agree = (): boolean =>
        new Set(honest.map((place) => JSON.stringify(nodeOf(place).topics()))).size === 1;
      expect(await runUntil(cluster, agree)).toBeLessThanOrEqual(60_000);
      const kept = [children[0]!, children[1]!, last].map(({ id }) => id);
      for (const place of honest) {
        const held = recordsOf(place).filter(({ previous }) => previous === first.id);
        expect(held.map(({ id }) => id).sort()).toEqual(kept);
        expect(nodeOf(place).topics()[0]).toMatchObject({ waiting: 0 });
        expect(problemsOf(place)).toEqual([]);
      }
    });
  }
});
