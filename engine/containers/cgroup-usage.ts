import { readdir, readFile } from 'node:fs/promises';
import { cgroupDirectory, readControl, readControlNumber, readControlTable } from './cgroup-files.ts';
import type { Container } from './container.ts';
import type { ContainerParts } from './parts.ts';

/** Units of cpuacct.stat, fixed at 100 a second for programs. */
const nsPerTick = 10_000_000;

interface BlockRow {
  major: number;
  minor: number;
  op: string;
  value: number;
}

/** Share of time in which some or all processes waited, in per cent, and the sum of the waiting. */
export interface Pressure {
  some?: PressureLine;
  full?: PressureLine;
}

interface PressureLine {
  avg10: number;
  avg60: number;
  avg300: number;
  total_usec: number;
}

/** What a container's control files say of its use. */
export interface Usage {
  cpu: {
    cpu_usage: { total_usage: number; usage_in_kernelmode: number; usage_in_usermode: number };
    throttling_data: { periods: number; throttled_periods: number; throttled_time: number };
  };
  memory: {
    usage?: number;
    max_usage?: number;
    limit?: number;
    failcnt?: number;
    stats?: Record<string, number>;
  };
  pids: { current?: number; limit?: number };
  /** Rows of the kernel's counters, a device and operation each; null where it counts none. */
  blkio: Record<string, BlockRow[] | null>;
  /** Absent where the kernel counts no pressure. */
  pressure?: { cpu?: Pressure; memory?: Pressure; io?: Pressure };
}

/** Docker's names of block counters; the kernels of today fill the first two. */
const noBlockRows = {
  io_service_bytes_recursive: null,
  io_serviced_recursive: null,
  io_queue_recursive: null,
  io_service_time_recursive: null,
  io_wait_time_recursive: null,
  io_merged_recursive: null,
  io_time_recursive: null,
  sectors_recursive: null,
};

export const noUsage: Usage = {
  cpu: {
    cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
    throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
  },
  memory: {},
  pids: {},
  blkio: noBlockRows,
};

/** Reads what a running container uses, whichever version of cgroups the machine has. */
export async function readUsage(parts: ContainerParts, container: Container): Promise<Usage> {
  const read = parts.host.cgroupVersion === 2 ? readV2 : readV1;
  const [usage, pressure] = await Promise.all([read(parts, container), readPressure(parts, container)]);
  return { ...usage, ...(pressure === undefined ? {} : { pressure }) };
}

async function readV2(parts: ContainerParts, container: Container): Promise<Usage> {
  const at = cgroupDirectory(parts, container, '');
  const [cpu, usage, limit, memory, current, maximum, io, events] = await Promise.all([
    readControlTable(at, 'cpu.stat'),
    readControlNumber(at, 'memory.current'),
    readControlNumber(at, 'memory.max'),
    readControlTable(at, 'memory.stat'),
    readControlNumber(at, 'pids.current'),
    readControlNumber(at, 'pids.max'),
    readControl(at, 'io.stat'),
    readControlTable(at, 'memory.events'),
  ]);
  const ns = (name: string) => (cpu[name] ?? 0) * 1000;
  return {
    cpu: {
      cpu_usage: {
        total_usage: ns('usage_usec'),
        usage_in_kernelmode: ns('system_usec'),
        usage_in_usermode: ns('user_usec'),
      },
      throttling_data: {
        periods: cpu.nr_periods ?? 0,
        throttled_periods: cpu.nr_throttled ?? 0,
        throttled_time: ns('throttled_usec'),
      },
    },
    memory:
      usage === undefined
        ? {}
        : { usage, stats: memory, limit: limit ?? (await machineMemory()), failcnt: events.max ?? 0 },
    pids: pidsUse(current, maximum),
    blkio: {
      ...noBlockRows,
      io_service_bytes_recursive: blockRowsV2(io ?? '', { read: 'rbytes', write: 'wbytes' }),
      io_serviced_recursive: blockRowsV2(io ?? '', { read: 'rios', write: 'wios' }),
    },
  };
}

async function readV1(parts: ContainerParts, container: Container): Promise<Usage> {
  const at = (controller: string) => cgroupDirectory(parts, container, controller);
  const [total, ticks, throttling, memory, current, maximum, bytes, operations] = await Promise.all([
    readControlNumber(at('cpuacct'), 'cpuacct.usage'),
    readControlTable(at('cpuacct'), 'cpuacct.stat'),
    readControlTable(at('cpu'), 'cpu.stat'),
    memoryV1(at('memory')),
    readControlNumber(at('pids'), 'pids.current'),
    readControlNumber(at('pids'), 'pids.max'),
    readControl(at('blkio'), 'blkio.throttle.io_service_bytes_recursive'),
    readControl(at('blkio'), 'blkio.throttle.io_serviced_recursive'),
  ]);
  return {
    cpu: {
      cpu_usage: {
        total_usage: total ?? 0,
        usage_in_kernelmode: (ticks.system ?? 0) * nsPerTick,
        usage_in_usermode: (ticks.user ?? 0) * nsPerTick,
      },
      throttling_data: {
        periods: throttling.nr_periods ?? 0,
        throttled_periods: throttling.nr_throttled ?? 0,
        throttled_time: throttling.throttled_time ?? 0,
      },
    },
    memory,
    pids: pidsUse(current, maximum),
    blkio: {
      ...noBlockRows,
      io_service_bytes_recursive: blockRowsV1(bytes ?? ''),
      io_serviced_recursive: blockRowsV1(operations ?? ''),
    },
  };
}

