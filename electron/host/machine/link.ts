import type { Duplex, Readable } from 'node:stream';
import type { Problem } from '../api/machine.ts';

/** What a command in the machine answered. */
export interface ExecResult {
  /** Exit code; 255 when a signal ended it. */
  code: number;
  stdout: Buffer;
  stderr: Buffer;
}

/**
 * The one connection to a machine. Everything above the drivers reaches the machine by it: SSH for machines of their
 * own, the same by local calls for this host itself.
 *
 * The streams given out behave like sockets: half-closed ones are normal, `destroy` frees both directions, and an
 * error means that bytes may be missing.
 */
export interface Link {
  openSocket(path: string): Promise<Duplex>;
  openTcp(address: string, port: number): Promise<Duplex>;
  /** Runs a line of shell as the machine's administrator, with the input on its stdin. */
  exec(
    command: string,
    options?: { input?: Readable | Uint8Array; signal?: AbortSignal },
  ): Promise<ExecResult>;
  /** False from the moment the connection is known to be gone. */
  readonly alive: boolean;
  /** Settles once: undefined after `close`, else with what happened. */
  readonly closed: Promise<Problem | undefined>;
  close(): void;
}
