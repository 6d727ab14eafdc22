import { describe, expect, it } from 'vitest';
import type { Did } from '#contracts/identifiers.ts';
import { CLOCK_COMPONENTS_MAX } from '#contracts/messages.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { create as createLog } from '#reference/gossip/topic-log.ts';
import { create as createReconciliation } from '#reference/reconciliation/plain.ts';
import { announce, facing, mallory, villageOf } from '#test/support/facing.ts';
import {
  HOURS,
  content,
  inventedId,
  orderOf,
  saidOf,
  write,
  type Member,
} from '#test/support/village.ts';

describe('more authors than a digest can name', () => {
  /** Logs of many authors, the first records of each. */
  const logOf = (count: number) => {
    const log = createLog(HOURS);
    for (let index = 0; index < count; index++) {
      const author = `did:key:z6Mk-${index}` as Did;
      const id = inventedId(`first of ${index}`);
      log.add({
        id,
        author,
        sequence: 1,
        previous: null,
        parents: [],
        timestamp: 0,
      } as unknown as SignedRecord);
    }
    return log;
  };

  it('are all named in turn, so that a hole anywhere is found', () => {
    const count = 2 * CLOCK_COMPONENTS_MAX + 100;
    const reconciliation = createReconciliation({ content });
    const log = logOf(count);
    const named = new Set<string>();
    for (let digest = 0; digest < 3; digest++) {
      const { clock } = reconciliation.summarise(log);
      expect(Object.keys(clock)).toHaveLength(CLOCK_COMPONENTS_MAX);
      for (const author of Object.keys(clock)) named.add(author);
    }
    expect(named.size).toBe(count);
  });

  it('are no reason to talk without end: two who hold the same find nothing to tell', () => {
    const [left, right] = [logOf(1_500), logOf(1_500)];
    const summary = createReconciliation({ content }).summarise(left);
    const { behind, ahead } = createReconciliation({ content }).compare(right, summary);
    expect({ behind, ahead }).toEqual({ behind: false, ahead: false });
  });
});

describe('the cadence of digests', () => {
  const delays = (member: Member): number[] =>
    member.scheduled.filter(({ timer }) => timer === 'digest').map(({ delayMs }) => delayMs);

  it('backs off from 10 s to 80 s while nothing changes, each shifted by at most 2 s', () => {
    const village = villageOf('ann');
    village.advance(600_000);
    const [ann] = village.members as [Member];
    const bases = [10_000, 20_000, 40_000, 80_000, 80_000, 80_000, 80_000];
    const seen = delays(ann).slice(0, bases.length);
    seen.forEach((delayMs, index) =>
      expect(Math.abs(delayMs - bases[index]!)).toBeLessThanOrEqual(2_000),
    );
    expect(new Set(seen.map((delayMs, index) => delayMs - bases[index]!)).size).toBeGreaterThan(3);
  });

  it('starts anew when something changes, and is never put off by changes', () => {
    const village = villageOf('ann ben');
    const [ann] = village.members as [Member, Member];
    village.advance(300_000);
    const before = saidOf(village, 'digest', ann).length;
    for (let change = 0; change < 100; change++) {
      ann.publish();
      village.advance(500);
    }
    const during = saidOf(village, 'digest', ann).length;
    // 50 s at about 10 s.
    expect(during - before).toBeGreaterThanOrEqual(4);
    expect(during - before).toBeLessThanOrEqual(7);
  });

  it('never ends: an hour of silence later a lost push is still repaired', () => {
    const village = villageOf('ann ben');
    const [ann, ben] = village.members as [Member, Member];
    village.advance(3_600_000);
    village.drops = () => true;
    const record = ann.publish();
    village.advance(60_000);
    village.drops = () => false;
    village.advance(82_000);
    expect(orderOf(ben)).toEqual([record.id]);
  });
});

describe('our own digests', () => {
  it('come no oftener than every peer may be sure of, however much there is to say', () => {
    const { village, ann } = facing();
    const orphans = Array.from({ length: 300 }, (_, index) =>
      write(mallory, { sequence: 2, previous: inventedId(`${index}`) }),
    );
    ann.hears(mallory.did, announce(...orphans.slice(0, 200)));
    for (const orphan of orphans.slice(200)) {
      ann.hears(mallory.did, announce(orphan));
      village.advance(500);
    }
    // 50 s: two at once, and one every five seconds after that.
    const digests = saidOf(village, 'digest').length;
    expect(digests).toBeGreaterThan(5);
    expect(digests).toBeLessThanOrEqual(2 + 10);
  });
});
