import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** An event of QEMU, such as SHUTDOWN {guest, reason}. */
export interface QmpEvent {
  event: string;
  data?: Record<string, unknown>;
}

interface Message extends Partial<QmpEvent> {
  id?: number;
  QMP?: unknown;
  return?: unknown;
  error?: { class: string; desc: string };
}

/** QEMU's control connection (JSON lines). QEMU serves one client at a time; the next one waits until this is closed. */
export class Qmp {
  /** Settles when the connection ends, which it does with QEMU itself. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #listeners = new Set<(event: QmpEvent) => void>();
  #lastId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    const lines = createInterface(socket);
    lines.on('line', (line) => this.#take(line));
    // A killed QEMU breaks the connection, and the lines tell the socket's error once more; 'close' follows and says it.
    lines.on('error', () => undefined);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const answer of this.#waiting.values())
        answer({ error: { class: 'Closed', desc: 'QEMU has gone' } });
      this.#waiting.clear();
      resolve();
    });
  }

  /** Connects and leaves the negotiation mode. Rejects with the signal's reason or the socket's error. */
  static async connect(path: string, signal: AbortSignal): Promise<Qmp> {
    const socket = connect(path);
    const abort = () => socket.destroy();
    signal.addEventListener('abort', abort);
    try {
      await once(socket, 'connect', { signal });
      const qmp = new Qmp(socket);
      await qmp.execute('qmp_capabilities');
      signal.throwIfAborted();
      return qmp;
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Runs a command; rejects with QEMU's words. */
  execute<T = unknown>(command: string, args?: Record<string, unknown>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new Error('QEMU has gone'));
        return;
      }
      const id = ++this.#lastId;
      this.#waiting.set(id, ({ error, return: value }) => {
        if (error) reject(new Error(`${command}: ${error.desc}`));
        else resolve(value as T);
      });
      this.#socket.write(
        `${JSON.stringify({ execute: command, id, ...(args ? { arguments: args } : {}) })}\n`,
      );
    });
  }

  /** A command of the monitor for people; its answer, errors too, is text. */
  human(line: string): Promise<string> {
    return this.execute<string>('human-monitor-command', { 'command-line': line });
  }

  onEvent(listener: (event: QmpEvent) => void): void {
    this.#listeners.add(listener);
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(line: string): void {
    let message: Message;
    try {
      message = JSON.parse(line) as Message;
    } catch {
      // The last line of a QEMU that was killed in the middle of it.
      this.#socket.destroy();
      return;
    }
    this.#receive(message);
  }

  #receive(message: Message): void {
    if (message.event !== undefined) {
      for (const listener of this.#listeners) listener(message as QmpEvent);
    } else if (message.id !== undefined) {
      const answer = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      answer?.(message);
    }
  }
}
