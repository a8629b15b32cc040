import * as z from 'zod';

/**
 * The container nouns of the Docker Engine API (1.51 shapes), as far as this engine reads and writes them.
 * Requests are schemas (they come from strangers); answers are types.
 * Unknown request fields are ignored, as Docker does; a known field that this engine cannot honour is
 * refused by name, never dropped in silence (see `engine/containers/refusals.ts`).
 */

const stringList = z.array(z.string()).nullish();
const stringMap = z.record(z.string(), z.string()).nullish();
/** Docker accepts a string or a list of strings for Cmd and Entrypoint. */
const words = z.union([z.array(z.string()), z.string().transform((text) => [text])]).nullish();

export const portBinding = z.object({ HostIp: z.string().optional(), HostPort: z.string().optional() });
export const portMap = z.record(z.string(), z.array(portBinding).nullable());

export const mountRequest = z.object({
  Type: z.string().optional(),
  Source: z.string().optional(),
  Target: z.string(),
  ReadOnly: z.boolean().optional(),
  Consistency: z.string().optional(),
  BindOptions: z
    .object({
      Propagation: z.string().optional(),
      NonRecursive: z.boolean().optional(),
      CreateMountpoint: z.boolean().optional(),
      ReadOnlyNonRecursive: z.boolean().optional(),
      ReadOnlyForceRecursive: z.boolean().optional(),
    })
    .nullish(),
  VolumeOptions: z
    .object({
      NoCopy: z.boolean().optional(),
      Labels: stringMap,
      Subpath: z.string().optional(),
      DriverConfig: z.object({ Name: z.string().optional(), Options: stringMap }).nullish(),
    })
    .nullish(),
  TmpfsOptions: z
    .object({
      SizeBytes: z.number().optional(),
      Mode: z.number().optional(),
      /** Each a flag, or a name and its value. */
      Options: z.array(z.array(z.string())).nullish(),
    })
    .nullish(),
});

const throttleDevice = z.object({ Path: z.string(), Rate: z.number() });
const count = z.number().nullish();

/** The limits that both create and update take. */
export const resources = z.object({
  CpuShares: count,
  Memory: count,
  CgroupParent: z.string().nullish(),
  BlkioWeight: count,
  BlkioWeightDevice: z.array(z.object({ Path: z.string(), Weight: z.number() })).nullish(),
  BlkioDeviceReadBps: z.array(throttleDevice).nullish(),
  BlkioDeviceWriteBps: z.array(throttleDevice).nullish(),
  BlkioDeviceReadIOps: z.array(throttleDevice).nullish(),
  BlkioDeviceWriteIOps: z.array(throttleDevice).nullish(),
  CpuPeriod: count,
  CpuQuota: count,
  CpuRealtimePeriod: count,
  CpuRealtimeRuntime: count,
  CpusetCpus: z.string().nullish(),
  CpusetMems: z.string().nullish(),
  Devices: z
    .array(
      z.object({
        PathOnHost: z.string(),
        PathInContainer: z.string(),
        CgroupPermissions: z.string().optional(),
      }),
    )
    .nullish(),
  DeviceCgroupRules: stringList,
  DeviceRequests: z.array(z.record(z.string(), z.unknown())).nullish(),
  MemoryReservation: count,
  MemorySwap: count,
  MemorySwappiness: count,
  NanoCpus: count,
  OomKillDisable: z.boolean().nullish(),
  Init: z.boolean().nullish(),
  PidsLimit: count,
  Ulimits: z
    .array(z.object({ Name: z.string(), Soft: z.number().optional(), Hard: z.number().optional() }))
    .nullish(),
});

export const restartPolicy = z.object({
  Name: z.string().optional(),
  MaximumRetryCount: z.number().optional(),
});

