import { expect, test } from 'vitest';
import { styledRuns } from './ansi.ts';
import { Demultiplexer, streamStderr, streamStdout } from './demux.ts';
import { detectLevel } from './level.ts';
import { LogBuffer } from './log-buffer.ts';
import { LogEngine, openQuery } from './log-engine.ts';
import { ByteSearch } from './search.ts';
import { readStamp } from './timestamp.ts';

const encode = (text: string) => new TextEncoder().encode(text);

function frame(stream: number, text: string): Uint8Array {
  const payload = encode(text);
  const bytes = new Uint8Array(8 + payload.length);
  bytes[0] = stream;
  new DataView(bytes.buffer).setUint32(4, payload.length);
  bytes.set(payload, 8);
  return bytes;
}

function engineWith(...lines: string[]): LogEngine {
  const engine = new LogEngine();
  engine.open(false, null);
  engine.push(encode(lines.map((line) => `${line}\n`).join('')));
  return engine;
}

const texts = (engine: LogEngine) => engine.rows({ start: 0, count: 1000 }).rows.map((row) => row.text);

test('frames survive any chunk boundary', () => {
  const whole = new Uint8Array([...frame(1, 'out\n'), ...frame(2, '错误\n'), ...frame(1, '')]);
  const seen: [number, number[]][] = [];
  const demultiplexer = new Demultiplexer((stream, payload) => seen.push([stream, [...payload]]));
  for (const byte of whole) demultiplexer.push(Uint8Array.of(byte));
  const joined = (stream: number) =>
    new TextDecoder().decode(Uint8Array.from(seen.filter(([s]) => s === stream).flatMap(([, p]) => p)));
  expect(joined(streamStdout)).toBe('out\n');
  expect(joined(streamStderr)).toBe('错误\n');
});

test('stamps are read with their fraction and offset', () => {
  const read = (text: string) => readStamp(encode(text), 0, encode(text).length);
  expect(read('2026-11-21T04:12:08.440123456Z hello')?.timeMs).toBeCloseTo(
    Date.UTC(2026, 10, 21, 4, 12, 8, 440) + 0.123456,
    3,
  );
  expect(read('2026-11-21T04:12:08+08:00 x')?.timeMs).toBe(Date.UTC(2026, 10, 20, 20, 12, 8));
  expect(read('2026-11-21 04:12:08.440 hello there, all')).toBeNull();
  expect(read('short')).toBeNull();
});

test.each([
  ['2026-11-21 ERROR db: gone', 4],
  ['level=warning msg="slow"', 3],
  ['{"time":"x","level":"info","msg":"error"}', 2],
  ['[debug] cache', 1],
  ['E1121 04:12:08.440 1 main.go:1] boom', 4],
  ['GET /error 200', 0],
  ['plain words', 0],
  ['Error: cannot find module', 4],
  ['2026/11/21 04:12:08 [notice] 1#1: start worker', 2],
])('level of %s', (line, level) => {
  const bytes = encode(line);
  expect(detectLevel(bytes, 0, bytes.length)).toBe(level);
});

test('lines are split over frames, stamps stripped, streams kept apart', () => {
  const engine = new LogEngine();
  engine.open(true, null);
  engine.push(frame(1, '2026-11-21T04:12:08.000000001Z half'));
  engine.push(frame(2, '2026-11-21T04:12:08.100000000Z oops\n'));
  engine.push(frame(1, '2026-11-21T04:12:08.200000000Z  a line\r\n'));
  engine.close();
  const { rows } = engine.rows({ start: 0, count: 10 });
  expect(rows.map((row) => [row.text, row.stderr])).toEqual([
    ['oops', true],
    ['half a line', false],
  ]);
});

test('after a reconnect, lines that are there already are left out', () => {
  const engine = engineWith('2026-11-21T04:12:08.1Z a', '2026-11-21T04:12:08.2Z b');
  engine.open(false, engine.buffer.lastTimeMs);
  engine.push(encode('2026-11-21T04:12:08.1Z a\n2026-11-21T04:12:08.2Z b\n2026-11-21T04:12:08.3Z c\n'));
  expect(texts(engine)).toEqual(['a', 'b', 'c']);
});