async function memoryV1(at: string): Promise<Usage['memory']> {
  const [usage, peak, limit, failures, stats, machine] = await Promise.all([
    readControlNumber(at, 'memory.usage_in_bytes'),
    readControlNumber(at, 'memory.max_usage_in_bytes'),
    readControlNumber(at, 'memory.limit_in_bytes'),
    readControlNumber(at, 'memory.failcnt'),
    readControlTable(at, 'memory.stat'),
    machineMemory(),
  ]);
  if (usage === undefined) return {};
  return {
    usage,
    ...(peak === undefined ? {} : { max_usage: peak }),
    limit: Math.min(limit ?? machine, machine),
    failcnt: failures ?? 0,
    stats,
  };
}

function pidsUse(current: number | undefined, limit: number | undefined): Usage['pids'] {
  return { ...(current === undefined ? {} : { current }), ...(limit === undefined ? {} : { limit }) };
}

/** Rows of `8:0 rbytes=1 wbytes=2 …` a line, of the fields named. */
export function blockRowsV2(text: string, fields: Record<string, string>): BlockRow[] | null {
  const rows = [...text.matchAll(/^(\d+):(\d+) (.*)$/gm)].flatMap(([, major, minor, rest = '']) =>
    Object.entries(fields).map(([op, field]) => ({
      major: Number(major),
      minor: Number(minor),
      op,
      value: Number(new RegExp(`\\b${field}=(\\d+)`).exec(rest)?.[1] ?? 0),
    })),
  );
  return rows.length > 0 ? rows : null;
}

/** Rows of `8:0 Read 1` a line; the last line, a sum of all devices, has no device. */
export function blockRowsV1(text: string): BlockRow[] | null {
  const rows = [...text.matchAll(/^(\d+):(\d+) (\w+) (\d+)$/gm)].map(([, major, minor, op = '', value]) => ({
    major: Number(major),
    minor: Number(minor),
    op: op.toLowerCase(),
    value: Number(value),
  }));
  return rows.length > 0 ? rows : null;
}

/** On a hybrid machine the group of version 2 counts pressure though it holds no limits. */
async function readPressure(parts: ContainerParts, container: Container): Promise<Usage['pressure']> {
  const at = cgroupDirectory(parts, container, 'unified');
  const read = async (file: string) => parsePressure((await readControl(at, file)) ?? '');
  const [cpu, memory, io] = await Promise.all([
    read('cpu.pressure'),
    read('memory.pressure'),
    read('io.pressure'),
  ]);
  if (cpu === undefined && memory === undefined && io === undefined) return undefined;
  return {
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
    ...(io === undefined ? {} : { io }),
  };
}

/** `some avg10=0.00 avg60=0.00 avg300=0.00 total=0` and the like for `full`. */
export function parsePressure(text: string): Pressure | undefined {
  const pressure: Pressure = {};
  for (const [, kind, a, b, c, total] of text.matchAll(
    /^(some|full) avg10=([\d.]+) avg60=([\d.]+) avg300=([\d.]+) total=(\d+)$/gm,
  )) {
    pressure[kind as 'some' | 'full'] = {
      avg10: Number(a),
      avg60: Number(b),
      avg300: Number(c),
      total_usec: Number(total),
    };
  }
  return Object.keys(pressure).length > 0 ? pressure : undefined;
}

async function machineMemory(): Promise<number> {
  const found = /^MemTotal:\s+(\d+) kB/m.exec(await readFile('/proc/meminfo', 'utf8'));
  return Number(found?.[1] ?? 0) * 1024;
}

/** Pids of all processes in a container's cgroup and those below it. */
export async function containerPids(parts: ContainerParts, container: Container): Promise<number[]> {
  const collect = async (directory: string): Promise<number[]> => {
    const own = ((await readControl(directory, 'cgroup.procs')) ?? '')
      .split('\n')
      .filter(Boolean)
      .map(Number);
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    const below = entries.filter((entry) => entry.isDirectory());
    const nested = await Promise.all(below.map((entry) => collect(`${directory}/${entry.name}`)));
    return [...own, ...nested.flat()];
  };
  return await collect(cgroupDirectory(parts, container, 'pids'));
}
