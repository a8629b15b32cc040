import { connect as connectSocket, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import ssh2, { type Algorithms, type ClientChannel, type Client as SshClient } from 'ssh2';
import type { Problem } from '../api/machine.ts';
import { type Channel, ChannelSocket } from './channel-socket.ts';
import { MachineProblem } from './driver.ts';
import type { ExecResult, Link } from './link.ts';

/** The only file that imports ssh2, which is CommonJS and offers Node only its default export. */
const { Client, utils } = ssh2;

export interface SshAddress {
  host: string;
  port: number;
  user: string;
  /** In OpenSSH's form. */
  clientKey: string;
  /** The machine's public key as in authorized_keys; any other is refused. */
  hostKeyPublic: string;
}

/** How often a silent connection is asked for a sign of life; two without one and it is lost. */
const keepaliveMs = 5000;
const keepaliveMisses = 2;
/** Key exchange and authentication; under emulation they take a second. */
const readyTimeoutMs = 20_000;

const algorithms: Algorithms = {
  // By measured throughput in this library; all are sound.
  cipher: ['aes256-gcm@openssh.com', 'aes128-gcm@openssh.com', 'chacha20-poly1305@openssh.com', 'aes256-ctr'],
  serverHostKey: ['ssh-ed25519'],
};

/** A new ed25519 pair in OpenSSH's forms. */
export function makeKeyPair(comment: string): { private: string; public: string } {
  const pair = utils.generateKeyPairSync('ed25519', { comment });
  return { private: pair.private, public: pair.public };
}

/** Opens the connection. Rejects with `ssh-refused`, or with the signal's reason. */
export async function connectSsh(address: SshAddress, { signal }: { signal: AbortSignal }): Promise<Link> {
  signal.throwIfAborted();
  const client = new Client();
  // noDelay: with Nagle's algorithm a small request waits 40 ms for the answer to the one before.
  const socket = connectSocket({ host: address.host, port: address.port, noDelay: true });
  socket.on('error', () => undefined);
  const abort = () => socket.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await ready(client, socket, address);
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    const detail = error instanceof Error ? error.message : String(error);
    throw new MachineProblem({ code: 'ssh-refused', params: { port: address.port }, detail });
  } finally {
    signal.removeEventListener('abort', abort);
  }
  const link = new SshLink(client, socket);
  // A first session makes sshd set TCP_NODELAY on its side too (OpenSSH does so for sessions only).
  await link.exec('true', { signal });
  return link;
}

function ready(client: SshClient, socket: Socket, address: SshAddress): Promise<void> {
  const pinned = publicBlob(address.hostKeyPublic);
  let presented = '';
  return new Promise((resolve, reject) => {
    client.once('ready', resolve);
    client.on('error', (error) =>
      reject(presented ? new Error(`another host key than expected: ${presented}`) : error),
    );
    client.once('close', () => reject(new Error('the connection was closed during its setup')));
    client.connect({
      sock: socket,
      username: address.user,
      privateKey: address.clientKey,
      algorithms,
      readyTimeout: readyTimeoutMs,
      hostVerifier: (key: Buffer) => {
        const matches = key.equals(pinned);
        if (!matches) presented = key.toString('base64');
        return matches;
      },
      keepaliveInterval: keepaliveMs,
      // The library does not count data as life; SshLink does, and decides.
      keepaliveCountMax: Number.MAX_SAFE_INTEGER,
    });
  });
}

/** The wire form of a public key line. */
function publicBlob(line: string): Buffer {
  return Buffer.from(line.trim().split(/\s+/)[1] ?? '', 'base64');
}

class SshLink implements Link {
  readonly closed: Promise<Problem | undefined>;
  readonly #client: SshClient;
  readonly #streams = new Set<ChannelSocket>();
  readonly #watch: NodeJS.Timeout;
  #alive = true;
  #isClosing = false;
  #detail = '';

