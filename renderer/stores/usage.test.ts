import { expect, test } from 'vitest';
import type { StatsSample } from '../../engine/api/stats.ts';
import { UsageReader } from './usage.ts';

function sample(second: number, more: Partial<StatsSample> = {}): StatsSample {
  const cpu = (at: number) => ({
    cpu_usage: { total_usage: at * 0.5e9 },
    system_cpu_usage: at * 4e9,
    online_cpus: 4,
  });
  return {
    read: new Date(second * 1000).toISOString(),
    preread: new Date((second - 1) * 1000).toISOString(),
    pids_stats: { current: 3 },
    cpu_stats: cpu(second),
    precpu_stats: cpu(second - 1),
    memory_stats: { usage: 100e6, limit: 512e6, stats: { inactive_file: 30e6 } },
    networks: { eth0: { rx_bytes: second * 1000, tx_bytes: 0 }, eth1: { rx_bytes: second * 500 } },
    blkio_stats: {
      io_service_bytes_recursive: [
        { op: 'read', value: second * 4096 },
        { op: 'Write', value: 10 },
      ],
    },
    ...more,
  };
}

test('shares of a processor, memory without what can be taken back, rates by the time between samples', () => {
  const reader = new UsageReader();
  expect(reader.point(sample(1))).toMatchObject({ receivedPerSecond: 0, cpuShare: 0.5, memoryBytes: 70e6 });
  expect(reader.point(sample(3))).toMatchObject({
    atMs: 3000,
    receivedPerSecond: 1500,
    readPerSecond: 4096,
    writtenPerSecond: 0,
    processes: 3,
    memoryLimitBytes: 512e6,
  });
});

test('a container that does not run has no point, and counters that begin anew give no negative rate', () => {
  const reader = new UsageReader();
  expect(reader.point(sample(1, { memory_stats: {} }))).toBeUndefined();
  reader.point(sample(5));
  expect(reader.point(sample(6, { networks: { eth0: { rx_bytes: 10 } } }))).toMatchObject({
    receivedPerSecond: 0,
  });
});
