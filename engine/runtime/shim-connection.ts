import type { SeqpacketSocket } from '../native/addon/addon.d.ts';
import { addon } from '../native/addon/load.ts';
import {
  decodeMessage,
  encodeMessage,
  type Hello,
  type MessageType,
  messageType,
  type ShimFailure,
  type ShimMessage,
} from './shim-messages.ts';

/** What a shim answered with ERROR. */
export class ShimError extends Error {
  readonly failure: ShimFailure;
  constructor(failure: ShimFailure) {
    super(failure.message);
    this.name = 'ShimError';
    this.failure = failure;
  }
}

/** The connection broke before the answer came. */
export class ShimLostError extends Error {
  constructor() {
    super('the connection to the container’s shim is gone');
    this.name = 'ShimLostError';
  }
}

/** One client connection to a shim: numbered requests, notices, an outbox that waits for the socket. */
export class ShimConnection {
  /** Settles with HELLO; rejects with ShimLostError when the shim goes before. */
  readonly hello: Promise<Hello>;
  /** Settles when the connection is gone; never rejects. */
  readonly closed: Promise<void>;
  #socket: SeqpacketSocket;
  #nextId = 1;
  #waiting = new Map<number, { resolve: (answer: object) => void; reject: (error: Error) => void }>();
  #outbox: Buffer[] = [];
  #isClosed = false;
  #onNotice: (message: ShimMessage) => void = () => {};
  #early: ShimMessage[] = [];

  /** Throws the errno of connect(2): ENOENT or ECONNREFUSED when no shim listens. */
  constructor(path: string) {
    const hello = Promise.withResolvers<Hello>();
    const closed = Promise.withResolvers<void>();
    this.hello = hello.promise;
    this.closed = closed.promise;
    // A shim that is gone is told by `closed`; nobody has to wait for `hello` as well.
    this.hello.catch(() => {});
    this.#onNotice = (message) => this.#early.push(message);
    this.#socket = addon.seqpacketConnect({
      path,
      onMessage: (packet) => {
        const message = decodeMessage(packet);
        if (!message) this.#socket.close();
        else if (message.type === messageType.hello) hello.resolve(parseBody<Hello>(message));
        else this.#take(message);
      },
      onClose: () => {
        this.#isClosed = true;
        hello.reject(new ShimLostError());
        for (const waiting of this.#waiting.values()) waiting.reject(new ShimLostError());
        this.#waiting.clear();
        closed.resolve();
      },
    });
    this.#socket.onDrain = () => this.#flush();
  }

  /** Every message that answers no request, from the first one on. */
  onNotice(listener: (message: ShimMessage) => void): void {
    this.#onNotice = listener;
    for (const message of this.#early.splice(0)) listener(message);
  }

  /**
   * Sends a request and gives its answer. Rejects with ShimError or ShimLostError. `take` is called with the answer
   * before any message that came behind it: several may be handed over at once, before a promise's reaction runs.
   */
  request<T = object>(type: MessageType, body: object, take?: (answer: object) => T): Promise<T> {
    if (this.#isClosed) return Promise.reject(new ShimLostError());
    const id = this.#nextId++;
    const settled = Promise.withResolvers<T>();
    const resolve = (answer: object) => settled.resolve(take ? take(answer) : (answer as T));
    this.#waiting.set(id, { resolve, reject: settled.reject });
    this.send(type, id, Buffer.from(JSON.stringify(body)));
    return settled.promise;
  }

  /** Sends without an answer. What is sent to a shim that has gone is lost, as `closed` tells. */
  send(type: MessageType, id: number, body: Uint8Array): void {
    if (this.#isClosed) return;
    this.#outbox.push(encodeMessage(type, id, body));
    if (this.#outbox.length === 1) this.#flush();
  }

  close(): void {
    this.#socket.close();
  }

  #take(message: ShimMessage): void {
    const waiting = this.#waiting.get(message.id);
    const isAnswer = message.type === messageType.ok || message.type === messageType.error;
    if (!isAnswer) this.#onNotice(message);
    else if (waiting) {
      this.#waiting.delete(message.id);
      if (message.type === messageType.ok) waiting.resolve(parseBody<object>(message));
      else waiting.reject(new ShimError(parseBody<ShimFailure>(message)));
    }
  }

  #flush(): void {
    try {
      while (this.#outbox.length > 0 && this.#socket.send(this.#outbox[0]!)) this.#outbox.shift();
    } catch {
      // EPIPE: the shim is gone, which onClose tells.
      this.#outbox = [];
    }
  }
}

/** A JSON body; an empty one is `{}`. */
export function parseBody<T>(message: ShimMessage): T {
  return (message.body.length === 0 ? {} : JSON.parse(message.body.toString('utf8'))) as T;
}
