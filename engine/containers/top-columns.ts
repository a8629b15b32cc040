import { BerthError } from '../errors.ts';

/** One process, as /proc tells it. */
export interface ProcessFacts {
  pid: number;
  /** Pid inside the container. */
  innerPid: number;
  ppid: number;
  pgid: number;
  sid: number;
  threads: number;
  nice: number;
  priority: number;
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

export interface Machine {
  users: Map<number, string>;
  bootTime: number;
  memoryBytes: number;
}

type Column = (facts: ProcessFacts, machine: Machine) => string;

/** Columns of ps by the names of its `-o`, with the heading as ps prints it. */
const columns: Record<string, { title: string; value: Column }> = {
  pid: { title: 'PID', value: ({ pid }) => String(pid) },
  nspid: { title: 'NSPID', value: ({ innerPid }) => String(innerPid) },
  ppid: { title: 'PPID', value: ({ ppid }) => String(ppid) },
  pgid: { title: 'PGID', value: ({ pgid }) => String(pgid) },
  sid: { title: 'SID', value: ({ sid }) => String(sid) },
  nlwp: { title: 'NLWP', value: ({ threads }) => String(threads) },
  ni: { title: 'NI', value: ({ nice }) => String(nice) },
  pri: { title: 'PRI', value: ({ priority }) => String(39 - priority) },
  etime: { title: 'ELAPSED', value: ({ elapsedSeconds }) => elapsed(elapsedSeconds) },
  etimes: { title: 'ELAPSED', value: ({ elapsedSeconds }) => String(Math.floor(elapsedSeconds)) },
  user: { title: 'USER', value: ({ user }) => user },
  uid: { title: 'UID', value: ({ uid }) => String(uid) },
  // `ps -f` heads the user's name so.
  fuid: { title: 'UID', value: ({ user }) => user },
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
  pgrp: 'pgid',
  session: 'sid',
  sess: 'sid',
  nice: 'ni',
  thcount: 'nlwp',
  euid: 'uid',
  uname: 'user',
  start_time: 'stime',
  cputime: 'time',
  ucmd: 'comm',
  ucomm: 'comm',
};

const full = ['fuid', 'pid', 'ppid', 'c', 'stime', 'tty', 'time', 'cmd'];
const userOriented = ['user', 'pid', 'pcpu', 'pmem', 'vsz', 'rss', 'tty', 'stat', 'start', 'time', 'args'];

interface Selection {
  columns: string[];
  named: boolean;
}

/** The columns that ps arguments ask for. Those that this engine does not know are refused by name. */
export function topColumns(psArguments: string): string[] {
  const refuse = () =>
    new BerthError('refused-option', `Berth does not know the ps arguments "${psArguments}"`, {
      option: `ps_args=${psArguments}`,
    });
  const selection: Selection = { columns: full, named: false };
  const words = psArguments.split(/\s+/).filter(Boolean);
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const flags = word.replace(/^-/, '');
    const at = flags.search(/[oO]/);
    if (!/^[eadxA]*$/.test(at === -1 ? flags.replace(/[fuwWwH]/g, '') : flags.slice(0, at))) throw refuse();
    if (at !== -1) name(selection, flags.slice(at + 1) || (words.shift() ?? ''), refuse);
    else if (flags.includes('u') && !selection.named) selection.columns = userOriented;
  }
  return selection.columns;
}

/** Adds the columns of one `-o`; a heading of the caller's (`pid=`) is not taken. */
function name(selection: Selection, list: string, refuse: () => BerthError): void {
  const names = list
    .split(',')
    .filter(Boolean)
    .map((text) => text.toLowerCase())
    .map((text) => (Object.hasOwn(aliases, text) ? (aliases[text] ?? text) : text));
  if (names.length === 0 || !names.every((text) => Object.hasOwn(columns, text))) throw refuse();
  selection.columns = selection.named ? [...selection.columns, ...names] : names;
  selection.named = true;
}

/** A row's cells, and the headings, of columns that topColumns gave. */
export function topRow(names: string[], facts: ProcessFacts, machine: Machine): string[] {
  return names.map((text) => columns[text]?.value(facts, machine) ?? '');
}

export function topTitles(names: string[]): string[] {
  return names.map((text) => columns[text]?.title ?? text);
}

function cpuPercent({ cpuSeconds, elapsedSeconds }: ProcessFacts): number {
  return (100 * cpuSeconds) / elapsedSeconds;
}

function clock(seconds: number): string {
  const date = new Date(seconds * 1000);
  return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`;
}

/** `[[days-]hours:]minutes:seconds` of ps. */
function elapsed(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3600);
  const clockText = `${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
  if (days > 0) return `${days}-${two(hours)}:${clockText}`;
  return hours > 0 ? `${two(hours)}:${clockText}` : clockText;
}

function cpuTime(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}
