/** A real Prometheus scrapes a real node, as the manual says, and takes its alert rules along. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import type { Json } from '#contracts/identifiers.ts';
import { inProcess, cleanUp, launch, start, temporary, until } from '#test/support/command.ts';
import { TELEMETRY } from '#test/support/registry.ts';

const missing =
  spawnSync('prometheus', ['--version']).status === 0
    ? undefined
    : 'prometheus is not here: apt-get install prometheus';
if (missing !== undefined) {
  if (process.env['CI'] === 'true') throw new Error(missing);
  process.stderr.write(`skipped: ${missing}\n`);
}

afterAll(cleanUp);

/** A port that was free a moment ago: Prometheus cannot be told to choose one. */
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { readonly port: number };
      server.close(() => resolve(port));
    });
  });

it.skipIf(missing)('the target is up, its counts arrive, and the rules are loaded', async () => {
  const directory = temporary();
  const [control, own] = await Promise.all([freePort(), freePort()]);
  await inProcess('init', 'network', 'x', 'name', 'me', 'data', directory);
  const words = ['alone', 'host', '127.0.0.1', 'control', String(control), 'data', directory];
  const node = start(['node', 'start', ...words]);
  await node.said(/Ctrl-C stops it/);
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    scrape_configs: [
      {
        job_name: 'murmuration',
        authorization: { credentials_file: join(directory, 'control.token') },
        static_configs: [{ targets: [`127.0.0.1:${control}`] }],
      },
    ],
    rule_files: [fileURLToPath(new URL('alerts.yaml', TELEMETRY))],
  };
  const data = temporary();
  writeFileSync(join(data, 'prometheus.yml'), JSON.stringify(config)); // JSON is YAML.
  const prometheus = launch('prometheus', [
    `--config.file=${join(data, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(data, 'tsdb')}`,
    `--web.listen-address=127.0.0.1:${own}`,
  ]);
  const ask = async (path: string): Promise<{ readonly data: Record<string, Json> } | undefined> =>
    fetch(`http://127.0.0.1:${own}/api/v1/${path}`).then(
      // While it starts it says in words that it is not ready.
      async (reply) =>
        reply.ok ? ((await reply.json()) as { readonly data: Record<string, Json> }) : undefined,
      () => undefined,
    );
  const count = async (query: string): Promise<number> => {
    const answer = await ask(`query?query=${encodeURIComponent(query)}`);
    return (answer?.data['result'] as readonly unknown[] | undefined)?.length ?? 0;
  };
  await until('the target to be up', async () =>
    (await count('up{job="murmuration"} == 1')) === 1 ? true : undefined,
  );
  expect(await count('icn_gossip_digests_sent_total == 0')).toBe(1);
  expect(await count('icn_gossip_entries{topic="ledger:hours"} == 0')).toBe(1);
  expect(await count('process_resident_memory_bytes > 1e7')).toBe(1);
  const rules = await ask('rules');
  expect(JSON.stringify(rules)).toContain('DigestEmissionStalled');
  const alert = async (name: string): Promise<number> => count(`ALERTS{alertname="${name}"}`);
  // Before the first scrape there was nobody; the alarm that had begun is taken back.
  await until('no alert', async () => ((await alert('NodeAbsent')) === 0 ? true : undefined));
  // The node goes: the alarm begins to count its two minutes.
  node.child.kill('SIGTERM');
  await until('the alert', async () => ((await alert('NodeAbsent')) > 0 ? true : undefined));
  prometheus.child.kill('SIGTERM');
  await prometheus.ended;
});
