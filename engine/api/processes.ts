/** Kinds of namespaces, by their names in /proc/<pid>/ns. */
export type NamespaceKind = 'cgroup' | 'ipc' | 'mnt' | 'net' | 'pid' | 'time' | 'user' | 'uts';

/** One row of GET /berth/containers/{id}/processes: a process of the container, exec sessions' included. */
export interface ContainerProcess {
  /** In the machine. */
  pid: number;
  /** Inside the container; the same as `pid` where it shares the machine's processes. */
  innerPid: number;
  parentPid: number;
  uid: number;
  /** Name of the user in the machine's own list, else the number: the container's users are its own matter. */
  user: string;
  /** As ps shows it: R, S, D, Z, T, I. */
  state: string;
  threads: number;
  cpuSeconds: number;
  residentBytes: number;
  /** RFC 3339. */
  startedAt: string;
  command: string;
  /** Inode numbers: equal numbers are one namespace. */
  namespaces: Partial<Record<NamespaceKind, number>>;
}

/**
 * POST /berth/containers/{id}/processes/{pid}/signal?signal=SIGTERM sends a signal to one of them, by its pid in the
 * machine. Answers 204; container-not-running, and path-not-found for a process that is not of this container.
 */
export const processSignalPath = (id: string, pid: number, signal: string) =>
  `/berth/containers/${encodeURIComponent(id)}/processes/${pid}/signal?signal=${encodeURIComponent(signal)}`;
