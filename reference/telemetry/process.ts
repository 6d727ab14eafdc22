/** What the process itself costs, under the names that Prometheus has for it. */
import type { Telemetry } from '#contracts/telemetry.ts';

const MICROSECONDS = 1e6;

export const observeProcess = (telemetry: Telemetry): void => {
  telemetry.observe('process_cpu_seconds_total', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / MICROSECONDS;
  });
  telemetry.observe('process_resident_memory_bytes', () => process.memoryUsage.rss());
  telemetry.observe('process_start_time_seconds', () => performance.timeOrigin / 1_000);
  telemetry.observe('nodejs_heap_used_bytes', () => process.memoryUsage().heapUsed);
};
