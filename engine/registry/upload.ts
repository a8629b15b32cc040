import { Readable } from 'node:stream';
import { BerthError } from '../errors.ts';
import type { RegistryClient } from './client.ts';
import type { HttpAnswer } from './http.ts';

/** A blob to send, which may still be in the making: its bytes can be read from any place on, more than once. */
export interface BlobToSend {
  /** Known once `reach` has come to its end. */
  readonly digest: string;
  /** Waits until there are bytes worth sending from `start` on, and tells where they end; `start` itself at the blob's end. */
  reach(start: number): Promise<number>;
  /** Bytes from `start` to `end` (exclusive). */
  open(start: number, end: number): Readable;
}

/** A small blob that is there already. */
export function bytesToSend(digest: string, bytes: Buffer): BlobToSend {
  return {
    digest,
    reach: async () => bytes.length,
    open: (start, end) => Readable.from([bytes.subarray(start, end)]),
  };
}

/** A blob goes in pieces of so many bytes: what a broken connection makes one send again at most. */
const chunkBytes = 64 * 1024 * 1024;
/** Failures in a row, without a byte between them, after which an upload is given up. */
const maxFailures = 5;

/**
 * Sends a blob in chunks. After a broken connection the registry is asked how much it has, and the rest is sent.
 * Rejects with what the last try said.
 */
export async function uploadBlob(
  client: RegistryClient,
  blob: BlobToSend,
  signal?: AbortSignal,
): Promise<void> {
  let location = await begin(client, blob);
  let at = 0;
  let failures = 0;
  for (let reached = await blob.reach(0); at < reached; reached = await blob.reach(at)) {
    const end = Math.min(at + chunkBytes, reached);
    try {
      location = await sendChunk(client, blob, { location, start: at, end, signal });
      at = end;
      failures = 0;
    } catch (error) {
      if (!(error instanceof BerthError) || error.code !== 'registry-unreachable' || signal?.aborted)
        throw error;
      const state = await askState(client, location);
      failures = state !== undefined && state.at > at ? 0 : failures + 1;
      if (failures >= maxFailures) throw error;
      // Some registries throw away an upload that broke: then from the start.
      at = state?.at ?? 0;
      location = state?.location ?? (await begin(client, blob));
    }
  }
  const url = new URL(location);
  url.searchParams.set('digest', blob.digest);
  const answer = await client.callAt(url, { method: 'PUT', headers: { 'content-length': '0' } });
  if (answer.status !== 201) throw await client.refused(answer, blob.digest);
  answer.body.resume();
}

async function begin(client: RegistryClient, blob: BlobToSend): Promise<URL> {
  const answer = await client.call('blobs/uploads/', { method: 'POST', headers: { 'content-length': '0' } });
  if (answer.status !== 202) throw await client.refused(answer, blob.digest);
  answer.body.resume();
  return locationOf(answer);
}

async function sendChunk(
  client: RegistryClient,
  blob: BlobToSend,
  chunk: { location: URL; start: number; end: number; signal: AbortSignal | undefined },
): Promise<URL> {
  const { location, start, end, signal } = chunk;
  const answer = await client.callAt(location, {
    method: 'PATCH',
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(end - start),
      'content-range': `${start}-${end - 1}`,
    },
    body: blob.open(start, end),
    ...(signal === undefined ? {} : { signal }),
  });
  if (answer.status !== 202) throw await client.refused(answer, blob.digest);
  answer.body.resume();
  return locationOf(answer);
}

/** How much of an upload the registry has, and where it goes on; undefined where it knows no such upload any more. */
async function askState(
  client: RegistryClient,
  location: URL,
): Promise<{ at: number; location: URL } | undefined> {
  const answer = await client.callAt(location, { method: 'GET' });
  answer.body.resume();
  if (answer.status !== 204) return undefined;
  const last = Number(/^(?:bytes=)?0-(\d+)$/.exec(String(answer.headers.range ?? ''))?.[1] ?? 0);
  // Registries say 0-0 for nothing.
  return { at: last === 0 ? 0 : last + 1, location: answer.headers.location ? locationOf(answer) : location };
}

function locationOf(answer: HttpAnswer): URL {
  const { location } = answer.headers;
  if (location === undefined) {
    throw new BerthError('registry-failed', `${answer.url.href}: the registry names no place for the upload`);
  }
  return new URL(location, answer.url);
}

/** Asks for a blob of another repository of this registry; true when it is there now. */
export async function mountBlob(client: RegistryClient, digest: string, from: string): Promise<boolean> {
  const query = new URLSearchParams({ mount: digest, from });
  const answer = await client.call(`blobs/uploads/?${query}`, {
    method: 'POST',
    headers: { 'content-length': '0' },
    alsoScope: `repository:${from}:pull`,
  });
  answer.body.resume();
  return answer.status === 201;
}
