import type { ContainerSummary, TopResponse } from '../../engine/api/containers.ts';
import type { PostMortem, RunEnd } from '../../engine/api/post-mortem.ts';
import type { StatsSample } from '../../engine/api/stats.ts';

/** What the recorded containers use while they run, and why those that ended did. */

const minute = 60_000;
const endedAt = Date.UTC(2026, 10, 21, 4, 12, 9);

const startMs = Date.now() - 30_000;

/** The `index`th sample, a second each, of a container whose memory grows towards its limit. */
export function recordedSample(index: number): StatsSample {
  const at = startMs + index * 1000;
  const cpu = (step: number) => ({
    cpu_usage: { total_usage: 1e9 * (step * 0.3 + Math.sin(step / 2) * 0.1) },
    system_cpu_usage: step * 4e9,
    online_cpus: 4,
  });
  return {
    read: new Date(at).toISOString(),
    preread: new Date(at - 1000).toISOString(),
    pids_stats: { current: 4, limit: 512 },
    cpu_stats: cpu(index + 1),
    precpu_stats: cpu(index),
    memory_stats: {
      usage: (180 + index * 2) * 1024 ** 2,
      limit: 512 * 1024 ** 2,
      stats: { inactive_file: 20 * 1024 ** 2 },
    },
    networks: { eth0: { rx_bytes: index * 84_000, tx_bytes: index * 31_000 } },
    blkio_stats: {
      io_service_bytes_recursive: [
        { op: 'read', value: index * 4096 },
        { op: 'write', value: index * 65_536 },
      ],
    },
  };
}

export function recordedTop(): TopResponse {
  return {
    Titles: ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'],
    Processes: [
      ['root', '812', '790', '2', '02:09', '?', '00:00:41', 'node dist/server.js'],
      ['root', '840', '812', '0', '02:09', '?', '00:00:02', 'node dist/worker.js'],
      ['root', '841', '840', '0', '02:10', '?', '00:00:00', 'sh -c sleep 60'],
      ['root', '1102', '812', '0', '04:00', '?', '00:00:00', 'node dist/report.js'],
    ],
  };
}

const run = (minutesBefore: number, ranMinutes: number, more: Partial<RunEnd>): RunEnd => ({
  startedAt: new Date(endedAt - (minutesBefore + ranMinutes) * minute).toISOString(),
  finishedAt: new Date(endedAt - minutesBefore * minute).toISOString(),
  exitCode: 137,
  signal: 'SIGKILL',
  oomKilled: true,
  error: '',
  stoppedBy: 'kernel',
  request: null,
  ...more,
});

const lines = [
  'INFO queue 39,118, batch 2,260 ms',
  'INFO queue 39,870, batch 2,415 ms',
  'WARN heap 471 of 512 MB, GC 902 ms',
  'INFO queue 41,902, batch 3,377 ms',
  'WARN heap 509 of 512 MB, GC 1,871 ms',
];

/** A container that the kernel ended for memory, three times; one with exit code 0 simply finished. */
export function recordedPostMortem(summary: ContainerSummary): PostMortem {
  const finished = / \(0\) /.test(summary.Status);
  const runs = finished
    ? [run(0, 3, { exitCode: 0, signal: null, oomKilled: false, stoppedBy: 'itself' })]
    : [run(0, 123, {}), run(125, 97, {}), run(230, 112, {})];
  const limitBytes = 512 * 1024 ** 2;
  return {
    containerId: summary.Id,
    name: (summary.Names[0] ?? '').slice(1),
    image: summary.Image,
    state: summary.State,
    end: runs[0] ?? null,
    memory: finished ? null : { peakBytes: limitBytes, limitBytes, oomKills: 1 },
    lastLines: finished
      ? []
      : lines.map((text, index) => ({
          stream: text.startsWith('WARN') ? ('stderr' as const) : ('stdout' as const),
          time: new Date(endedAt - (lines.length - index) * 9000).toISOString(),
          text,
        })),
    health: finished
      ? null
      : {
          Status: 'unhealthy',
          FailingStreak: 5,
          Log: Array.from({ length: 20 }, (_, index) => ({
            Start: new Date(endedAt - (20 - index) * 30_000).toISOString(),
            End: new Date(endedAt - (20 - index) * 30_000 + 40).toISOString(),
            ExitCode: index < 15 ? 0 : 1,
            Output: index < 15 ? 'ok' : 'GET /ready 503: queue 41,380 > 10,000',
          })),
        },
    runs,
    restart: { policy: finished ? 'no' : 'on-failure', maximumRetries: 2, count: 2, waiting: false },
    cause: finished
      ? { kind: 'finished', evidence: [{ kind: 'exit-code', exitCode: 0 }] }
      : {
          kind: 'out-of-memory',
          evidence: [
            { kind: 'oom-kills', count: 1 },
            { kind: 'memory', peakBytes: limitBytes, limitBytes },
          ],
        },
  };
}
