import type { IncomingMessage } from 'node:http';
import { type Duplex, PassThrough, type Readable } from 'node:stream';
import * as z from 'zod';
import { BerthError } from '../errors.ts';

/** Docker's definitions are a few kilobytes; this bounds what a stranger can make the engine hold. */
const maxJsonBytes = 16 * 1024 * 1024;

/** Bytes of a body that are here before its reader wants them. */
const bodyWindowBytes = 256 * 1024;

/**
 * A body as a stream of its own. A reader that gives up early destroys what it reads, and with the request itself the
 * connection would go, before the client has heard why: the rest of the body is read and thrown away instead.
 */
export function bodyStream(request: IncomingMessage): Readable {
  const body = new PassThrough({ highWaterMark: bodyWindowBytes });
  request.pipe(body);
  request.once('close', () => {
    if (!request.complete) body.destroy(new BerthError('bad-request', 'unexpected EOF'));
  });
  body.once('close', () => {
    request.unpipe(body);
    request.resume();
  });
  return body;
}

/** Reads a whole body. */
export async function readBody(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxJsonBytes) throw new BerthError('bad-json', 'invalid JSON: request body too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Reads the body of an upgraded request, which Node does not parse: `head` holds what came with the headers, the rest
 * is on the socket. What follows the body is pushed back onto the socket.
 */
export async function readUpgradedBody(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<Buffer> {
  const length = Number(request.headers['content-length'] ?? 0);
  if (!(length <= maxJsonBytes)) throw new BerthError('bad-json', 'invalid JSON: request body too large');
  let have = head;
  while (have.length < length) {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) have = Buffer.concat([have, chunk]);
    else if (!(await readableAgain(socket))) {
      throw new BerthError('bad-json', 'invalid JSON: unexpected EOF');
    }
  }
  if (have.length > length) socket.unshift(have.subarray(length));
  return have.subarray(0, length);
}

function readableAgain(socket: Duplex): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (more: boolean) => () => {
      socket.off('readable', onReadable).off('end', onEnd).off('close', onEnd);
      resolve(more);
    };
    const onReadable = settle(true);
    const onEnd = settle(false);
    socket.on('readable', onReadable).on('end', onEnd).on('close', onEnd);
  });
}

/** Parses a JSON body by Docker's rules: the content type must be JSON, an empty body stands for an empty object. */
export function parseJson<Schema extends z.ZodType>(
  bytes: Buffer,
  contentType: string | undefined,
  schema: Schema,
): z.infer<Schema> {
  let value: unknown = {};
  if (bytes.length > 0) {
    checkContentType(contentType);
    try {
      value = JSON.parse(bytes.toString('utf8'));
    } catch (error) {
      throw new BerthError('bad-json', `invalid JSON: ${(error as Error).message}`);
    }
  }
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw new BerthError(
    'bad-parameter',
    `invalid JSON: ${field === '' ? 'body' : field}: ${issue?.message ?? z.prettifyError(parsed.error)}`,
    { field },
  );
}

function checkContentType(contentType: string | undefined): void {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/json') return;
  throw new BerthError(
    'bad-parameter',
    `unsupported Content-Type header (${contentType ?? ''}): must be 'application/json'`,
    { contentType: contentType ?? '' },
  );
}
