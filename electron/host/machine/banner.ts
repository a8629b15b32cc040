import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Between two looks; each makes the machine's network answer once. */
const pollMs = 60;
/** QEMU takes the connection before the machine listens, so it is the first bytes that count; one try waits this long. */
const tryMs = 2000;

/** Waits until an SSH server says its banner on a port of the loopback. Rejects with the signal's reason. */
export async function sshBanner(port: number, signal: AbortSignal): Promise<void> {
  while (!(await saysBanner(port, signal))) await delay(pollMs, undefined, { signal });
}

function saysBanner(port: number, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    const settle = (found: boolean) => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve(found);
    };
    const abort = () => settle(false);
    signal.addEventListener('abort', abort, { once: true });
    socket.setTimeout(tryMs, () => settle(false));
    socket.once('data', (chunk: Buffer) => settle(chunk.toString('latin1').startsWith('SSH-')));
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
  });
}
