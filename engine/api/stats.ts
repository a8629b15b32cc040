/**
 * One line of GET /containers/{id}/stats, a sample a second: Docker's form, as far as it is read by the app. All
 * counters grow from the container's start; a container that does not run has no memory, networks and times.
 */
export interface StatsSample {
  /** RFC 3339; of the sample, and of the one before it. */
  read: string;
  preread: string;
  pids_stats: { current?: number; limit?: number };
  cpu_stats: CpuCounters;
  precpu_stats: CpuCounters;
  memory_stats: {
    /** Bytes, the page cache with them. */
    usage?: number;
    /** The container's own, or the machine's memory. */
    limit?: number;
    /** Counters of memory.stat; `inactive_file` is what the kernel can take back at once. */
    stats?: Record<string, number>;
  };
  /** By the container's interface, such as eth0. */
  networks?: Record<string, { rx_bytes?: number; tx_bytes?: number }>;
  blkio_stats: { io_service_bytes_recursive?: { op: string; value: number }[] | null };
}

export interface CpuCounters {
  cpu_usage: { total_usage: number };
  /** Nanoseconds of all processors together. */
  system_cpu_usage?: number;
  online_cpus?: number;
}

/** What POST /containers/{id}/update changes; what is left out stays. */
export interface UpdateRequest {
  /** Bytes. */
  Memory?: number;
  /** Bytes of memory and swap together; -1 for no limit. */
  MemorySwap?: number;
  NanoCpus?: number;
  PidsLimit?: number;
}
