import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { Problem } from '../api/machine.ts';
import type { ExecResult, Link } from './link.ts';

/** The link to this host itself: sockets are opened and commands run where we are. */
export function localLink(): Link {
  const { promise: closed, resolve } = Promise.withResolvers<Problem | undefined>();
  let alive = true;
  return {
    openSocket: (path) => connected(connect({ path, allowHalfOpen: true })),
    openTcp: (address, port) =>
      connected(connect({ host: address, port, allowHalfOpen: true, noDelay: true })),
    exec: run,
    get alive() {
      return alive;
    },
    closed,
    close() {
      alive = false;
      resolve(undefined);
    },
  };
}

function connected(socket: Socket): Promise<Socket> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function run(
  command: string,
  { input, signal }: { input?: Readable | Uint8Array; signal?: AbortSignal } = {},
): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', command], { ...(signal ? { signal } : {}) });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // A command need not read its input.
    child.stdin.on('error', () => undefined);
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ code: code ?? 255, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }),
    );
    if (input instanceof Readable) input.pipe(child.stdin);
    else child.stdin.end(input);
  });
}
