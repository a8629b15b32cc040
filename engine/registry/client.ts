import type { Readable } from 'node:stream';
import type { RegistryAuth } from '../api/images.ts';
import { BerthError } from '../errors.ts';
import { problemOf, refusal } from './answer-error.ts';
import { Authorization } from './authorization.ts';
import { openEndpoint } from './endpoint.ts';
import type { InsecureRegistries } from './hosts.ts';
import { type HttpAnswer, type HttpRequest, readSmall, send } from './http.ts';
import { acceptedManifests, type FetchedManifest, sha256 } from './manifest.ts';

/** Larger manifests are refused, as in Docker. */
const manifestLimitBytes = 4 * 1024 * 1024;

export interface RegistryClientOptions {
  /** Of the image's full name, e.g. `docker.io`. */
  domain: string;
  /** Path within the registry, e.g. `library/nginx`. */
  path: string;
  /** As people write it, for messages. */
  familiarName: string;
  auth?: RegistryAuth;
  insecure: InsecureRegistries;
  /** What the tokens are asked for. */
  access: 'pull' | 'pull,push';
  signal?: AbortSignal;
}

/** One repository of a registry, by the OCI distribution API. */
export class RegistryClient {
  readonly #options: RegistryClientOptions;
  readonly #allowsPlain: boolean;
  readonly #authorization: Authorization;
  #base: URL | undefined;
  constructor(options: RegistryClientOptions) {
    this.#options = options;
    this.#allowsPlain = options.insecure.allows(options.domain);
    this.#authorization = new Authorization({ auth: options.auth, insecure: this.#allowsPlain });
  }

  get domain(): string {
    return this.#options.domain;
  }

  get path(): string {
    return this.#options.path;
  }

