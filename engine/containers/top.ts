import { readFile, stat } from 'node:fs/promises';
import type { TopResponse } from '../api/containers.ts';
import { BerthError } from '../errors.ts';
import type { Container } from './container.ts';
import { notRunning } from './freezer.ts';
import type { ContainerParts } from './parts.ts';
import { containerPids } from './stats.ts';

/** Units of /proc/pid/stat, fixed at 100 a second for programs. */
const ticksPerSecond = 100;
const pageBytes = 4096;

interface ProcessFacts {
  pid: number;
  ppid: number;
  user: string;
  uid: number;
  state: string;
  tty: string;
  cpuSeconds: number;
  /** Seconds since the epoch. */
  startedAt: number;
  elapsedSeconds: number;
  virtualBytes: number;
  residentBytes: number;
  name: string;
  command: string;
}

interface Machine {
  users: Map<number, string>;
  bootTime: number;
  memoryBytes: number;
}

type Column = (facts: ProcessFacts, machine: Machine) => string;

/** Columns of ps by the names of its `-o`, with the heading as ps prints it. */
const columns: Record<string, { title: string; value: Column }> = {
  pid: { title: 'PID', value: ({ pid }) => String(pid) },
  ppid: { title: 'PPID', value: ({ ppid }) => String(ppid) },
  user: { title: 'USER', value: ({ user }) => user },
  uid: { title: 'UID', value: ({ user }) => user },
  c: { title: 'C', value: (facts) => String(Math.floor(cpuPercent(facts))) },
  pcpu: { title: '%CPU', value: (facts) => cpuPercent(facts).toFixed(1) },
  pmem: {
    title: '%MEM',
    value: ({ residentBytes }, { memoryBytes }) => ((100 * residentBytes) / memoryBytes).toFixed(1),
  },
  vsz: { title: 'VSZ', value: ({ virtualBytes }) => String(Math.floor(virtualBytes / 1024)) },
  rss: { title: 'RSS', value: ({ residentBytes }) => String(Math.floor(residentBytes / 1024)) },
  tty: { title: 'TTY', value: ({ tty }) => tty },
  stat: { title: 'STAT', value: ({ state }) => state },
  stime: { title: 'STIME', value: ({ startedAt }) => clock(startedAt) },
  start: { title: 'START', value: ({ startedAt }) => clock(startedAt) },
  time: { title: 'TIME', value: ({ cpuSeconds }) => cpuTime(cpuSeconds) },
  comm: { title: 'COMMAND', value: ({ name }) => name },
  args: { title: 'COMMAND', value: ({ command }) => command },
  cmd: { title: 'CMD', value: ({ command }) => command },
};

const aliases: Record<string, string> = {
  tt: 'tty',
  tname: 'tty',
  '%cpu': 'pcpu',
  '%mem': 'pmem',
  command: 'args',
  ruser: 'user',
  euser: 'user',
  s: 'stat',
  state: 'stat',
  rssize: 'rss',
  vsize: 'vsz',
};

const full = ['uid', 'pid', 'ppid', 'c', 'stime', 'tty', 'time', 'cmd'];
const userOriented = ['user', 'pid', 'pcpu', 'pmem', 'vsz', 'rss', 'tty', 'stat', 'start', 'time', 'args'];

/** The columns that ps arguments ask for. Those that this engine does not know are refused by name. */
export function topColumns(psArguments: string): string[] {
  const text = psArguments.trim();
  if (text === '' || text === '-ef' || text === 'ef') return full;
  if (/^-?(aux|axu|u)$/.test(text)) return userOriented;
  const chosen = /^(?:-e\s*|-a?x?\s*)?-?(?:e?o)\s*([\w%,= ]+)$/.exec(text)?.[1];
  if (chosen !== undefined) {
    const names = chosen
      .split(/[,\s]+/)
      .filter(Boolean)
      .map((name) => aliases[name.toLowerCase()] ?? name.toLowerCase());
    if (names.every((name) => name in columns)) return names;
  }
  throw new BerthError('refused-option', `Berth does not know the ps arguments "${text}"`, {
    option: `ps_args=${text}`,
  });
}

/** GET /containers/{id}/top, read from /proc: the machine needs no ps. */
export async function containerTop(
  parts: ContainerParts,
  container: Container,
  psArguments: string,
): Promise<TopResponse> {
  if (container.run === undefined) throw notRunning(container);
  const names = topColumns(psArguments);
  const machine = await readMachine();
  const pids = await containerPids(parts, container);
  const facts = await Promise.all(pids.map((pid) => readProcess(pid, machine)));
  return {
    Titles: names.map((name) => columns[name]?.title ?? name),
    Processes: facts
      .filter((one) => one !== undefined)
      .map((one) => names.map((name) => columns[name]?.value(one, machine) ?? '')),
  };
}

async function readMachine(): Promise<Machine> {
  const [passwd, statText, memory] = await Promise.all([
    readFile('/etc/passwd', 'utf8').catch(() => ''),
    readFile('/proc/stat', 'utf8'),
    readFile('/proc/meminfo', 'utf8'),
  ]);
  const users = passwd.split('\n').map((line) => line.split(':'));
  return {
    users: new Map(users.map(([name = '', , uid = '']) => [Number(uid), name])),
    bootTime: Number(/^btime (\d+)/m.exec(statText)?.[1] ?? 0),
    memoryBytes: Number(/^MemTotal:\s+(\d+)/m.exec(memory)?.[1] ?? 1) * 1024,
  };
}

/** Undefined when the process has ended meanwhile. */
async function readProcess(pid: number, machine: Machine): Promise<ProcessFacts | undefined> {
  try {
    const [text, commandLine, owner] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
      stat(`/proc/${pid}`),
    ]);
    const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
    // From field 3 of proc(5) on: the name before may hold blanks and brackets.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const field = (number: number) => Number(fields[number - 3] ?? 0);
    const startedAt = machine.bootTime + field(22) / ticksPerSecond;
    const words = commandLine.split('\0').slice(0, -1);
    return {
      pid,
      ppid: field(4),
      uid: owner.uid,
      user: machine.users.get(owner.uid) ?? String(owner.uid),
      state: fields[0] ?? '?',
      tty: terminalName(field(7)),
      cpuSeconds: (field(14) + field(15)) / ticksPerSecond,
      startedAt,
      elapsedSeconds: Math.max(1, Date.now() / 1000 - startedAt),
      virtualBytes: field(23),
      residentBytes: field(24) * pageBytes,
      name,
      command: words.length > 0 ? words.join(' ') : `[${name}]`,
    };
  } catch {
    return undefined;
  }
}

/** The kernel's encoding of tty_nr: minor in bits 31 to 20 and 7 to 0, major in 15 to 8; 136 and up are pts. */
function terminalName(number: number): string {
  if (number === 0) return '?';
  const major = (number >> 8) & 0xff;
  const minor = (number & 0xff) | ((number >> 12) & 0xfff00);
  return major >= 136 ? `pts/${minor + (major - 136) * 256}` : `tty${minor}`;
}

function cpuPercent({ cpuSeconds, elapsedSeconds }: ProcessFacts): number {
  return (100 * cpuSeconds) / elapsedSeconds;
}

function clock(seconds: number): string {
  const date = new Date(seconds * 1000);
  return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`;
}

function cpuTime(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}
