/** A day of virtual time: an attestation ends, and with it what it gave. */
import { describe, expect, it } from 'vitest';
import type { Topic } from '#contracts/identifiers.ts';
import { readSettings } from '#reference/config.ts';
import type { Place } from '#reference/sim/cluster.ts';
import { nodeOf, run, startCluster } from '#test/support/clusters.ts';

const MAIL: Topic = 'mail:partners';
const DAY_MS = 86_400_000;

describe('access', () => {
  it('ends with the attestation that gave it, without a word from anybody', async () => {
    const settings = readSettings({ pingIntervalMs: 60_000, digestIntervalMsMax: 3_600_000 });
    const cluster = await startCluster('expiry', 2, { settings });
    const [ann, ben] = cluster.places as readonly [Place, Place];
    for (const place of cluster.places) {
      const access = { access: 'TrustGated', minTrust: 'Partner' } as const;
      nodeOf(place).open({ topic: MAIL, access, scope: 'network' });
    }
    const attested = nodeOf(ann).attest(ben.did, 0.5, 1);
    await run(cluster, 3_000);
    expect(await attested).toMatchObject({ ok: true });
    const subscribers = () => nodeOf(ann).coordination().subscriptions[MAIL];
    await run(cluster, DAY_MS - 10_000, 3_600_000);
    expect(subscribers()).toContain(ben.did);
    await run(cluster, 15_000);
    expect(nodeOf(ann).trust(ben.did)).toMatchObject({ score: 0, grounds: { direct: undefined } });
    expect(subscribers()).toEqual([ann.did]);
    const said = nodeOf(ann).publish(MAIL, 'too late for ben');
    await run(cluster, 60_000);
    expect(await said).toMatchObject({ ok: true });
    expect(nodeOf(ann).said(MAIL)).toHaveLength(1);
    expect(nodeOf(ben).said(MAIL)).toEqual([]);
  });
});
