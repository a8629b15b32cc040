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
  #hasClosed = false;
  #pending: (() => void) | undefined;

  constructor(channel: Channel, isAlive: () => boolean) {
    super({ allowHalfOpen: true, autoDestroy: true });
    this.#channel = channel;
    this.#isAlive = isAlive;
    channel.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) channel.pause();
    });
    channel.once('end', () => this.push(null));
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
    if (!this.#hasClosed) {
      // Unread data would keep the channel from ever closing.
      this.#channel.removeAllListeners('data');
      this.#channel.resume();
      this.#channel.close();
    }
    done(error);
  }

  /** HTTP's agents set these on every connection; a channel has neither timers nor a handle of its own. */
  setKeepAlive(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setTimeout(): this {
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
    this.push(null);
  }
}
