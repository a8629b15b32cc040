import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { SeqpacketSocket } from '../native/addon/addon.d.ts';
import { addon } from '../native/addon/load.ts';
import type { TestRuntime } from './container.fixture.ts';

/**
 * Replays a golden transcript (engine/runtime/fixtures/*.transcript, which tells its own form) against a shim. It has
 * an encoder of its own: what an engine of that release sent is not what today's code would send.
 */

interface Packet {
  type: number;
  id: number;
  body: Buffer;
}

interface Step {
  line: number;
  verb: string;
  rest: string;
}

const outputType = 37;
/** A shim answers within milliseconds; this long only on a host that has no time for it. */
const patienceMs = 20_000;

/** The containers of a transcript, a replay each. */
export function readTranscript(path: string): { name: string; steps: Step[] }[] {
  const containers: { name: string; steps: Step[] }[] = [];
  for (const [index, text] of readFileSync(path, 'utf8').split('\n').entries()) {
    const [, verb = '', rest = ''] = /^(\S+) ?(.*)$/.exec(text) ?? [];
    if (verb === '' || verb === '#') continue;
    if (verb === 'container') containers.push({ name: /^\S+/.exec(rest)![0], steps: [] });
    containers.at(-1)!.steps.push({ line: index + 1, verb, rest });
  }
  return containers;
}

export async function replay(host: TestRuntime, shimPath: string, steps: Step[]): Promise<void> {
  await using shim = new ReplayedShim(host, shimPath);
  for (const { line, verb, rest } of steps) {
    try {
      if (verb === 'container') await shim.start(rest);
      else if (verb === '>') shim.send(parsePacket(rest));
      else if (verb === '<') await shim.expectPacket(parsePacket(rest));
      else if (verb === 'reconnect') shim.connect();
      else if (verb === 'closed') await shim.closed;
      else if (verb === 'file') await shim.expectFile(rest);
      else if (verb === 'chunks') await shim.expectChunks(rest);
      else if (verb === 'output') shim.expectOutput(rest);
      else throw new Error(`no such verb: ${verb}`);
    } catch (error) {
      throw new Error(`line ${line}: ${verb} ${rest}: ${String(error)}`, { cause: error });
    }
  }
}

class ReplayedShim {
  #host: TestRuntime;
  #shimPath: string;
  #id = '';
  #socket: SeqpacketSocket | undefined;
  #received: Packet[] = [];
  #outputs: Packet[] = [];
  #wake: () => void = () => {};
  #closed = Promise.withResolvers<void>();

  constructor(host: TestRuntime, shimPath: string) {
    this.#host = host;
    this.#shimPath = shimPath;
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  get #files() {
    return this.#host.files.container(this.#id);
  }

