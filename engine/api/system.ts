/** System nouns: version, info, disk use, events; and the `/berth/` extras about the engine itself. */

export interface VersionResponse {
  Platform: { Name: string };
  Components: { Name: string; Version: string; Details?: Record<string, string> }[];
  Version: string;
  ApiVersion: string;
  MinAPIVersion: string;
  GitCommit: string;
  GoVersion: string;
  Os: string;
  Arch: string;
  KernelVersion: string;
  BuildTime: string;
}

/** GET /info: the fields that clients read; the full list of a real daemon is answered, see engine/system/info.ts. */
export interface InfoResponse {
  ID: string;
  Containers: number;
  ContainersRunning: number;
  ContainersPaused: number;
  ContainersStopped: number;
  Images: number;
  Driver: string;
  DriverStatus: [string, string][];
  DockerRootDir: string;
  OSType: string;
  OperatingSystem: string;
  Architecture: string;
  KernelVersion: string;
  NCPU: number;
  MemTotal: number;
  Name: string;
  ServerVersion: string;
  CgroupDriver: string;
  CgroupVersion: string;
  SecurityOptions: string[];
  Warnings: string[] | null;
  [field: string]: unknown;
}

export type EventType = 'container' | 'image' | 'volume' | 'network' | 'daemon';

/** One line of GET /events. */
export interface EventMessage {
  Type: EventType;
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  scope: 'local';
  time: number;
  timeNano: number;
  /** Older fields that the docker CLI still prints. */
  status?: string;
  id?: string;
  from?: string;
}

/** GET /berth/engine: what the host and the Machine page ask of a running engine. */
export interface EngineStatus {
  version: string;
  instance: string;
  pid: number;
  startedAt: string;
  kernel: string;
  cgroupVersion: 1 | 2;
  memoryBytes: { total: number; available: number };
  /** Share of all processors in use, 0 to 1, since the last call of anyone. */
  cpuShare: number;
  disk: { totalBytes: number; freeBytes: number };
  containers: { running: number; total: number };
  images: number;
}

/** GET /berth/ports: the published ports, for the host's forwards; a subscriber follows the event stream for changes. */
export interface PublishedPort {
  containerId: string;
  containerName: string;
  protocol: 'tcp' | 'udp';
  /** The address asked for: '' or '0.0.0.0' means all. */
  hostIp: string;
  hostPort: number;
  containerPort: number;
}
