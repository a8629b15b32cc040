import type { HostConfig } from '../api/containers.ts';
import { BerthError } from '../errors.ts';
import { maskedPaths, readonlyPaths } from '../runtime/bundle.ts';
import { checkResources } from './limit-rules.ts';
import { checkLogConfig } from './log-driver.ts';

const defaultShmBytes = 64 * 1024 * 1024;

const invalid = (message: string, params: Record<string, string | number> = {}) =>
  new BerthError('bad-parameter', message, params);

/** The request's host config with Docker's defaults, as inspect shows it. Throws bad-parameter in Docker's words. */
export function completeHostConfig(
  asked: HostConfig,
  defaults: {
    logDriver: string;
    logOptions: Record<string, string>;
    cpus: number;
    cgroupVersion: 1 | 2;
  },
): HostConfig & { NetworkMode: string } {
  const networkMode = asked.NetworkMode || 'default';
  const complete = {
    ...asked,
    NetworkMode: networkMode === 'default' ? 'bridge' : networkMode,
    LogConfig: {
      Type: asked.LogConfig?.Type || defaults.logDriver,
      Config: { ...(asked.LogConfig?.Type ? {} : defaults.logOptions), ...(asked.LogConfig?.Config ?? {}) },
    },
    RestartPolicy: {
      Name: asked.RestartPolicy?.Name || 'no',
      MaximumRetryCount: asked.RestartPolicy?.MaximumRetryCount ?? 0,
    },
    CgroupnsMode: asked.CgroupnsMode || (defaults.cgroupVersion === 2 ? 'private' : 'host'),
    IpcMode: asked.IpcMode || 'private',
    ShmSize: asked.ShmSize || defaultShmBytes,
    Runtime: asked.Runtime || 'berth',
    PortBindings: asked.PortBindings ?? {},
    MemorySwappiness: asked.MemorySwappiness === -1 ? null : (asked.MemorySwappiness ?? null),
    OomKillDisable: asked.OomKillDisable || null,
    PidsLimit: asked.PidsLimit || null,
    MaskedPaths: asked.MaskedPaths ?? (asked.Privileged ? null : maskedPaths),
    ReadonlyPaths: asked.ReadonlyPaths ?? (asked.Privileged ? null : readonlyPaths),
  };
  checkRestartPolicy(complete);
  checkResources(complete, defaults.cpus);
  checkRanges(complete);
  checkModes(complete, defaults.cgroupVersion);
  checkLogConfig(complete);
  if (!['berth', 'runc', 'io.containerd.runc.v2'].includes(complete.Runtime)) {
    throw invalid(`unknown or invalid runtime name: ${complete.Runtime}`, { runtime: complete.Runtime });
  }
  // One runtime answers to the names that Docker's clients know.
  complete.Runtime = 'berth';
  return complete;
}

function checkRanges({ ShmSize: shm, OomScoreAdj: score }: HostConfig): void {
  if ((shm ?? 0) < 0) throw invalid('SHM size can not be less than 0');
  if (score && (score < -1000 || score > 1000)) {
    throw invalid(`Invalid value ${score}, range for oom score adj is [-1000, 1000]`, { score });
  }
}

const modes = {
  IpcMode: { known: /^(|none|private|shareable|host|container:.+)$/, what: 'IPC' },
  PidMode: { known: /^(|private|host|container:.+)$/, what: 'PID' },
  UTSMode: { known: /^(|host)$/, what: 'UTS' },
  CgroupnsMode: { known: /^(|private|host)$/, what: 'cgroup namespace' },
} as const;

function checkModes(config: HostConfig, cgroupVersion: 1 | 2): void {
  for (const [name, { known, what }] of Object.entries(modes)) {
    const mode = config[name as keyof typeof modes] ?? '';
    if (!known.test(mode)) throw invalid(`invalid ${what} mode: ${mode}`, { mode });
  }
  if (config.Privileged && config.CgroupnsMode === 'private' && cgroupVersion === 1) {
    throw invalid(
      'privileged mode is incompatible with private cgroup namespaces on cgroup v1 host. You must run the container in the host cgroup namespace when running privileged mode',
    );
  }
}

function checkRestartPolicy(config: HostConfig): void {
  const { Name: name = 'no', MaximumRetryCount: retries = 0 } = config.RestartPolicy ?? {};
  if (!['no', 'always', 'on-failure', 'unless-stopped'].includes(name)) {
    throw invalid(
      `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
      { policy: name },
    );
  }
  if (name !== 'on-failure' && retries !== 0) {
    throw invalid("invalid restart policy: maximum retry count can only be used with 'on-failure'", {
      policy: name,
    });
  }
  if (retries < 0) throw invalid('invalid restart policy: maximum retry count cannot be negative');
  if (config.AutoRemove && name !== 'no') {
    throw invalid("can't create 'AutoRemove' container with restart policy");
  }
}
