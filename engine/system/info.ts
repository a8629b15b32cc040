import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { InfoResponse, VersionResponse } from '../api/system.ts';
import { apiVersion, engineVersion, minApiVersion } from '../version.ts';
import type { Engine } from './engine.ts';
import { driverStatus, limitFields, limitWarnings } from './limit-report.ts';
import { readMemory } from './machine.ts';
import { registrySettings } from './registry-settings.ts';

/** GET /version. */
export function version(engine: Engine): VersionResponse {
  const { machine } = engine;
  const details = {
    ApiVersion: apiVersion,
    Arch: machine.goArchitecture,
    BuildTime: '',
    Experimental: 'false',
    GitCommit: '',
    GoVersion: '',
    KernelVersion: machine.kernel,
    MinAPIVersion: minApiVersion,
    Os: 'linux',
  };
  return {
    Platform: { Name: 'Berth' },
    Components: [
      { Name: 'Engine', Version: engineVersion, Details: details },
      { Name: 'node', Version: process.versions.node },
    ],
    Version: engineVersion,
    ApiVersion: apiVersion,
    MinAPIVersion: minApiVersion,
    GitCommit: '',
    GoVersion: '',
    Os: 'linux',
    Arch: machine.goArchitecture,
    KernelVersion: machine.kernel,
    BuildTime: '',
  };
}

/** GET /info: every field of Docker 28's answer, so that no client misses one. */
export async function info(engine: Engine): Promise<InfoResponse> {
  const { proxies } = registrySettings(engine.config, undefined);
  const { machine, config } = engine;
  const { limits } = engine.containers.parts;
  const warnings = limitWarnings(limits, engine.cgroupVersion);
  const [memory, images] = await Promise.all([readMemory(), countImages(engine)]);
  return {
    ID: engine.id,
    ...containerCounts(engine),
    Images: images,
    Driver: engine.layers.name,
    DriverStatus: driverStatus(engine.files.root, engine.layers.name),
    Plugins: {
      Volume: ['local'],
      Network: ['bridge', 'host', 'null'],
      Authorization: null,
      Log: ['json-file', 'local', 'none'],
    },
    ...limitFields(limits),
    IPv4Forwarding: true,
    Debug: config.debug,
    NFd: readdirSync('/proc/self/fd').length,
    NGoroutines: 0,
    SystemTime: new Date().toISOString(),
    LoggingDriver: config['log-driver'],
    CgroupDriver: 'cgroupfs',
    CgroupVersion: String(engine.cgroupVersion),
    NEventsListener: engine.events.listenerCount,
    KernelVersion: machine.kernel,
    OperatingSystem: machine.operatingSystem,
    OSVersion: '',
    OSType: 'linux',
    Architecture: machine.architecture,
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: registries(config['insecure-registries'], config['registry-mirrors']),
    NCPU: availableParallelism(),
    MemTotal: memory.total,
    GenericResources: null,
    DockerRootDir: engine.files.root,
    HttpProxy: withoutPassword(proxies.httpProxy),
    HttpsProxy: withoutPassword(proxies.httpsProxy),
    NoProxy: proxies.noProxy,
    Name: machine.hostname,
    Labels: config.labels,
    ExperimentalBuild: false,
    ServerVersion: engineVersion,
    Runtimes: { berth: { path: 'berth-shim' } },
    DefaultRuntime: 'berth',
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    // Containers outlive the engine whatever the settings.
    LiveRestoreEnabled: true,
    Isolation: '',
    InitBinary: '',
    ContainerdCommit: { ID: '' },
    RuncCommit: { ID: '' },
    InitCommit: { ID: '' },
    SecurityOptions: [
      'name=seccomp,profile=builtin',
      ...(limits.apparmor ? ['name=apparmor'] : []),
      ...(engine.cgroupVersion === 2 ? ['name=cgroupns'] : []),
    ],
    FirewallBackend: { Driver: 'nftables' },
    CDISpecDirs: [],
    Warnings: warnings.length > 0 ? warnings : null,
  };
}

function containerCounts({ containers }: Engine) {
  const counts = { running: 0, paused: 0, stopped: 0 };
  for (const { status } of containers.all()) {
    if (status === 'paused') counts.paused += 1;
    else if (status === 'running' || status === 'restarting') counts.running += 1;
    else counts.stopped += 1;
  }
  return {
    Containers: containers.all().length,
    ContainersRunning: counts.running,
    ContainersPaused: counts.paused,
    ContainersStopped: counts.stopped,
  };
}

export async function countImages(engine: Engine): Promise<number> {
  const users = engine.containers.parts.registry.imageUsers;
  return (await engine.images.list({ all: true, sharedSize: false, filters: {}, users })).length;
}

function registries(insecure: string[], mirrors: string[]) {
  const isRange = (text: string) => /\/\d+$/.test(text);
  const hosts = insecure.filter((text) => !isRange(text));
  return {
    IndexConfigs: {
      'docker.io': { Mirrors: mirrors, Name: 'docker.io', Official: true, Secure: true },
      ...Object.fromEntries(
        hosts.map((host) => [host, { Mirrors: [], Name: host, Official: false, Secure: false }]),
      ),
    },
    InsecureRegistryCIDRs: ['::1/128', '127.0.0.0/8', ...insecure.filter(isRange)],
    Mirrors: mirrors.length > 0 ? mirrors : null,
  };
}

/** An address with its user and password hidden, as Docker shows it. */
function withoutPassword(address: string): string {
  return address.replace(/^([a-z]+:\/\/)[^/@]*@/i, '$1xxxxx:xxxxx@');
}
