import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { Contestant } from './contestant.ts';
import { interleaved, timed } from './rounds.ts';
import type { Row } from './samples.ts';

const lines = 1_000_000;
const rounds = 3;
const image = 'bench-lines:latest';

/** 100 MB in lines of 100 bytes: written by a container, read as logs, attached. */
export async function* streamRows(contestants: Contestant[], data: string): AsyncGenerator<Row> {
  const archive = linesArchive(data);
  for (const { client } of contestants) {
    const path = '/images/create?fromSrc=-&repo=bench-lines&tag=latest';
    const answer = await client.open({ method: 'POST', path, body: archive });
    for await (const _ of answer.body);
  }
  const written = (driver: string) =>
    interleaved(contestants, (contestant) => writeLog(contestant, driver), rounds);
  yield {
    figure: 'a container writes 100 MB in 100-byte lines: default driver',
    unit: 'ms',
    target: '≤ 0.1×',
    results: await written(''),
  };
  yield {
    figure: 'the same with --log-driver json-file',
    unit: 'ms',
    target: '≤ 0.2×',
    results: await written('json-file'),
  };
  const logged = new Map<Contestant, string>();
  for (const contestant of contestants) logged.set(contestant, await printer(contestant, '', true));
  yield {
    figure: 'logs of 100 MB through the API',
    unit: 'ms',
    target: '≤ 0.1×',
    results: await interleaved(
      contestants,
      (contestant) =>
        timed(() => drain(contestant.socket, `/containers/${logged.get(contestant)}/logs?stdout=1`)),
      rounds,
    ),
  };
  yield {
    figure: 'attach to a container that prints 100 MB',
    unit: 'ms',
    target: '≤ 0.5×',
    results: await interleaved(contestants, attached, rounds),
  };
  for (const [{ client }, id] of logged) await client.containers.remove(id);
}

/** A tar with busybox and the lines, ready to be imported. */
function linesArchive(data: string): Buffer {
  const tree = mkdtempSync(join(data, 'lines-'));
  mkdirSync(join(tree, 'bin'));
  copyFileSync('/bin/busybox', join(tree, 'bin/busybox'));
  writeFileSync(join(tree, 'lines'), `${'x'.repeat(99)}\n`.repeat(lines));
  const packed = spawnSync('tar', ['-C', tree, '-cf', '-', 'bin', 'lines'], { maxBuffer: 1 << 30 });
  rmSync(tree, { recursive: true });
  if (packed.status !== 0) throw new Error(`tar: ${packed.stderr}`);
  return packed.stdout;
}

async function printer({ client }: Contestant, driver: string, run: boolean): Promise<string> {
  const { Id: id } = await client.containers.create({
    Image: image,
    Cmd: ['/bin/busybox', 'cat', '/lines'],
    HostConfig: { NetworkMode: 'none', ...(driver === '' ? {} : { LogConfig: { Type: driver } }) },
  });
  if (run) {
    await client.containers.start(id);
    await client.containers.wait(id);
  }
  return id;
}

async function writeLog(contestant: Contestant, driver: string): Promise<number> {
  const { client } = contestant;
  const id = await printer(contestant, driver, false);
  const time = await timed(async () => {
    await client.containers.start(id);
    await client.containers.wait(id);
  });
  await client.containers.remove(id);
  return time;
}

async function attached(contestant: Contestant): Promise<number> {
  const { client, socket } = contestant;
  const id = await printer(contestant, 'none', false);
  const time = await timed(async () => {
    const output = drain(socket, `/containers/${id}/attach?stream=1&stdout=1`, 'POST', () =>
      client.containers.start(id),
    );
    await output;
  });
  await client.containers.remove(id, { force: true });
  return time;
}

/** Reads an answer to its end and throws its bytes away; `ready` is called once the headers are there. */
function drain(
  socketPath: string,
  path: string,
  method = 'GET',
  ready: () => Promise<unknown> = async () => {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, method, headers: { Host: 'engine' } }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${method} ${path}: ${response.statusCode}`));
      response.on('end', resolve).on('error', reject).resume();
      ready().catch(reject);
    });
    call.once('error', reject);
    call.end();
  });
}
