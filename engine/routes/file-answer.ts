import { pipeline } from 'node:stream/promises';
import type { RequestContext } from '../http/context.ts';
import type { OpenedFile } from '../layers/layers.ts';

/** Answers with a file's bytes; one range of them where the request asks for it (RFC 9110, 14). */
export async function answerFile({ headers, reply }: RequestContext, file: OpenedFile): Promise<void> {
  const { sizeBytes } = file;
  const range = parseRange(headers.range, sizeBytes);
  reply.header('Accept-Ranges', 'bytes');
  reply.header('Last-Modified', new Date(file.mtime * 1000).toUTCString());
  // The bytes are anybody's: no browser is to guess a page in them.
  reply.header('X-Content-Type-Options', 'nosniff');
  if (range === 'unsatisfiable') {
    await file.close();
    reply.header('Content-Range', `bytes */${sizeBytes}`);
    return reply.empty(416);
  }
  const { start, end } = range ?? { start: 0, end: sizeBytes - 1 };
  reply.header('Content-Length', String(end - start + 1));
  if (range !== undefined) reply.header('Content-Range', `bytes ${start}-${end}/${sizeBytes}`);
  const target = reply.stream({
    contentType: 'application/octet-stream',
    status: range === undefined ? 200 : 206,
  });
  try {
    await pipeline(file.stream({ start, end }), target);
  } catch (error) {
    // The status is out: only a broken connection can say that the file is not whole.
    target.destroy(error as Error);
  }
}

/** A single byte range; undefined for none, and for forms that may be left unheard (several ranges, other units). */
export function parseRange(
  header: string | undefined,
  sizeBytes: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (found === null) return undefined;
  const [, first = '', last = ''] = found;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? 'unsatisfiable' : { start: sizeBytes - length, end: sizeBytes - 1 };
  }
  const start = Number(first);
  const end = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (last !== '' && Number(last) < start) return undefined;
  return start >= sizeBytes ? 'unsatisfiable' : { start, end };
}
