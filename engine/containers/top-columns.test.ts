import { expect, test } from 'vitest';
import { type ProcessFacts, topColumns, topRow, topTitles } from './top-columns.ts';

test.each([
  ['', 'UID PID PPID C STIME TTY TIME CMD'],
  ['-ef', 'UID PID PPID C STIME TTY TIME CMD'],
  ['aux', 'USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND'],
  ['-o pid,args', 'PID COMMAND'],
  ['-eo pid,ppid', 'PID PPID'],
  ['-e -o pid -o user', 'PID USER'],
  ['-eopid,nspid,%cpu', 'PID NSPID %CPU'],
])('ps %s', (text, titles) => {
  expect(topTitles(topColumns(text)).join(' ')).toBe(titles);
});

test.each(['-Z', '-o nothing', '-o', '-o constructor', '--forest'])('ps %s is refused by name', (text) => {
  expect(() => topColumns(text)).toThrow(`Berth does not know the ps arguments "${text}"`);
});

test('cells as ps prints them', () => {
  const facts: ProcessFacts = {
    pid: 4321,
    innerPid: 7,
    ppid: 1,
    pgid: 7,
    sid: 7,
    threads: 3,
    nice: 0,
    priority: 20,
    user: 'root',
    uid: 0,
    state: 'S',
    tty: '?',
    cpuSeconds: 3661,
    startedAt: 0,
    elapsedSeconds: 90_061,
    virtualBytes: 4096,
    residentBytes: 2048,
    name: 'sh',
    command: 'sh -c true',
  };
  const machine = { users: new Map(), bootTime: 0, memoryBytes: 4096 };
  const names = ['pid', 'nspid', 'nlwp', 'pri', 'time', 'etime', 'rss', 'pmem', 'args'];
  expect(topRow(names, facts, machine)).toEqual([
    '4321',
    '7',
    '3',
    '19',
    '01:01:01',
    '1-01:01:01',
    '2',
    '50.0',
    'sh -c true',
  ]);
});