  async start(rest: string): Promise<void> {
    const [, name, config] = /^(\S+) (.*)$/.exec(rest)!;
    this.#id = name!;
    const { dir, bundle, upper, work, log, run, mountPlan, shimLog, exit } = this.#files;
    for (const directory of [dir, bundle, upper, work, log, run]) await mkdir(directory, { recursive: true });
    await rm(exit, { force: true });
    await writeFile(this.#files.config, config!);
    await writeFile(mountPlan, JSON.stringify({ type: 'overlay', lower: [this.#host.lower], upper, work }));
    const [reader, writer] = addon.pipe();
    const nothing = openSync('/dev/null', 'r+');
    const errors = openSync(shimLog, 'a');
    const cgroup = `/${this.#host.instance}`;
    const words = {
      id: name!,
      bundle,
      dir,
      run,
      cgroup: `${cgroup}/c/${name}`,
      'monitor-cgroup': `${cgroup}/monitor`,
    };
    const args = Object.entries({ ...words, 'seccomp-cache': '/none' }).flatMap(([option, value]) => [
      `--${option}`,
      value,
    ]);
    const fds = [nothing, nothing, errors, writer];
    const child = await addon.spawn({ path: this.#shimPath, args: ['berth-shim', ...args], env: [], fds });
    await addon.waitPidfd(child.pidfd);
    for (const fd of [child.pidfd, writer]) addon.closeFd(fd);
    for (const fd of [nothing, errors]) closeSync(fd);
    // Blocks until the shim has said its line, which is now at the latest on its way.
    expect(readFileSync(reader, 'utf8')).toBe('ok\n');
    addon.closeFd(reader);
    this.connect();
  }

  connect(): void {
    const closed = Promise.withResolvers<void>();
    this.#closed = closed;
    this.#received = [];
    this.#socket = addon.seqpacketConnect({
      path: this.#files.shimSocket,
      onMessage: (bytes) => {
        const packet = decode(Buffer.from(bytes));
        (packet.type === outputType ? this.#outputs : []).push(packet);
        this.#received.push(packet);
        this.#wake();
      },
      onClose: () => {
        closed.resolve();
        if (this.#closed === closed) this.#socket = undefined;
      },
    });
  }

  send({ type, id, body }: Packet): void {
    const header = Buffer.alloc(16);
    for (const [offset, value] of [0x31534842, type, id, body.length].entries()) {
      header.writeUInt32LE(value, offset * 4);
    }
    this.#socket!.send(Buffer.concat([header, body]));
  }

  /** Takes the next packet of that type and id; later ones of other types may have come before it. */
  async expectPacket(wanted: Packet): Promise<void> {
    for (;;) {
      const index = this.#received.findIndex(
        ({ type, id, body }) => type === wanted.type && id === wanted.id && matches(body, wanted.body),
      );
      if (index >= 0) {
        this.#received.splice(index, 1);
        return;
      }
      const woken = Promise.withResolvers<string | undefined>();
      this.#wake = () => woken.resolve(undefined);
      void this.closed.then(() => woken.resolve('the connection closed'));
      const timer = setTimeout(() => woken.resolve('it did not come'), patienceMs);
      const problem = await woken.promise;
      clearTimeout(timer);
      if (problem) throw new Error(`${problem}; left: ${this.#received.map(describe).join('; ')}`);
    }
  }

  async expectFile(rest: string): Promise<void> {
    const [, name, wanted] = /^(\S+) (.*)$/.exec(rest)!;
    const text = await readFile(join(this.#files.dir, name!), 'utf8');
    expect(JSON.parse(text)).toEqual(asPattern(JSON.parse(wanted!)));
  }

  async expectChunks(rest: string): Promise<void> {
    const [name, ...hex] = rest.split(' ');
    const bytes = await readFile(join(this.#files.log, name!));
    const kept: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = bytes.readUInt32LE(at);
      kept.push(bytes.subarray(at, at + 8), bytes.subarray(at + 16, at + 20 + length));
      at += 20 + length;
    }
    expect(Buffer.concat(kept).toString('hex')).toBe(hex.join(''));
  }

  expectOutput(rest: string): void {
    const [, session, stream, text] = /^(\d+) (\d+) (.*)$/.exec(rest)!;
    const parts = this.#outputs.filter(
      ({ id, body }) => id === Number(session) && body[0] === Number(stream),
    );
    const joined = Buffer.concat(parts.map(({ body }) => body.subarray(1))).toString();
    expect(JSON.stringify(joined)).toBe(`"${text}"`);
  }

  /** Nothing of a replay that failed stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#socket) return;
    this.send({ type: 11, id: 1000, body: Buffer.from('{}') });
    await this.closed;
  }
}

function decode(bytes: Buffer): Packet {
  expect(bytes.readUInt32LE(0)).toBe(0x31534842);
  expect(bytes.readUInt32LE(12)).toBe(bytes.length - 16);
  return { type: bytes.readUInt16LE(4), id: bytes.readUInt32LE(8), body: bytes.subarray(16) };
}

function parsePacket(text: string): Packet {
  const [, type, id, hex, body] = /^(\d+) (\d+) (x )?(.*)$/.exec(text)!;
  return { type: Number(type), id: Number(id), body: Buffer.from(body!, hex ? 'hex' : 'utf8') };
}

function describe({ type, id, body }: Packet): string {
  return `${type} ${id} ${type === outputType ? body.toString('hex') : body.toString()}`;
}

function matches(body: Buffer, wanted: Buffer): boolean {
  if (wanted[0] !== 0x7b) return body.equals(wanted);
  try {
    expect(JSON.parse(body.toString())).toEqual(asPattern(JSON.parse(wanted.toString())));
    return true;
  } catch {
    return false;
  }
}

const wildcards: Record<string, unknown> = {
  '<number>': expect.any(Number),
  '<text>': expect.any(String),
  '<time>': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/),
};

/** Objects match those with more fields; a wildcard any value of its kind. */
function asPattern(value: unknown): unknown {
  if (typeof value === 'string') return wildcards[value] ?? value;
  if (Array.isArray(value)) return value.map(asPattern);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([key, field]) => [key, asPattern(field)]);
  return expect.objectContaining(Object.fromEntries(fields));
}
