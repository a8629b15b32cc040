import type { ContainerConfig, HostConfig } from '../api/containers.ts';

/** What `planBundle` (runtime/bundle.ts) makes config.json from. Facts only: it touches no file and no kernel. */
export interface BundleRequest {
  /** 64 hex digits. */
  id: string;
  /** cgroup of the container below the cgroup root: `/<instance>/c/<id>`. */
  cgroup: string;
  /** The container's config after the image's has been merged in (Env, Cmd, Entrypoint, User, WorkingDir). */
  config: ContainerConfig;
  hostConfig: HostConfig;
  /** Effective host name; undefined with `--uts host`. */
  hostname: string;
  /** The container's own files, bound over /etc/hosts, /etc/hostname and /etc/resolv.conf. */
  files: { hosts: string; hostname: string; resolvConf: string };
  /** Binds and volumes, sources resolved and existing. Tmpfs comes from hostConfig.Tmpfs and hostConfig.Mounts. */
  mounts: ResolvedMount[];
  /** Pids of the containers whose namespaces are joined (`container:<id>` modes). */
  join?: { network?: number; ipc?: number; pid?: number };
  host: HostFacts;
  /** Path of berth-init, which `HostConfig.Init` makes the first process. */
  initProgram: string;
}

export interface ResolvedMount {
  source: string;
  destination: string;
  readOnly: boolean;
  /** Read-only at its top alone, what is mounted below it is not. */
  flatReadOnly?: true;
  /** Default `rprivate`. */
  propagation?: string;
  /** `rbind` is the default; `bind` for BindOptions.NonRecursive. */
  recursive?: boolean;
}

/** What the planner must know of the machine; `readHostFacts` (runtime/host-facts.ts) reads it once at start. */
export interface HostFacts {
  /** process.arch of the machine. */
  architecture: 'x64' | 'arm64';
  /** Number of CPUs, for --cpus. */
  cpus: number;
  cgroupVersion: 1 | 2;
  /** Highest capability that the kernel knows (/proc/sys/kernel/cap_last_cap). */
  lastCapability: number;
  /** Kernel release as [major, minor], for rules of the seccomp profile. */
  kernel: [number, number];
  /** Device nodes of the machine as they are now (/dev); asked for --privileged, --device and block devices' limits. */
  devices: () => HostDevice[];
}

/** A device node that exists on the machine. */
export interface HostDevice {
  path: string;
  type: 'c' | 'b';
  major: number;
  minor: number;
  mode: number;
  uid: number;
  gid: number;
}
