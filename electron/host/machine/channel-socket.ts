import { Duplex } from 'node:stream';

/** What is used of an SSH channel; ssh.ts is the only file that knows the library. */
export interface Channel extends Duplex {
  close(): void;
}

/**
 * An SSH channel that behaves like a socket. The library's own stream never emits 'close' while data lie unread, never
 * calls back a write on a channel that has gone, and loses buffered bytes when it is destroyed; here each direction
 * ends by itself, 'close' always comes, and a lost connection is an error instead of a clean end.
 */
export class ChannelSocket extends Duplex {
  readonly #channel: Channel;
  readonly #isAlive: () => boolean;
  /** Milliseconds without traffic until 'timeout', as HTTP's agents set and read it. */
  timeout = 0;
  #idle: NodeJS.Timeout | undefined;
  #hasClosed = false;
  #pending: (() => void) | undefined;

  constructor(channel: Channel, isAlive: () => boolean) {
    super({ allowHalfOpen: true, autoDestroy: true });
    this.#channel = channel;
    this.#isAlive = isAlive;
    channel.on('data', (chunk: Buffer) => {
      this.#idle?.refresh();
      if (!this.push(chunk)) channel.pause();
    });
    channel.once('end', () => this.#endReading());
    channel.on('error', (error: Error) => this.destroy(error));
    channel.once('close', () => this.#closed());
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    // The other side has gone and takes nothing more; what it sent can still be read.
    if (this.#hasClosed) {
      done();
      return;
    }
    this.#idle?.refresh();
    this.#pending = done;
    this.#channel.write(chunk, () => this.#release(done));
  }

  override _final(done: () => void): void {
    if (this.#hasClosed) {
      done();
      return;
    }
    this.#pending = done;
    this.#channel.once('finish', () => this.#release(done));
    this.#channel.end();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#idle);
    if (!this.#hasClosed) {
      // Unread data would keep the channel from ever closing.
      this.#channel.removeAllListeners('data');
      this.#channel.resume();
      this.#channel.close();
    }
    done(error);
  }

  /** As a socket's: agents close connections that the engine is about to close by it. */
  setTimeout(timeoutMs: number, listener?: () => void): this {
    clearTimeout(this.#idle);
    this.timeout = timeoutMs;
    if (timeoutMs > 0) this.#idle = setTimeout(() => this.emit('timeout'), timeoutMs).unref();
    if (listener) this.once('timeout', listener);
    return this;
  }

  /** HTTP's agents call these on every connection; a channel has no handle of its own. */
  setKeepAlive(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  #release(done: () => void): void {
    if (this.#pending !== done) return;
    this.#pending = undefined;
    done();
  }

  #closed(): void {
    this.#hasClosed = true;
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.();
    if (!this.#isAlive()) {
      this.destroy(new Error('the connection to the machine was lost'));
      return;
    }
    if (this.readableEnded) {
      this.destroy();
      return;
    }
    this.once('end', () => this.destroy());
    this.#endReading();
  }

  /** As a socket does: the end is told at once where nothing lies unread, even to nobody who reads. */
  #endReading(): void {
    this.push(null);
    this.read(0);
  }
}
