import type { HostState, MachineState, ProblemCode, StageReport } from '../../electron/host/api/machine.ts';
import { hour, id } from './recorded.ts';

/** States of the machine that the page tests begin with. */

const done = (
  name: StageReport['name'],
  startedAtMs: number,
  durationMs: number,
  usualMs: number,
  facts = {},
): StageReport => ({
  name,
  state: 'done',
  startedAtMs,
  durationMs,
  usualMs,
  facts,
});

function machineBase(): Omit<MachineState, 'phase' | 'stages' | 'engine' | 'forwards' | 'sinceMs'> {
  const day = 24 * hour;
  const today = Date.UTC(2026, 10, 20, 22, 40);
  return {
    name: 'default',
    kind: 'qemu',
    accelerator: { name: 'kvm' },
    resources: { cpus: 6, memoryBytes: 8 * 1024 ** 3, diskBytes: 60e9 },
    history: [3400, 3600, 3300, 3900].map((durationMs, index) => ({
      startedAtMs: today - index * day,
      durationMs,
      accelerator: 'kvm',
      ok: true,
    })),
  };
}

const host: HostState['host'] = {
  version: '0.1.0',
  pid: 4242,
  startedAtMs: Date.now() - 9 * 24 * hour,
  desktop: 'linux',
};

/** A machine that runs, with one port that could not be opened. */
export function runningState(): HostState {
  const start = Date.now() - 9 * 24 * hour;
  const forward = (containerName: string, port: number) => ({
    protocol: 'tcp' as const,
    desktopAddress: '127.0.0.1',
    desktopPort: port,
    containerId: id(containerName),
    containerName,
    containerPort: port,
    state: 'open' as const,
  });
  return {
    host,
    machine: {
      ...machineBase(),
      phase: 'running',
      sinceMs: start + 3400,
      stages: [
        done('computer', start, 100, 100, { cores: 10, memoryBytes: 32 * 1024 ** 3, freeBytes: 212e9 }),
        done('accelerator', start + 100, 100, 100, { accelerator: 'kvm' }),
        done('disk', start + 200, 300, 300, { diskBytes: 60e9 }),
        done('boot', start + 500, 2100, 2100, { kernel: '6.12.57' }),
        done('ssh', start + 2600, 200, 200),
        done('engine', start + 2800, 600, 600, { version: '0.1.0' }),
        done('forward', start + 3400, 20, 20),
      ],
      engine: { phase: 'running', version: '0.1.0', socket: '/run/user/1000/berth/default/docker.sock' },
      forwards: [
        forward('web', 3000),
        forward('api', 8080),
        {
          ...forward('db', 5432),
          state: 'failed',
          problem: { code: 'desktop-port-in-use', owner: 'postgres (pid 812)' },
        },
        forward('cache', 6379),
        forward('search', 9200),
        forward('grafana', 3001),
      ],
    },
  };
}

/** A start under way in emulation, as in the mock-up. */
export function startingState(): HostState {
  const start = Date.now() - 41_000;
  const waiting = (name: StageReport['name']): StageReport => ({ name, state: 'waiting', facts: {} });
  return {
    host,
    machine: {
      ...machineBase(),
      phase: 'starting',
      sinceMs: start,
      accelerator: { name: 'tcg', reason: { code: 'accelerator-hangs', params: { accelerator: 'kvm' } } },
      stages: [
        done('computer', start, 200, 200, { cores: 10, memoryBytes: 32 * 1024 ** 3, freeBytes: 212e9 }),
        {
          ...done('accelerator', start + 200, 2000, 100, { accelerator: 'tcg' }),
          state: 'warning',
          problem: {
            code: 'accelerator-hangs',
            params: { accelerator: 'kvm' },
            detail: 'no first instruction within 2000 ms\nkvm: KVM_RUN did not return',
          },
        },
        done('disk', start + 2200, 300, 300, { diskBytes: 60e9 }),
        done('boot', start + 2500, 26_800, 2100, { kernel: '6.12.57' }),
        done('ssh', start + 29_300, 1900, 200),
        { name: 'engine', state: 'running', startedAtMs: start + 31_200, usualMs: 600, facts: {} },
        waiting('forward'),
      ],
      engine: { phase: 'starting' },
      forwards: [],
    },
  };
}

export function stoppedState(): HostState {
  return {
    host,
    machine: {
      ...machineBase(),
      phase: 'stopped',
      sinceMs: Date.now(),
      stages: [],
      engine: { phase: 'absent' },
      forwards: [],
    },
  };
}

/** A start that failed with this problem. */
export function problemState(code: ProblemCode): HostState {
  const stopped = stoppedState();
  return {
    ...stopped,
    machine: {
      ...stopped.machine,
      phase: 'failed',
      problem: { code, params: {}, detail: `detail of ${code}` },
    },
  };
}

/** The machine lives, its engine does not. */
export function engineLostState(): HostState {
  const running = runningState();
  return {
    ...running,
    machine: {
      ...running.machine,
      phase: 'degraded',
      problem: { code: 'engine-exited', params: {}, detail: 'exit code 1' },
      engine: { phase: 'lost' },
    },
  };
}