  constructor(client: SshClient, socket: Socket) {
    const { promise, resolve } = Promise.withResolvers<Problem | undefined>();
    this.closed = promise;
    this.#client = client;
    this.#watch = this.#watchLife(socket);
    client.on('error', (error) => {
      this.#detail = error.message;
    });
    const gone = () => {
      if (!this.#alive) return;
      this.#alive = false;
      clearInterval(this.#watch);
      for (const stream of this.#streams) stream.destroy(new Error('the connection to the machine was lost'));
      const detail = this.#detail === '' ? {} : { detail: this.#detail };
      resolve(this.#isClosing ? undefined : { code: 'ssh-lost', params: {}, ...detail });
    };
    // The socket's end is told before the library ends its channels as if they had ended cleanly.
    socket.prependListener('close', gone);
    client.once('close', gone);
  }

  get alive(): boolean {
    return this.#alive;
  }

  openSocket(path: string): Promise<ChannelSocket> {
    return this.#open((done) => this.#client.openssh_forwardOutStreamLocal(path, done));
  }

  openTcp(address: string, port: number): Promise<ChannelSocket> {
    return this.#open((done) => this.#client.forwardOut('127.0.0.1', 0, address, port, done));
  }

  async exec(
    command: string,
    { input, signal }: { input?: Readable | Uint8Array; signal?: AbortSignal } = {},
  ): Promise<ExecResult> {
    signal?.throwIfAborted();
    const { channel, finished } = await this.#begin(command, input);
    if (!signal) return await finished;
    const aborted = Promise.withResolvers<never>();
    // sshd may hold the channel until the command ends; the caller need not wait for that.
    const abort = () => {
      channel.close();
      aborted.reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      return await Promise.race([finished, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
      finished.catch(() => undefined);
    }
  }

  close(): void {
    this.#isClosing = true;
    this.#client.end();
    // A peer that does not answer the goodbye must not hold the socket.
    this.#client.destroy();
  }

  /** Listens before it returns: a short command's opening, exit code and end may come in one piece. */
  #begin(
    command: string,
    input: Readable | Uint8Array | undefined,
  ): Promise<{ channel: ClientChannel; finished: Promise<ExecResult> }> {
    return new Promise((resolve, reject) => {
      this.#client.exec(command, (error, channel) => {
        if (error) reject(error);
        else resolve({ channel, finished: this.#finished(channel, input) });
      });
    });
  }

  #finished(channel: ClientChannel, input: Readable | Uint8Array | undefined): Promise<ExecResult> {
    return new Promise((resolve, reject) => {
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      let code: number | undefined;
      channel.on('data', (chunk: Buffer) => stdout.push(chunk));
      channel.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
      channel.on('exit', (status: number | null) => {
        code = status ?? 255;
      });
      channel.on('error', reject);
      channel.on('close', () => {
        if (code === undefined) reject(new Error('the connection to the machine was lost'));
        else resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) });
      });
      if (input instanceof Readable) {
        input.on('error', () => channel.close());
        input.pipe(channel);
      } else {
        channel.end(input);
      }
    });
  }

  #open(
    start: (done: (error: Error | undefined, channel: ClientChannel) => void) => void,
  ): Promise<ChannelSocket> {
    return new Promise((resolve, reject) => {
      // On a connection that has gone this throws instead of calling back; a promise turns that into a rejection.
      start((error, channel) => {
        if (error) {
          reject(error);
          return;
        }
        const stream = new ChannelSocket(channel as unknown as Channel, () => this.#alive);
        this.#streams.add(stream);
        // A lost connection fails streams that nobody listens to at this moment, such as idle ones of an agent.
        stream.on('error', () => undefined);
        stream.once('close', () => this.#streams.delete(stream));
        resolve(stream);
      });
    });
  }

  /** Cuts a connection from which nothing has come, neither data nor answers to keep-alives. */
  #watchLife(socket: Socket): NodeJS.Timeout {
    let seen = socket.bytesRead;
    let misses = 0;
    const timer = setInterval(() => {
      misses = socket.bytesRead === seen ? misses + 1 : 0;
      seen = socket.bytesRead;
      if (misses <= keepaliveMisses) return;
      this.#detail = `no sign of life for ${(misses * keepaliveMs) / 1000} s`;
      socket.destroy();
    }, keepaliveMs);
    timer.unref();
    return timer;
  }
}
