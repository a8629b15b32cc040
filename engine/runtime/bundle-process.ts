import type { ContainerConfig, ExecRequest, HostConfig } from '../api/containers.ts';
import { BerthError } from '../errors.ts';
import type { HostFacts } from './bundle-request.ts';
import { allCapabilities, planCapabilities } from './capabilities.ts';
import type { OciProcess, OciUser } from './oci-config.ts';
import { parseSecurityOptions } from './security-options.ts';

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Where Docker puts its init in a container; tools look for it there. */
export const initPath = '/sbin/docker-init';

interface ProcessRequest {
  config: ContainerConfig;
  hostConfig: HostConfig;
  hostname: string;
  host: HostFacts;
}

/** The container's own process. Throws no-command when neither the image nor the caller named one. */
export function planProcess(request: ProcessRequest): OciProcess {
  const { config, hostConfig } = request;
  const command = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  if (command.length === 0) throw new BerthError('no-command', 'no command specified');
  const args = hostConfig.Init ? [initPath, '--', ...command] : command;
  const [rows, columns] = hostConfig.ConsoleSize ?? [];
  return {
    terminal: config.Tty ?? false,
    ...(rows && columns ? { consoleSize: { height: rows, width: columns } } : {}),
    user: planUser(config.User ?? '', hostConfig),
    args,
    env: planEnvironment(request, config.Tty ?? false),
    cwd: config.WorkingDir || '/',
    ...planPrivileges(request),
    ...planRlimits(hostConfig),
    ...(hostConfig.OomScoreAdj ? { oomScoreAdj: hostConfig.OomScoreAdj } : {}),
  };
}

/**
 * Another process in a running container (docker exec): the container's environment, directory and user, each
 * replaced where the request names its own. Throws no-command.
 */
export function planExecProcess(request: ProcessRequest & { exec: ExecRequest }): OciProcess {
  const { config, hostConfig, exec, host } = request;
  if (!exec.Cmd?.length) throw new BerthError('no-command', 'No exec command specified');
  const terminal = exec.Tty ?? false;
  const [rows, columns] = exec.ConsoleSize ?? [];
  const privileges = planPrivileges(request);
  return {
    terminal,
    ...(rows && columns ? { consoleSize: { height: rows, width: columns } } : {}),
    user: planUser(exec.User || (config.User ?? ''), hostConfig),
    args: exec.Cmd,
    env: mergeEnvironment(planEnvironment(request, terminal), exec.Env ?? []),
    cwd: exec.WorkingDir || config.WorkingDir || '/',
    ...privileges,
    ...(exec.Privileged ? { capabilities: sets(allCapabilities(host.lastCapability)) } : {}),
    ...planRlimits(hostConfig),
    ...(hostConfig.OomScoreAdj ? { oomScoreAdj: hostConfig.OomScoreAdj } : {}),
  };
}

function planUser(user: string, hostConfig: HostConfig): OciUser {
  return {
    uid: 0,
    gid: 0,
    ...(user === '' ? {} : { username: user }),
    ...(hostConfig.GroupAdd?.length ? { groups: hostConfig.GroupAdd } : {}),
  };
}

/** Docker's order: its own variables first, then the image's and the caller's, a later one replacing an earlier. */
function planEnvironment({ config, hostname }: ProcessRequest, terminal: boolean): string[] {
  const own = [
    defaultPath,
    ...(hostname ? [`HOSTNAME=${hostname}`] : []),
    ...(terminal ? ['TERM=xterm'] : []),
  ];
  return mergeEnvironment(own, config.Env ?? []);
}

/** A word without `=` takes the variable away, as in Docker. */
function mergeEnvironment(base: string[], changes: string[]): string[] {
  const merged = new Map(base.map((entry) => [nameOf(entry), entry]));
  for (const entry of changes) {
    if (entry.includes('=')) merged.set(nameOf(entry), entry);
    else merged.delete(entry);
  }
  return [...merged.values()];
}

function nameOf(entry: string): string {
  return entry.slice(0, entry.indexOf('='));
}

function planPrivileges({ hostConfig, host }: ProcessRequest) {
  const security = parseSecurityOptions(hostConfig.SecurityOpt ?? []);
  const apparmor = security.apparmor;
  return {
    capabilities: sets(
      planCapabilities({
        add: hostConfig.CapAdd ?? [],
        drop: hostConfig.CapDrop ?? [],
        privileged: hostConfig.Privileged ?? false,
        last: host.lastCapability,
      }),
    ),
    noNewPrivileges: security.noNewPrivileges,
    ...(apparmor && apparmor !== 'unconfined' ? { apparmorProfile: apparmor } : {}),
  };
}

/** Inheritable and ambient stay empty: a process that is not root has no capability unless its file gives one. */
function sets(names: string[]): OciProcess['capabilities'] {
  return { bounding: names, effective: names, permitted: names, inheritable: [], ambient: [] };
}

function planRlimits(hostConfig: HostConfig): Pick<OciProcess, 'rlimits'> {
  if (!hostConfig.Ulimits?.length) return {};
  return {
    rlimits: hostConfig.Ulimits.map(({ Name, Soft = 0, Hard = 0 }) => ({
      type: `RLIMIT_${Name.toUpperCase()}`,
      soft: Soft,
      hard: Hard,
    })),
  };
}
