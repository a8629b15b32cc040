import type { Readable } from 'node:stream';
import type { RegistryAuth } from '../api/images.ts';
import { BerthError } from '../errors.ts';
import { problemOf, refusal } from './answer-error.ts';
import { Authorization } from './authorization.ts';
import { openEndpoint } from './endpoint.ts';
import { type HttpAnswer, type HttpRequest, readSmall } from './http.ts';
import { acceptedManifests, type FetchedManifest, sha256 } from './manifest.ts';
import type { Registries, RegistryTarget } from './registries.ts';
import { type Wait, waitAsAsked } from './retry-after.ts';

/** Larger manifests are refused, as in Docker. */
const manifestLimitBytes = 4 * 1024 * 1024;

export interface RegistryClientOptions {
  registries: Registries;
  /** The registry itself, or a mirror of it. */
  target: RegistryTarget;
  /** Path within the registry, e.g. `library/nginx`. */
  path: string;
  /** As people write it, for messages. */
  familiarName: string;
  auth?: RegistryAuth;
  /** What the tokens are asked for. */
  access: 'pull' | 'pull,push';
  signal?: AbortSignal;
  /** Told when the registry asks to wait (429 or 503 with Retry-After), before the waiting begins. */
  onWait?: (wait: Wait) => void;
}

/** What a registry says of a manifest without giving it. */
export interface ManifestHead {
  digest: string;
  mediaType: string;
  sizeBytes: number;
}

type Call = Omit<HttpRequest, 'url' | 'insecure'> & {
  /** Scopes beside the repository's own, for mounting from another one. */
  alsoScope?: string;
};

