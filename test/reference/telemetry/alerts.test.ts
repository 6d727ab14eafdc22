/** The alert rules: Prometheus loads them, and they fire when they should and at no other time. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { promtool, promtoolMissing } from '#test/support/promtool.ts';
import { readAlerts, TELEMETRY } from '#test/support/registry.ts';

const pathOf = (name: string): string => fileURLToPath(new URL(name, TELEMETRY));

describe('alerts.yaml', () => {
  it("has the seed's four and one for a node that is not there, each with what to do", () => {
    const rules = readAlerts();
    expect(rules.map(({ alert }) => alert)).toEqual([
      'QuarantineFull',
      'PeerBackpressured',
      'HighQuarantineRate',
      'DigestEmissionStalled',
      'NodeAbsent',
    ]);
    for (const rule of rules) {
      expect(['critical', 'warning']).toContain(rule.labels.severity);
      expect(rule.annotations.description.length).toBeGreaterThan(40);
    }
  });

  it.skipIf(promtoolMissing)('is what promtool check rules takes', () => {
    const { code, said } = promtool(['check', 'rules', pathOf('alerts.yaml')]);
    expect([code, said]).toEqual([0, expect.stringContaining('5 rules found')]);
  });

  it.skipIf(promtoolMissing)('fires as alerts.test.yaml says', () => {
    const { code, said } = promtool(['test', 'rules', pathOf('alerts.test.yaml')]);
    expect([code, said]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });
});
