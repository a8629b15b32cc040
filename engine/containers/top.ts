import { readFile, stat } from 'node:fs/promises';
import type { TopResponse } from '../api/containers.ts';
import { containerPids } from './cgroup-usage.ts';
import type { Container } from './container.ts';
import { publishContainer } from './container-events.ts';
import { notRunning } from './freezer.ts';
import type { ContainerParts } from './parts.ts';
import { type Machine, type ProcessFacts, topColumns, topRow, topTitles } from './top-columns.ts';

/** Units of /proc/pid/stat, fixed at 100 a second for programs. */
const ticksPerSecond = 100;
const pageBytes = 4096;

/** GET /containers/{id}/top, read from /proc: the machine needs no ps. */
export async function containerTop(
  parts: ContainerParts,
  container: Container,
  psArguments: string,
): Promise<TopResponse> {
  if (container.run === undefined) throw notRunning(container);
  const names = topColumns(psArguments);
  const machine = await readTopMachine();
  const pids = await containerPids(parts, container);
  const facts = await Promise.all(pids.map((pid) => readProcess(pid, machine)));
  publishContainer(parts.events, container, 'top');
  return {
    Titles: topTitles(names),
    Processes: facts.filter((one) => one !== undefined).map((one) => topRow(names, one, machine)),
  };
}

export async function readTopMachine(): Promise<Machine> {
  const [passwd, statText, memory] = await Promise.all([
    readFile('/etc/passwd', 'utf8').catch(() => ''),
    readFile('/proc/stat', 'utf8'),
    readFile('/proc/meminfo', 'utf8'),
  ]);
  const users = passwd
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(':'));
  return {
    users: new Map(users.map(([name = '', , uid = '']) => [Number(uid), name])),
    bootTime: Number(/^btime (\d+)/m.exec(statText)?.[1] ?? 0),
    memoryBytes: Number(/^MemTotal:\s+(\d+)/m.exec(memory)?.[1] ?? 1) * 1024,
  };
}

/** Undefined when the process has ended meanwhile. */
export async function readProcess(pid: number, machine: Machine): Promise<ProcessFacts | undefined> {
  try {
    const [text, status, commandLine, owner] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/status`, 'utf8'),
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
      innerPid: Number(/^NSpid:.*\s(\d+)$/m.exec(status)?.[1] ?? pid),
      ppid: field(4),
      pgid: field(5),
      sid: field(6),
      threads: field(20),
      nice: field(19),
      priority: field(18),
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