export const hostConfig = resources.extend({
  Binds: stringList,
  ContainerIDFile: z.string().nullish(),
  LogConfig: z.object({ Type: z.string().optional(), Config: stringMap }).nullish(),
  NetworkMode: z.string().nullish(),
  PortBindings: portMap.nullish(),
  RestartPolicy: restartPolicy.nullish(),
  AutoRemove: z.boolean().nullish(),
  VolumeDriver: z.string().nullish(),
  VolumesFrom: stringList,
  Mounts: z.array(mountRequest).nullish(),
  ConsoleSize: z.array(z.number()).nullish(),
  Annotations: stringMap,
  CapAdd: stringList,
  CapDrop: stringList,
  CgroupnsMode: z.string().nullish(),
  Dns: stringList,
  DnsOptions: stringList,
  DnsSearch: stringList,
  ExtraHosts: stringList,
  GroupAdd: stringList,
  IpcMode: z.string().nullish(),
  Links: stringList,
  OomScoreAdj: count,
  PidMode: z.string().nullish(),
  Privileged: z.boolean().nullish(),
  PublishAllPorts: z.boolean().nullish(),
  ReadonlyRootfs: z.boolean().nullish(),
  SecurityOpt: stringList,
  StorageOpt: stringMap,
  Tmpfs: stringMap,
  UTSMode: z.string().nullish(),
  UsernsMode: z.string().nullish(),
  ShmSize: count,
  Sysctls: stringMap,
  Runtime: z.string().nullish(),
  Isolation: z.string().nullish(),
  MaskedPaths: stringList,
  ReadonlyPaths: stringList,
});

export const healthConfig = z.object({
  Test: stringList,
  Interval: count,
  Timeout: count,
  Retries: count,
  StartPeriod: count,
  StartInterval: count,
});

export const containerConfig = z.object({
  Hostname: z.string().nullish(),
  Domainname: z.string().nullish(),
  User: z.string().nullish(),
  AttachStdin: z.boolean().nullish(),
  AttachStdout: z.boolean().nullish(),
  AttachStderr: z.boolean().nullish(),
  ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
  Tty: z.boolean().nullish(),
  OpenStdin: z.boolean().nullish(),
  StdinOnce: z.boolean().nullish(),
  Env: stringList,
  Cmd: words,
  Entrypoint: words,
  Healthcheck: healthConfig.nullish(),
  ArgsEscaped: z.boolean().nullish(),
  Image: z.string().nullish(),
  Volumes: z.record(z.string(), z.unknown()).nullish(),
  WorkingDir: z.string().nullish(),
  NetworkDisabled: z.boolean().nullish(),
  MacAddress: z.string().nullish(),
  OnBuild: stringList,
  Labels: stringMap,
  StopSignal: z.string().nullish(),
  StopTimeout: count,
  Shell: stringList,
});

export const endpointConfig = z.object({
  IPAMConfig: z.object({ IPv4Address: z.string().optional(), IPv6Address: z.string().optional() }).nullish(),
  Links: stringList,
  Aliases: stringList,
  MacAddress: z.string().nullish(),
  DriverOpts: stringMap,
  GwPriority: count,
});

/** Body of POST /containers/create: the config's fields with HostConfig and NetworkingConfig beside them. */
export const createRequest = containerConfig.extend({
  HostConfig: hostConfig.nullish(),
  NetworkingConfig: z
    .object({ EndpointsConfig: z.record(z.string(), endpointConfig.nullable()).nullish() })
    .nullish(),
});

export const execRequest = z.object({
  AttachStdin: z.boolean().nullish(),
  AttachStdout: z.boolean().nullish(),
  AttachStderr: z.boolean().nullish(),
  DetachKeys: z.string().nullish(),
  Tty: z.boolean().nullish(),
  ConsoleSize: z.array(z.number()).nullish(),
  Env: stringList,
  Cmd: words,
  Privileged: z.boolean().nullish(),
  User: z.string().nullish(),
  WorkingDir: z.string().nullish(),
});

export const execStartRequest = z.object({
  Detach: z.boolean().nullish(),
  Tty: z.boolean().nullish(),
  ConsoleSize: z.array(z.number()).nullish(),
});

export type CreateRequest = z.infer<typeof createRequest>;
export type ContainerConfig = z.infer<typeof containerConfig>;
export type HostConfig = z.infer<typeof hostConfig>;
export type Resources = z.infer<typeof resources>;
export type HealthConfig = z.infer<typeof healthConfig>;
export type MountRequest = z.infer<typeof mountRequest>;
export type EndpointConfig = z.infer<typeof endpointConfig>;
export type ExecRequest = z.infer<typeof execRequest>;
export type ExecStartRequest = z.infer<typeof execStartRequest>;
export type PortMap = z.infer<typeof portMap>;
export type PortBinding = z.infer<typeof portBinding>;

export type ContainerStatus =
  | 'created'
  | 'running'
  | 'paused'
  | 'restarting'
  | 'removing'
  | 'exited'
  | 'dead';

export interface CreateResponse {
  Id: string;
  Warnings: string[];
}

export interface HealthState {
  Status: 'none' | 'starting' | 'healthy' | 'unhealthy';
  FailingStreak: number;
  Log: { Start: string; End: string; ExitCode: number; Output: string }[];
}