  /** A manifest by tag or digest; its digest is computed here, and compared where one was asked for. */
  async manifest(reference: string, familiar: string): Promise<FetchedManifest> {
    const answer = await this.#call(`manifests/${reference}`, {
      method: 'GET',
      headers: { accept: acceptedManifests.join(', ') },
    });
    if (answer.status !== 200) throw await this.#refused(answer, familiar);
    const bytes = await readSmall(answer, manifestLimitBytes);
    const digest = sha256(bytes);
    const expected = reference.startsWith('sha256:') ? reference : undefined;
    if (expected !== undefined && expected !== digest) {
      throw new BerthError('digest-mismatch', `manifest verification failed for digest ${expected}`, {
        expected,
        actual: digest,
      });
    }
    const mediaType = (answer.headers['content-type'] ?? '').split(';')[0]!.trim();
    return { bytes, mediaType, digest };
  }

  /** All tags of the repository, in the registry's order; pages are followed. */
  async tags(): Promise<string[]> {
    const tags: string[] = [];
    let path: string | undefined = 'tags/list';
    while (path !== undefined) {
      const answer: HttpAnswer = await this.#call(path, { method: 'GET' });
      if (answer.status !== 200) throw await this.#refused(answer, this.#options.familiarName);
      const page = JSON.parse((await readSmall(answer, manifestLimitBytes)).toString('utf8')) as {
        tags?: string[] | null;
      };
      tags.push(...(page.tags ?? []));
      path = nextPage(answer, path);
    }
    return tags;
  }

  /** A small blob, whole and verified. */
  async smallBlob(digest: string, limitBytes: number): Promise<Buffer> {
    const answer = await this.#call(`blobs/${digest}`, { method: 'GET' });
    if (answer.status !== 200) throw await this.#refused(answer, digest);
    const bytes = await readSmall(answer, limitBytes);
    const actual = sha256(bytes);
    if (actual !== digest) {
      throw new BerthError('digest-mismatch', `image config verification failed for digest ${digest}`, {
        expected: digest,
        actual,
      });
    }
    return bytes;
  }

  /** Bytes of a blob from `start` on. A registry that ignores ranges answers from 0: `start` then says so. */
  async blob(
    digest: string,
    start: number,
    signal?: AbortSignal,
  ): Promise<{ body: Readable; start: number }> {
    const answer = await this.#call(`blobs/${digest}`, {
      method: 'GET',
      headers: start > 0 ? { range: `bytes=${start}-` } : {},
      ...(signal === undefined ? {} : { signal }),
    });
    if (answer.status === 206) {
      const from = /^bytes (\d+)-/.exec(answer.headers['content-range'] ?? '')?.[1];
      if (Number(from) === start) return { body: answer.body, start };
      answer.body.destroy();
      throw new BerthError(
        'registry-failed',
        `${answer.url.href}: answered another range than was asked for`,
      );
    }
    if (answer.status === 200) return { body: answer.body, start: 0 };
    throw await this.#refused(answer, digest);
  }

  async exists(digest: string): Promise<boolean> {
    const answer = await this.#call(`blobs/${digest}`, { method: 'HEAD' });
    answer.body.resume();
    if (answer.status === 200) return true;
    if (answer.status === 404) return false;
    throw await this.#refused(answer, digest);
  }

  /** Asks for a blob of another repository of this registry; true when it is there now. */
  async mount(digest: string, from: string): Promise<boolean> {
    const answer = await this.#call(`blobs/uploads/?mount=${digest}&from=${encodeURIComponent(from)}`, {
      method: 'POST',
      headers: { 'content-length': '0' },
    });
    answer.body.resume();
    return answer.status === 201;
  }

  /** Sends a blob; `bytes` is called once, when the registry has said where to put them. */
  async upload(digest: string, sizeBytes: number, bytes: () => Readable): Promise<void> {
    const begun = await this.#call('blobs/uploads/', { method: 'POST', headers: { 'content-length': '0' } });
    begun.body.resume();
    const location = begun.headers.location;
    if (begun.status !== 202 || location === undefined) throw await this.#refused(begun, digest);
    const url = new URL(location, begun.url);
    url.searchParams.set('digest', digest);
    const answer = await this.#sendSigned({
      method: 'PUT',
      url,
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(sizeBytes) },
      body: bytes(),
      insecure: this.#allowsPlain,
    });
    if (answer.status !== 201) throw await this.#refused(answer, digest);
    answer.body.resume();
  }

  async putManifest(reference: string, bytes: Buffer, mediaType: string): Promise<void> {
    const answer = await this.#call(`manifests/${reference}`, {
      method: 'PUT',
      headers: { 'content-type': mediaType, 'content-length': String(bytes.length) },
      body: bytes,
    });
    if (answer.status !== 201) throw await this.#refused(answer, reference);
    answer.body.resume();
  }

  async #refused(answer: HttpAnswer, familiar: string): Promise<BerthError> {
    return refusal(answer, await problemOf(answer), { name: this.#options.familiarName, familiar });
  }

  /** A call below /v2/<path>/. A 401 is met once; the token is renewed when it ran out on the way. */
  async #call(path: string, request: Omit<HttpRequest, 'url' | 'insecure'>): Promise<HttpAnswer> {
    const base = await this.#ping();
    const url = new URL(`${this.#options.path}/${path}`, base);
    return await this.#sendSigned({ ...request, url, insecure: this.#allowsPlain });
  }

  async #sendSigned(request: HttpRequest): Promise<HttpAnswer> {
    const signal = request.signal ?? this.#options.signal;
    const scope = `repository:${this.#options.path}:${this.#options.access}`;
    for (let attempt = 0; ; attempt++) {
      const authorization = this.#authorization.header();
      const answer = await send({
        ...request,
        headers: { ...request.headers, ...(authorization === undefined ? {} : { authorization }) },
        ...(signal === undefined ? {} : { signal }),
      });
      // A body that was a stream is gone; uploads come here with the header that their POST has earned.
      if (answer.status !== 401 || attempt > 0 || isStream(request.body)) return answer;
      await this.#authorization.meet(answer, scope, methodName(request.method), signal);
    }
  }

  /** Where the registry answers; its 401 is met at once. */
  async #ping(): Promise<URL> {
    if (this.#base !== undefined) return this.#base;
    const { domain, path, access, signal } = this.#options;
    const { base, unauthorized } = await openEndpoint({ domain, allowsPlain: this.#allowsPlain, signal });
    if (unauthorized !== undefined) {
      await this.#authorization.meet(unauthorized, `repository:${path}:${access}`, 'Get', signal);
    }
    this.#base = base;
    return base;
  }
}

/** Path of the next page of a list, from a Link header (RFC 5988); undefined on the last one. */
function nextPage(answer: HttpAnswer, path: string): string | undefined {
  const { link } = answer.headers;
  const target = /<([^>]+)>\s*;\s*rel="?next"?/.exec(
    Array.isArray(link) ? link.join(',') : (link ?? ''),
  )?.[1];
  if (target === undefined) return undefined;
  return `${path.split('?')[0]}${new URL(target, answer.url).search}`;
}

function isStream(body: HttpRequest['body']): boolean {
  return body !== undefined && !(body instanceof Uint8Array);
}

function methodName(method: string): string {
  return method.charAt(0) + method.slice(1).toLowerCase();
}
