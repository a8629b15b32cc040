import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { NodeArch } from './debian.ts';

/** A guest made only of what docs/machine.md says, for proving the image without the host's driver. */

export interface GuestOptions {
  arch: NodeArch;
  /** Where build.ts put the image. */
  image: string;
  /** For keys, sockets and the data disk. */
  directory: string;
  /** Names of the data disk's file below the directory; no data disk where it is undefined. */
  dataDisk?: string;
  withoutKeys?: boolean;
  withoutSystem?: boolean;
}

/** How long anything asked of an emulated guest may take on a busy computer. */
const patienceMs = 120_000;

/** Makes the client's and the machine's keys in a directory. */
export function makeKeys(directory: string): void {
  for (const name of ['client', 'host']) {
    const file = join(directory, name);
    const made = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
    if (made.status !== 0) throw new Error(`ssh-keygen failed: ${made.stderr}`);
  }
}

export class Guest implements AsyncDisposable {
  /** All lines that the guest has said on its serial line. */
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  readonly #port: number;
  readonly #directory: string;
  readonly #waiting = new Set<() => void>();
  readonly exited: Promise<void>;

  private constructor(process: ChildProcess, port: number, directory: string) {
    this.#process = process;
    this.#port = port;
    this.#directory = directory;
    this.exited = once(process, 'exit').then(() => this.#wake());
    createInterface({ input: process.stdout as NonNullable<typeof process.stdout> }).on('line', (line) => {
      this.lines.push(line.trimEnd());
      this.#wake();
    });
  }

  static async start(options: GuestOptions): Promise<Guest> {
    const port = await freePort();
    const program = options.arch === 'x64' ? 'qemu-system-x86_64' : 'qemu-system-aarch64';
    const child = spawn(program, guestArguments(options, port), { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child, 'spawn');
    writeFileSync(
      join(options.directory, 'known'),
      `[127.0.0.1]:${port} ${readFileSync(join(options.directory, 'host.pub'), 'utf8')}`,
    );
    return new Guest(child, port, options.directory);
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Waits for a line of the serial line that matches; throws with all lines when the guest ends before. */
  async said(pattern: RegExp): Promise<string> {
    const limit = AbortSignal.timeout(patienceMs);
    for (;;) {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (limit.aborted || this.#process.exitCode !== null || this.#process.signalCode !== null)
        throw new Error(`the guest never said ${pattern}:\n${this.lines.join('\n')}`);
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
        limit.addEventListener('abort', wake, { once: true });
      });
    }
  }

  /** Runs a command in the guest once sshd listens. */
  async ssh(command: string, input = ''): Promise<string> {
    await this.said(/^@stage ssh /);
    const options = [
      'BatchMode=yes',
      'StrictHostKeyChecking=yes',
      `UserKnownHostsFile="${join(this.#directory, 'known')}"`,
      `ConnectTimeout=${patienceMs / 1000}`,
    ].flatMap((option) => ['-o', option]);
    const child = spawn(
      'ssh',
      [
        '-F',
        'none',
        '-i',
        join(this.#directory, 'client'),
        ...options,
        '-p',
        String(this.#port),
        'root@127.0.0.1',
        command,
      ],
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    let output = '';
    let errors = '';
    child.stdout.on('data', (bytes) => {
      output += bytes;
    });
    child.stderr.on('data', (bytes) => {
      errors += bytes;
    });
    child.stdin.end(input);
    const [status] = await once(child, 'close');
    if (status !== 0) throw new Error(`ssh ${command} ended with ${status}: ${errors}`);
    return output;
  }

  async qmp(command: string): Promise<void> {
    const socket = createConnection(join(this.#directory, 'qmp'));
    await once(socket, 'connect');
    for (const execute of ['qmp_capabilities', command]) socket.write(`${JSON.stringify({ execute })}\n`);
    const answers = createInterface({ input: socket });
    let returned = 0;
    for await (const line of answers) if (/"return"/.test(line) && ++returned === 2) break;
    socket.destroy();
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.exited;
  }
}

function guestArguments(options: GuestOptions, port: number): string[] {
  const { arch, image, directory, dataDisk, withoutKeys, withoutSystem } = options;
  const { commandLine } = JSON.parse(readFileSync(join(image, 'manifest.json'), 'utf8')) as {
    commandLine: string;
  };
  const disk = (name: string, file: string, rest: string) => [
    ...['-drive', `if=none,id=${name},file=${file},${rest}`],
    ...['-device', `virtio-blk-pci,drive=${name},serial=berth-${name}`],
  ];
  const machine =
    arch === 'x64' ? ['-machine', 'q35', '-cpu', 'max,-cx16'] : ['-machine', 'virt', '-cpu', 'cortex-a72'];
  const item = (name: string, file: string) => [
    '-fw_cfg',
    `name=opt/berth/${name},file=${join(directory, file)}`,
  ];
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-accel', 'tcg,tb-size=128'],
    ...[...machine, '-smp', '2', '-m', '1G', '-serial', 'stdio'],
    ...['-qmp', `unix:${join(directory, 'qmp')},server=on,wait=off`],
    ...[
      '-kernel',
      join(image, 'vmlinuz'),
      '-initrd',
      join(image, 'initramfs.cpio.zst'),
      '-append',
      commandLine,
    ],
    ...(withoutSystem ? [] : disk('system', join(image, 'system.erofs'), 'format=raw,readonly=on')),
    ...(dataDisk === undefined
      ? []
      : disk('data', join(directory, dataDisk), 'format=qcow2,cache=writeback')),
    ...['-netdev', `user,id=net,hostfwd=tcp:127.0.0.1:${port}-:22`],
    ...['-device', 'virtio-net-pci,netdev=net,romfile=', '-device', 'virtio-rng-pci'],
    ...(withoutKeys
      ? []
      : [...item('authorized_keys', 'client.pub'), ...item('ssh_host_ed25519_key', 'host')]),
  ];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