export interface ContainerState {
  Status: ContainerStatus;
  Running: boolean;
  Paused: boolean;
  Restarting: boolean;
  OOMKilled: boolean;
  Dead: boolean;
  Pid: number;
  ExitCode: number;
  Error: string;
  /** RFC 3339 with nanoseconds; '0001-01-01T00:00:00Z' before the first start. */
  StartedAt: string;
  FinishedAt: string;
  Health?: HealthState;
}

export interface MountPoint {
  Type: 'bind' | 'volume' | 'tmpfs';
  Name?: string;
  Source: string;
  Destination: string;
  Driver?: string;
  Mode: string;
  RW: boolean;
  Propagation: string;
}

export interface EndpointSettings {
  IPAMConfig: { IPv4Address?: string; IPv6Address?: string } | null;
  Links: string[] | null;
  Aliases: string[] | null;
  MacAddress: string;
  DriverOpts: Record<string, string> | null;
  GwPriority: number;
  NetworkID: string;
  EndpointID: string;
  Gateway: string;
  IPAddress: string;
  IPPrefixLen: number;
  IPv6Gateway: string;
  GlobalIPv6Address: string;
  GlobalIPv6PrefixLen: number;
  DNSNames: string[] | null;
}

export interface NetworkSettings {
  Bridge: string;
  SandboxID: string;
  SandboxKey: string;
  Ports: Record<string, { HostIp: string; HostPort: string }[] | null>;
  EndpointID: string;
  Gateway: string;
  GlobalIPv6Address: string;
  GlobalIPv6PrefixLen: number;
  IPAddress: string;
  IPPrefixLen: number;
  IPv6Gateway: string;
  MacAddress: string;
  HairpinMode: boolean;
  LinkLocalIPv6Address: string;
  LinkLocalIPv6PrefixLen: number;
  SecondaryIPAddresses: null;
  SecondaryIPv6Addresses: null;
  Networks: Record<string, EndpointSettings>;
}

/** Answer of GET /containers/{id}/json. */
export interface ContainerInspect {
  Id: string;
  Created: string;
  Path: string;
  Args: string[];
  State: ContainerState;
  /** Image id (`sha256:…`); the name asked for is Config.Image. */
  Image: string;
  ResolvConfPath: string;
  HostnamePath: string;
  HostsPath: string;
  LogPath: string;
  Name: string;
  RestartCount: number;
  Driver: string;
  Platform: string;
  MountLabel: string;
  ProcessLabel: string;
  AppArmorProfile: string;
  ExecIDs: string[] | null;
  HostConfig: HostConfig & { NetworkMode: string };
  GraphDriver: { Name: string; Data: Record<string, string> };
  SizeRw?: number;
  SizeRootFs?: number;
  Mounts: MountPoint[];
  Config: ContainerConfig & { Image: string };
  NetworkSettings: NetworkSettings;
}

/** One row of GET /containers/json. */
export interface ContainerSummary {
  Id: string;
  Names: string[];
  Image: string;
  ImageID: string;
  Command: string;
  /** Seconds since the epoch. */
  Created: number;
  Ports: { IP?: string; PrivatePort: number; PublicPort?: number; Type: string }[];
  SizeRw?: number;
  SizeRootFs?: number;
  Labels: Record<string, string>;
  State: ContainerStatus;
  /** Docker's sentence, as in "Up 2 minutes (healthy)". */
  Status: string;
  HostConfig: { NetworkMode: string; Annotations?: Record<string, string> };
  NetworkSettings: { Networks: Record<string, EndpointSettings> };
  Mounts: MountPoint[];
}

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

export interface WaitResponse {
  StatusCode: number;
  Error?: { Message: string };
}

export interface ExecInspect {
  ID: string;
  Running: boolean;
  ExitCode: number | null;
  ProcessConfig: {
    tty: boolean;
    entrypoint: string;
    arguments: string[];
    privileged: boolean;
    user?: string;
  };
  OpenStdin: boolean;
  OpenStderr: boolean;
  OpenStdout: boolean;
  CanRemove: boolean;
  ContainerID: string;
  DetachKeys: string;
  Pid: number;
}

export interface TopResponse {
  Titles: string[];
  Processes: string[][];
}

/** One row of GET /containers/{id}/changes: 0 modified, 1 added, 2 deleted. */
export interface FilesystemChange {
  Path: string;
  Kind: 0 | 1 | 2;
}
