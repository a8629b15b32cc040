import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestRuntime } from './container.fixture.ts';
import { openLog } from './log-reader.ts';
import type { CreateOptions, RunningShim } from './runtime.ts';
import { openRuntime } from './shim-runtime.ts';

let host: TestRuntime;
beforeAll(async () => {
  host = await TestRuntime.open('streams');
});
afterAll(() => host[Symbol.asyncDispose]());

const shell = (line: string) => ({ Cmd: ['sh', '-c', line] });
const jsonFile = (more: Partial<CreateOptions['log']> = {}): CreateOptions['log'] => ({
  driver: 'json-file',
  maxBytes: 0,
  maxFiles: 1,
  ...more,
});
const none: CreateOptions['log'] = { driver: 'none', maxBytes: 0, maxFiles: 0 };

async function jsonLines(
  path: string,
): Promise<{ log: string; stream: string; time: string; attrs?: object }[]> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => JSON.parse(line));
}

/** Everything that a listener of a container without a log gets, until its end. */
async function listen(shim: RunningShim, taken: () => Promise<void> = async () => {}): Promise<string> {
  let text = '';
  shim.output!.listen(async ({ bytes }) => {
    text += Buffer.from(bytes).toString();
    await taken();
  });
  await shim.output!.ended;
  return text;
}

test('json-file: lines of JSON beside the log, with attributes, a half line at the end', async () => {
  const container = await host.create({
    config: shell('echo one; echo two >&2; printf "begin "; printf "end\\nhalf"'),
    log: jsonFile({ attributes: { tag: 'a tag', label: 'x' } }),
  });
  await container.shim.start();
  expect((await container.output()).stdout).toBe('one\nbegin end\nhalf');
  const lines = await jsonLines(container.files.jsonLog);
  expect(lines.filter(({ stream }) => stream === 'stdout').map(({ log }) => log)).toEqual([
    'one\n',
    'begin end\n',
    'half',
  ]);
  expect(lines.filter(({ stream }) => stream === 'stderr')).toMatchObject([
    { log: 'two\n', attrs: { tag: 'a tag', label: 'x' } },
  ]);
  for (const { time } of lines) expect(Number.isNaN(Date.parse(time))).toBe(false);
});

test('json-file: rotated by size, the newest lines kept', async () => {
  const container = await host.create({
    config: shell('seq 1 5000'),
    log: jsonFile({ maxBytes: 20_000, maxFiles: 3 }),
  });
  await container.shim.start();
  await container.shim.exited;
  const path = container.files.jsonLog;
  expect(existsSync(`${path}.3`)).toBe(false);
  const files = [`${path}.2`, `${path}.1`, path];
  const numbers = (await Promise.all(files.map(jsonLines))).flat().map(({ log }) => Number(log));
  expect(numbers.at(-1)).toBe(5000);
  expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index));
  expect(numbers.length).toBeGreaterThan(200);
});

test('no log: the first who listens gets what was printed before, and the end', async () => {
  const container = await host.create({
    config: { ...shell('echo early; read x; echo "late $x"'), OpenStdin: true },
    log: none,
  });
  await container.shim.start();
  // Another process, so that the first has printed.
  expect((await container.run(['true'])).exitCode).toBe(0);
  const listening = listen(container.shim);
  await container.shim.stdin!.write(Buffer.from('word\n'));
  const text = await listening;
  await container.shim.exited;
  expect(text).toBe('early\nlate word\n');
  expect(existsSync(`${container.files.log}/1.chunks`)).toBe(false);
});

test('no log: a slow listener holds the container back and gets every byte; an engine that goes frees it', async () => {
  const container = await host.create({ config: shell('seq 1 600000; echo done'), log: none });
  // Slower than the container prints, by a turn of the event loop for each chunk.
  const listening = listen(container.shim, () => new Promise((resolve) => setImmediate(resolve)));
  await container.shim.start();
  const text = await listening;
  expect(text.startsWith('1\n2\n3\n')).toBe(true);
  expect(text.endsWith('599999\n600000\ndone\n')).toBe(true);
  expect(text.length).toBe(4_088_900);
  const stuck = await host.create({ config: shell('seq 1 600000; exit 9'), log: none });
  stuck.shim.output!.listen(() => new Promise(() => {}));
  await stuck.shim.start();
  // The next engine's connection: nobody listens there, so nothing is held back.
  const again = await openRuntime({ instance: host.instance, files: host.files }).adopt({ id: stuck.id });
  expect(await again!.exited).toMatchObject({ exitCode: 9 });
});

