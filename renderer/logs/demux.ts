/** Which of the two output streams a byte came from; a terminal has only stdout. */
export const streamStdout = 1;
export const streamStderr = 2;
export type LogStream = typeof streamStdout | typeof streamStderr;

const headerBytes = 8;

/**
 * Splits Docker's multiplexed stream (`application/vnd.docker.multiplexed-stream`): frames of
 * {stream byte, three zero bytes, big-endian length} + payload, at any chunk boundary.
 * A payload that arrives in pieces is handed on in pieces.
 */
export class Demultiplexer {
  readonly #emit: (stream: LogStream, payload: Uint8Array) => void;
  readonly #header = new Uint8Array(headerBytes);
  #headerFilled = 0;
  #stream: LogStream = streamStdout;
  #left = 0;

  constructor(emit: (stream: LogStream, payload: Uint8Array) => void) {
    this.#emit = emit;
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#left > 0) {
        const end = Math.min(bytes.length, at + this.#left);
        this.#emit(this.#stream, bytes.subarray(at, end));
        this.#left -= end - at;
        at = end;
        continue;
      }
      while (this.#headerFilled < headerBytes && at < bytes.length)
        this.#header[this.#headerFilled++] = bytes[at++]!;
      if (this.#headerFilled < headerBytes) return;
      this.#headerFilled = 0;
      const h = this.#header;
      this.#stream = h[0] === 2 ? streamStderr : streamStdout;
      this.#left = ((h[4]! << 24) | (h[5]! << 16) | (h[6]! << 8) | h[7]!) >>> 0;
    }
  }
}
