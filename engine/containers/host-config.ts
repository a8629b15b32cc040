import type { HostConfig, Resources } from '../api/containers.ts';
import { BerthError } from '../errors.ts';
import { maskedPaths, readonlyPaths } from '../runtime/bundle.ts';

const defaultShmBytes = 64 * 1024 * 1024;
/** Docker's own floor; below it a shell does not start. */
const minimumMemoryBytes = 6 * 1024 * 1024;

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
  checkLog(complete.LogConfig.Type);
  if (!['berth', 'runc', 'io.containerd.runc.v2'].includes(complete.Runtime)) {
    throw invalid(`unknown or invalid runtime name: ${complete.Runtime}`, { runtime: complete.Runtime });
  }
  // One runtime answers to the names that Docker's clients know.
  complete.Runtime = 'berth';
  return complete;
}

function checkLog(type: string): void {
  if (type === 'local' || type === 'none') return;
  throw invalid(`logger: no log driver named '${type}' is registered`, { driver: type });
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

/** Checks limits, of create and of update. */
export function checkResources(limits: Resources, cpus: number): void {
  const memory = limits.Memory ?? 0;
  const swap = limits.MemorySwap ?? 0;
  if (memory !== 0 && memory < minimumMemoryBytes) throw invalid('Minimum memory limit allowed is 6MB');
  if (memory > 0 && swap > 0 && swap < memory) {
    throw invalid('Minimum memoryswap limit should be larger than memory limit, see usage');
  }
  if (memory === 0 && swap > 0) {
    throw invalid('You should always set the Memory limit when using Memoryswap limit, see usage');
  }
  if (memory > 0 && (limits.MemoryReservation ?? 0) > memory) {
    throw invalid('Minimum memory limit can not be less than memory reservation limit, see usage');
  }
  const nano = limits.NanoCpus ?? 0;
  if (nano < 0 || nano > cpus * 1e9) {
    throw invalid(`range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`, {
      cpus,
    });
  }
  if (nano > 0 && (limits.CpuQuota ?? 0) > 0) {
    throw invalid('Conflicting options: Nano CPUs and CPU Quota cannot both be set');
  }
  if (nano > 0 && (limits.CpuPeriod ?? 0) > 0) {
    throw invalid('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  }
}
