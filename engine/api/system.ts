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

/** GET /berth/system/disk: where the bytes of the data disk are. Lists begin with the largest. */
export interface DiskMap {
  /** The file system that the data root lies on. */
  disk: { totalBytes: number; freeBytes: number };
  images: {
    /** Each layer once. */
    bytes: number;
    /** Of layers that no image has: a pull that was broken off, kept a day for the next try. */
    unusedBytes: number;
    items: DiskImage[];
  };
  /** What containers have written. */
  writableLayers: { bytes: number; items: DiskContainer[] };
  logs: { bytes: number; items: DiskContainer[] };
  volumes: { bytes: number; items: DiskVolume[] };
  /** Blobs in flight, kept for resuming. */
  downloads: { bytes: number; items: { name: string; bytes: number }[] };
  /** Indexes and frames: what makes layers readable and gives back their very tars. */
  indexes: { bytes: number };
}

export interface DiskImage {
  id: string;
  names: string[];
  bytes: number;
  /** In layers that other images have too. */
  sharedBytes: number;
  /** What removing it gives back. */
  uniqueBytes: number;
  /** Containers that use it. */
  containers: string[];
}

export interface DiskContainer {
  id: string;
  name: string;
  running: boolean;
  bytes: number;
}

export interface DiskVolume {
  name: string;
  bytes: number;
  /** Ids of the containers that mount it. */
  containers: string[];
}