/** One repository of a registry, by the OCI distribution API. Uploads stand in upload.ts. */
export class RegistryClient {
  readonly #options: RegistryClientOptions;
  readonly #authorization: Authorization;
  #base: URL | undefined;
  constructor(options: RegistryClientOptions) {
    this.#options = options;
    const { registries, target, auth } = options;
    this.#authorization = new Authorization({
      transport: registries.transport,
      auth: target.mirror === undefined ? auth : undefined,
      insecure: target.allowsPlain,
    });
  }

  get domain(): string {
    return this.#options.target.domain;
  }

  get path(): string {
    return this.#options.path;
  }

  /**
   * Digest and kind of a manifest by HEAD, which registries do not count as a pull; undefined where the answer does not
   * say (some do not).
   */
  async head(reference: string): Promise<ManifestHead | undefined> {
    const answer = await this.call(`manifests/${reference}`, {
      method: 'HEAD',
      headers: { accept: acceptedManifests.join(', ') },
    });
    answer.body.resume();
    // The reason of a refusal is in a body, which the GET that follows gets.
    if (answer.status !== 200) return undefined;
    const digest = String(answer.headers['docker-content-digest'] ?? '');
    if (!/^sha256:[0-9a-f]{64}$/.test(digest)) return undefined;
    return {
      digest,
      mediaType: mediaTypeOf(answer),
      sizeBytes: Number(answer.headers['content-length'] ?? 0),
    };
  }

  /** A manifest by tag or digest; its digest is computed here, and compared where one was asked for. */
  async manifest(reference: string, familiar: string): Promise<FetchedManifest> {
    const answer = await this.call(`manifests/${reference}`, {
      method: 'GET',
      headers: { accept: acceptedManifests.join(', ') },
    });
    if (answer.status !== 200) throw await this.refused(answer, familiar);
    const bytes = await readSmall(answer, manifestLimitBytes);
    const digest = sha256(bytes);
    const expected = reference.startsWith('sha256:') ? reference : undefined;
    if (expected !== undefined && expected !== digest) {
      throw new BerthError('digest-mismatch', `manifest verification failed for digest ${expected}`, {
        expected,
        actual: digest,
      });
    }
    return { bytes, mediaType: mediaTypeOf(answer), digest };
  }

  /** All tags of the repository, in the registry's order; pages are followed. */
  async tags(): Promise<string[]> {
    const tags: string[] = [];
    let path: string | undefined = 'tags/list';
    while (path !== undefined) {
      const answer: HttpAnswer = await this.call(path, { method: 'GET' });
      if (answer.status !== 200) throw await this.refused(answer, this.#options.familiarName);
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
    const answer = await this.call(`blobs/${digest}`, { method: 'GET' });
    if (answer.status !== 200) throw await this.refused(answer, digest);
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

  /**
   * Bytes of a blob from `start` to `end` (exclusive; the blob's end where undefined). A registry that ignores ranges
   * answers from 0 to the end: `whole` then says so.
   */
  async blob(
    digest: string,
    range: { start: number; end?: number | undefined; signal?: AbortSignal },
  ): Promise<{ body: Readable; start: number; whole: boolean }> {
    const { start, end, signal } = range;
    const partial = start > 0 || end !== undefined;
    const answer = await this.call(`blobs/${digest}`, {
      method: 'GET',
      headers: partial ? { range: `bytes=${start}-${end === undefined ? '' : end - 1}` } : {},
      ...(signal === undefined ? {} : { signal }),
    });
    if (answer.status === 206) {
      const from = /^bytes (\d+)-/.exec(answer.headers['content-range'] ?? '')?.[1];
      if (Number(from) === start) return { body: answer.body, start, whole: false };
      answer.body.destroy();
      throw new BerthError(
        'registry-failed',
        `${answer.url.href}: answered another range than was asked for`,
      );
    }
    if (answer.status === 200) return { body: answer.body, start: 0, whole: true };
    throw await this.refused(answer, digest);
  }

  async exists(digest: string): Promise<boolean> {
    const answer = await this.call(`blobs/${digest}`, { method: 'HEAD' });
    answer.body.resume();
    if (answer.status === 200) return true;
    if (answer.status === 404) return false;
    throw await this.refused(answer, digest);
  }

  async putManifest(reference: string, bytes: Buffer, mediaType: string): Promise<void> {
    const answer = await this.call(`manifests/${reference}`, {
      method: 'PUT',
      headers: { 'content-type': mediaType, 'content-length': String(bytes.length) },
      body: bytes,
    });
    if (answer.status !== 201) throw await this.refused(answer, reference);
    answer.body.resume();
  }

  /** The error of an answer that is not what was asked for. */
  async refused(answer: HttpAnswer, familiar: string): Promise<BerthError> {
    const { familiarName: name, access } = this.#options;
    return refusal(answer, await problemOf(answer), { name, familiar, push: access === 'pull,push' });
  }

  /** A call below /v2/<path>/. */
  async call(path: string, request: Call): Promise<HttpAnswer> {
    const base = await this.#open();
    return await this.callAt(new URL(`${this.#options.path}/${path}`, base), request);
  }

  /** A call to a URL that the registry gave. A 401 is met once, and a wait that it asks for is kept. */
  async callAt(url: URL, { alsoScope, ...request }: Call): Promise<HttpAnswer> {
    const { registries, target, path, access, onWait } = this.#options;
    const signal = request.signal ?? this.#options.signal;
    const scope = `repository:${path}:${access}${alsoScope === undefined ? '' : ` ${alsoScope}`}`;
    let met = false;
    for (let waits = 0; ; ) {
      const authorization = await this.#authorizationFor(url, scope, signal);
      const answer = await registries.transport.send({
        ...request,
        url,
        insecure: target.allowsPlain,
        headers: { ...request.headers, ...(authorization === undefined ? {} : { authorization }) },
        ...(signal === undefined ? {} : { signal }),
      });
      // A body that was a stream is gone: its sender begins again with what the registry has by then.
      if (isStream(request.body)) return answer;
      if (answer.status === 401 && !met) {
        met = true;
        await this.#authorization.meet(answer, { scope, method: methodName(request.method), signal });
      } else if (
        await waitAsAsked(answer, {
          waits,
          signal,
          onWait: (wait) => onWait?.({ ...wait, path: url.pathname }),
        })
      ) {
        waits += 1;
      } else return answer;
    }
  }

  /** A registry may put uploads on another host, whose URL carries its own proof. */
  async #authorizationFor(url: URL, scope: string, signal?: AbortSignal): Promise<string | undefined> {
    if (this.#base !== undefined && url.host !== this.#base.host) return undefined;
    return await this.#authorization.header(scope, signal);
  }

  /** Where the registry answers; its 401 is met at once. */
  async #open(): Promise<URL> {
    if (this.#base !== undefined) return this.#base;
    const { registries, target, path, access, signal } = this.#options;
    const { transport } = registries;
    const { base, unauthorized } = await openEndpoint({ target, transport, signal });
    if (unauthorized !== undefined) {
      await this.#authorization.meet(unauthorized, {
        scope: `repository:${path}:${access}`,
        method: 'Get',
        signal,
      });
    }
    this.#base = base;
    return base;
  }
}

function mediaTypeOf(answer: HttpAnswer): string {
  return (answer.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
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
