import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import type * as z from 'zod';
import type { Query } from './query.ts';

/** What a handler is given. */
export interface RequestContext<Names extends Record<string, string> = Record<string, string>> {
  method: string;
  /** Without the version prefix and the query. */
  path: string;
  /** The version that the client asked for, the newest where it named none. */
  version: ApiVersion;
  params: Names;
  query: Query;
  headers: IncomingMessage['headers'];
  /** The body as a stream, to be asked for once; empty for upgraded requests (use `json`, then `hijack`). */
  readonly body: Readable;
  /**
   * Reads the body as JSON and parses it. Docker's rules: an absent body is `{}` where the schema takes it; throws
   * bad-json or bad-parameter.
   */
  json<Schema extends z.ZodType>(schema: Schema): Promise<z.infer<Schema>>;
  /** Aborted when the client has gone before the answer was complete. */
  signal: AbortSignal;
  reply: Reply;
  /**
   * Takes over the connection: writes the 101 (or, without an Upgrade header, the bare 200) and gives the socket with
   * what the client had already sent. The client's half-close arrives as 'end'; writing goes on being possible.
   */
  hijack(contentType: string): Duplex;
}

export interface Reply {
  /** Headers of the answer to come. */
  header(name: string, value: string): void;
  json(value: unknown, status?: number): void;
  text(text: string, status?: number): void;
  empty(status?: number): void;
  /** Starts a streamed answer: headers are on the wire when this returns. The caller ends the stream. */
  stream(options: { contentType: string; status?: number }): Writable;
  /** For what the calls above do not cover. */
  raw: ServerResponse;
}

/** A version of the API, as in 1.51. */
export interface ApiVersion {
  text: string;
  /** True when the client speaks this version or a newer one. */
  atLeast(version: string): boolean;
}

/** True when nothing of an answer has been sent yet, so that an error can still have a status. */
export function canAnswer(response: ServerResponse): boolean {
  return !response.headersSent && !response.destroyed;
}