test('search folds ASCII case and finds other scripts', () => {
  const bytes = encode('GET /苏州 TIMEOUT');
  expect(new ByteSearch('timeout', false).find(bytes, 0, bytes.length)).toBe(12);
  expect(new ByteSearch('timeout', true).find(bytes, 0, bytes.length)).toBe(-1);
  expect(new ByteSearch('苏州', false).find(bytes, 0, bytes.length)).toBe(5);
  expect(new ByteSearch('', false).find(bytes, 0, bytes.length)).toBe(-1);
});

test('highlight keeps every line, only matches hides the rest, levels and streams filter', () => {
  const engine = engineWith('INFO one', 'ERROR two timeout', '    at three', 'WARN timeout', 'DEBUG four');
  engine.query({ ...openQuery, text: 'timeout' });
  expect(engine.state()).toMatchObject({ total: 5, matches: 2 });
  engine.query({ ...openQuery, text: 'timeout', onlyMatches: true });
  expect(texts(engine)).toEqual(['ERROR two timeout', 'WARN timeout']);
  engine.push(encode('INFO a new timeout\n'));
  expect(engine.state()).toMatchObject({ total: 3, matches: 3 });
  engine.query({ ...openQuery, levels: 1 << 4 });
  expect(texts(engine)).toEqual(['ERROR two timeout', '    at three']);
  engine.query({ ...openQuery, stdout: false });
  expect(texts(engine)).toEqual([]);
});

test('a match across colour codes is found, the codes themselves are not', () => {
  const engine = engineWith('\u001b[31mtime\u001b[0mout', 'plain 31m');
  engine.query({ ...openQuery, text: 'timeout', onlyMatches: true });
  expect(engine.state().total).toBe(1);
  engine.query({ ...openQuery, text: '31m', onlyMatches: true });
  expect(texts(engine)).toEqual(['plain 31m']);
  engine.query({ ...openQuery, text: '^t.*out$', regex: true, onlyMatches: true });
  expect(engine.state().total).toBe(1);
  engine.query({ ...openQuery, text: '(', regex: true, onlyMatches: true });
  expect(engine.state().total).toBe(0);
});

test('the oldest chunk goes at the cap, line numbers stay', () => {
  const buffer = new LogBuffer({ capBytes: 100, chunkBytes: 40 });
  for (let i = 0; i < 30; i++) buffer.push(streamStdout, encode(`line ${i} 123\n`));
  expect(buffer.bytes).toBeLessThanOrEqual(100);
  expect(buffer.nextLine).toBe(30);
  expect(buffer.firstLine).toBeGreaterThan(15);
  expect(buffer.locate(0)).toBeUndefined();
  const last = buffer.locate(29)!;
  expect(new TextDecoder().decode(last.chunk.bytes.subarray(last.chunk.starts[last.index]!))).toContain('29');
  expect(buffer.levelCounts.reduce((sum, n) => sum + n)).toBe(buffer.lines);
});

test('a histogram counts lines and errors by time', () => {
  const engine = engineWith(
    '2026-11-21T04:00:00Z INFO a',
    '2026-11-21T04:00:01Z ERROR b',
    '2026-11-21T04:00:10Z INFO c',
  );
  expect(engine.histogram(2)).toMatchObject({ counts: [2, 1], errors: [1, 0] });
});

test('colours become runs, a rewritten line shows its last version', () => {
  expect(styledRuns('10%\r20%\r')).toEqual([{ text: '20%' }]);
  expect(styledRuns('\u001b[1;32mok\u001b[0m done')).toEqual([
    { text: 'ok', foreground: 'ansi-green', bold: true },
    { text: ' done' },
  ]);
});

test('saving leaves out escape sequences', async () => {
  const engine = engineWith('2026-11-21T04:00:00Z \u001b[31mred\u001b[0m');
  expect(await engine.export(true).text()).toBe('2026-11-21T04:00:00.000Z red\n');
  expect(await engine.export(false).text()).toBe('red\n');
});