test('a client in the foreground that is far behind holds the container back; others read on', async () => {
  const bytes = 200_000_000;
  const container = await host.create({
    config: shell(`dd if=/dev/zero bs=1000000 count=200 2>/dev/null; exit 3`),
    log: { driver: 'local', maxBytes: 10_000_000, maxFiles: 2 },
  });
  const { shim } = container;
  let holds = 0;
  const follow = {
    onLog: shim.onLog.bind(shim),
    ended: shim.exited,
    hold: () => {
      holds++;
      const release = shim.hold();
      return () => release();
    },
  };
  const reading = openLog(container.files.log).read({ from: 'start', follow });
  const first = reading.next();
  await shim.start();
  let read = (await first).value!.bytes.length;
  // Not read on until the writer has been made to wait.
  while (holds === 0) await new Promise((resolve) => setImmediate(resolve));
  for await (const chunk of reading) read += chunk.bytes.length;
  expect(read).toBe(bytes);
  expect(await shim.exited).toMatchObject({ exitCode: 3 });
});

test('an exec with a log of its own: read by many, found again by the next engine', async () => {
  const container = await host.create({ config: { Cmd: ['sleep', '1000'] } });
  await container.shim.start();
  const exec = await container.shim.exec({
    execId: 'terminal',
    process: container.process(['sh', '-c', 'echo hello; read x; echo "got $x"; exit 5'], { Tty: true }),
    stdin: true,
    terminal: true,
    log: { maxBytes: 100_000, maxFiles: 2 },
  });
  const directory = container.files.execLog('terminal');
  const read = async (source: typeof exec, enough = (_text: string) => false) => {
    const follow = { onLog: source.log!.onLog.bind(source.log), ended: source.exited };
    let text = '';
    for await (const chunk of openLog(directory).read({ from: 'start', follow })) {
      text += Buffer.from(chunk.bytes);
      if (enough(text)) break;
    }
    return text;
  };
  const greeted = (text: string) => text === 'hello\r\n';
  expect(await Promise.all([read(exec, greeted), read(exec, greeted)])).toEqual(['hello\r\n', 'hello\r\n']);
  const again = await openRuntime({ instance: host.instance, files: host.files }).adopt({ id: container.id });
  const found = again!.execs.get('terminal')!;
  expect(found.pid).toBe(exec.pid);
  await found.resize({ rows: 10, columns: 20 });
  const reading = read(found);
  await found.stdin!.write(Buffer.from('again\n'));
  expect(await found.exited).toEqual({ exitCode: 5 });
  expect(await reading).toBe('hello\r\nagain\r\ngot again\r\n');
});

test('an exec that ended while no engine was there is told to the next', async () => {
  const container = await host.create({ config: { Cmd: ['sleep', '1000'] } });
  await container.shim.start();
  await container.shim.exec({
    execId: 'alone',
    process: container.process(['sh', '-c', 'read x; echo over; exit 6'], { Tty: true }),
    stdin: true,
    terminal: true,
    log: { maxBytes: 100_000, maxFiles: 2 },
  });
  const again = await openRuntime({ instance: host.instance, files: host.files }).adopt({ id: container.id });
  await again!.execs.get('alone')!.stdin!.write(Buffer.from('x\n'));
  expect(await again!.execs.get('alone')!.exited).toEqual({ exitCode: 6 });
});

test('with an init orphans are reaped, signals are passed on, and the exit code is the command’s', async () => {
  const container = await host.create({
    config: shell('(sleep 0.01 & exec true); trap "echo term; exit 8" TERM; echo ready; sleep 1000 & wait'),
    hostConfig: { Init: true },
  });
  await container.shim.start();
  const output = container.output();
  const names = async () => (await container.run(['ps', '-o', 'pid,args'])).stdout;
  expect(await names()).toMatch(/^\s*1 \/sbin\/docker-init -- sh -c/m);
  let listed = await names();
  while (/^\s*\d+ (sleep 0.01|\[sleep\])/m.test(listed)) listed = await names();
  await container.shim.signal(15);
  expect(await container.shim.exited).toMatchObject({ exitCode: 8 });
  expect((await output).stdout).toContain('ready\nterm\n');
  const missing = await host.create({ config: { Cmd: ['/nope'] }, hostConfig: { Init: true } });
  await missing.shim.start();
  expect(await missing.shim.exited).toMatchObject({ exitCode: 127 });
});
