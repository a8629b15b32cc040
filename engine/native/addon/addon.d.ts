/**
 * The native addon, plain C N-API: file descriptors, processes, SOCK_SEQPACKET, netlink. Loaded only by runtime/,
 * network/ and layers/ (through native/addon/load.ts). Every function throws an Error with `code` (errno name) and
 * `syscall`. What may block runs on a worker thread and returns a promise.
 */
export interface Addon {
  /**
   * posix_spawn with exactly these descriptors: `fds[n]` becomes descriptor n of the child, all others are closed
   * (close_range). Environment is `env`, nothing is inherited. Gives pid and a pidfd (close-on-exec). The descriptors are
   * copied before this returns.
   */
  spawn(options: { path: string; args: string[]; env: string[]; fds: number[] }): Promise<{
    pid: number;
    pidfd: number;
  }>;
  /**
   * Settles when the process of the pidfd has ended; reaps it when it is a child. Exit status as in waitid(2); code -1
   * where the process is not a child, whose status the kernel tells its parent alone.
   */
  waitPidfd(pidfd: number): Promise<{ code: number; signal: number }>;
  pidfdOpen(pid: number): number;
  pidfdSendSignal(pidfd: number, signal: number): void;
  /**
   * Connects a SOCK_SEQPACKET socket. Messages arrive on the addon's epoll thread and are handed over by a threadsafe
   * function, in order; `onClose` comes once, last. Back-pressure: `pause`/`resume` stop and go on reading.
   */
  seqpacketConnect(options: {
    path: string;
    onMessage: (message: Uint8Array, fds: number[]) => void;
    onClose: (errno: string | null) => void;
  }): SeqpacketSocket;
  /**
   * Watches a copy of a connected socket's descriptor: `gone` settles when both its directions are closed, also by
   * `stop`, which shuts them and must be called when the connection is over on this side.
   */
  watchHangup(fd: number): { gone: Promise<void>; stop(): void };
  /** A copy of a file in memory that nobody can change (memfd, all seals): its descriptor, close-on-exec. */
  sealedCopy(path: string): number;
  /** flock(LOCK_EX | LOCK_NB); false when another holds it. */
  tryLock(fd: number): boolean;
  /** syncfs(2) of the file system that holds the path. */
  syncFilesystem(path: string): Promise<void>;
  /** renameat2 with RENAME_NOREPLACE; false when the target exists. */
  renameNoReplace(from: string, to: string): boolean;
  /** Bridge with address and prefix, up, route_localnet=1; exists already: adjusted. Returns its ifindex. */
  ensureBridge(options: {
    name: string;
    address: string;
    prefixLength: number;
    mtu: number;
  }): Promise<number>;
  /**
   * One veth pair: host end in the bridge, up, hairpin on; peer as `peerName` in the network namespace of pid with
   * address, up, default route by gateway, lo up. `mac` is the peer's.
   */
  wireContainer(options: {
    pid: number;
    hostName: string;
    peerName: string;
    bridgeIndex: number;
    address: string;
    prefixLength: number;
    /** Of the default route; '' makes none. */
    gateway: string;
    mac: string;
    mtu: number;
  }): Promise<void>;
  /** Makes the default route in the network namespace of pid. EEXIST where there is one. */
  defaultRoute(options: { pid: number; gateway: string }): Promise<void>;
  /**
   * Sockets of a name server on 127.0.0.11 in the network namespace of pid, on ports that the kernel chooses: a bound UDP
   * one and a TCP one that listens. The caller owns the descriptors.
   */
  resolverSockets(pid: number): Promise<{ udpFd: number; tcpFd: number; udpPort: number; tcpPort: number }>;
  /** lo up in the network namespace of pid (for --network none). */
  loopbackUp(pid: number): Promise<void>;
  /**
   * Adds or deletes one element of an nftables map in one netlink batch; keys and values are raw network-order bytes,
   * each field of a concatenation padded to four. Adding what is there is no error; another value under the key is
   * EBUSY or EEXIST; deleting what is not there is ENOENT.
   */
  nftMapElement(options: {
    operation: 'add' | 'delete';
    family: 'ip' | 'inet';
    table: string;
    map: string;
    key: Uint8Array;
    value: Uint8Array;
  }): void;
  /**
   * Takes a host port by bind (TCP: and listen, which makes the claim exclusive; nothing is accepted), so that every
   * other program sees it in use. Port 0: the kernel chooses. The descriptor holds the claim. Throws EADDRINUSE.
   */
  reservePort(options: { protocol: 'tcp' | 'udp'; address: string; port: number }): {
    fd: number;
    port: number;
  };
  /** Deletes a network device; one that is not there is no error. Slow for a veth (30 ms): see engine/network. */
  deleteLink(name: string): Promise<void>;
  /** pipe2(O_CLOEXEC): [reader, writer]. */
  pipe(): [number, number];
  closeFd(fd: number): void;
}

export interface SeqpacketSocket {
  /** Sends one message with descriptors (SCM_RIGHTS); false when the socket would block: wait for onDrain. */
  send(message: Uint8Array, fds?: number[]): boolean;
  onDrain: (() => void) | null;
  pause(): void;
  resume(): void;
  close(): void;
}
