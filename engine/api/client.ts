import type {
  ContainerInspect,
  ContainerSummary,
  CreateRequest,
  CreateResponse,
  TopResponse,
  WaitResponse,
} from './containers.ts';
import type { ErrorBody } from './errors.ts';
import type { ImageDeleteEntry, ImageInspect, ImageSummary, PullPreview } from './images.ts';
import type { ProgressLine } from './json-stream.ts';
import type {
  Comparison,
  EntryType,
  FoundPaths,
  ImageLayers,
  PathBlame,
  TreePage,
  VerifiedLayer,
} from './layers.ts';
import type { PostMortem, RemovedContainer } from './post-mortem.ts';
import { type ContainerProcess, processSignalPath } from './processes.ts';
import type { StatsSample, UpdateRequest } from './stats.ts';
import type {
  DiskMap,
  EngineStatus,
  EventMessage,
  InfoResponse,
  PublishedPort,
  VersionResponse,
} from './system.ts';

/**
 * The one typed client of the engine. Renderer, host, CLI and tests use it, each with a transport of its
 * own (loopback fetch with a bearer, unix socket, SSH channel).
 */

export interface TransportRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  /** Path with query, without host; unversioned means the newest API. */
  path: string;
  /** Sent as JSON where it is not a Uint8Array. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface TransportResponse {
  status: number;
  headers: Record<string, string>;
  body: AsyncIterable<Uint8Array>;
}

export type Transport = (request: TransportRequest) => Promise<TransportResponse>;

/** A failed call: Docker's text, the status, and the coded form where the engine gave one. */
export class EngineError extends Error {
  readonly status: number;
  readonly berth: ErrorBody['berth'];
  constructor(status: number, body: ErrorBody) {
    super(body.message);
    this.name = 'EngineError';
    this.status = status;
    this.berth = body.berth;
  }
}

export interface CallOptions {
  signal?: AbortSignal;
}

type Query = Record<string, string | number | boolean | undefined>;

/** Encodes a query; undefined values are left out. */
export function encodeQuery(query: Query): string {
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`],
  );
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
}

/** Decodes a stream of newline-separated JSON values, whatever its chunk boundaries. */
export async function* jsonLines<T>(body: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  // TextDecoder exists in browsers and in Node; this contract compiles against neither.
  const Decoder = (
    globalThis as unknown as {
      TextDecoder: new () => { decode(b?: Uint8Array, o?: { stream: boolean }): string };
    }
  ).TextDecoder;
  const decoder = new Decoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as T;
  }
  if (rest.trim() !== '') yield JSON.parse(rest) as T;
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  const Decoder = (globalThis as unknown as { TextDecoder: new () => { decode(b: Uint8Array): string } })
    .TextDecoder;
  return new Decoder().decode(whole);
}

export interface TreeQuery {
  path: string;
  pathBase64?: string;
  offset?: number;
  limit?: number;
  sort?: 'name' | 'size';
}

export type EngineClient = ReturnType<typeof engineClient>;

/** Makes the client over a transport. Every method throws EngineError on a status of 400 and above. */
export function engineClient(transport: Transport) {
  async function open(request: TransportRequest): Promise<TransportResponse> {
    const response = await transport(request);
    if (response.status < 400) return response;
    const text = await readText(response.body);
    let body: ErrorBody;
    try {
      body = JSON.parse(text) as ErrorBody;
    } catch {
      body = { message: text === '' ? `HTTP status ${response.status}` : text };
    }
    throw new EngineError(response.status, body);
  }
  async function call<T>(
    method: TransportRequest['method'],
    path: string,
    extra: { query?: Query; body?: unknown; headers?: Record<string, string> } & CallOptions = {},
  ): Promise<T> {
    const { query, ...rest } = extra;
    const response = await open({ method, path: path + encodeQuery(query ?? {}), ...rest });
    const text = await readText(response.body);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
  const container = (id: string) => `/containers/${encodeURIComponent(id)}`;
  const image = (name: string) => `/images/${name.split('/').map(encodeURIComponent).join('/')}`;
  return {
    open,
    call,
    version: (options?: CallOptions) => call<VersionResponse>('GET', '/version', options),
    info: (options?: CallOptions) => call<InfoResponse>('GET', '/info', options),
    status: (options?: CallOptions) => call<EngineStatus>('GET', '/berth/engine', options),
    /** Walks what containers have written: a second on large ones. */
    disk: (options?: CallOptions) => call<DiskMap>('GET', '/berth/system/disk', options),
    ports: (options?: CallOptions) => call<PublishedPort[]>('GET', '/berth/ports', options),
    /** Lines of GET /events until the signal aborts or the engine closes. */
    async *events(
      options: CallOptions & { filters?: Record<string, string[]> } = {},
    ): AsyncGenerator<EventMessage> {
      const { filters, ...rest } = options;
      const query = encodeQuery({ filters: filters && JSON.stringify(filters) });
      const response = await open({ method: 'GET', path: `/events${query}`, ...rest });
      yield* jsonLines<EventMessage>(response.body);
    },
    containers: {
      list: (query: { all?: boolean; filters?: string; size?: boolean } = {}, options?: CallOptions) =>
        call<ContainerSummary[]>('GET', '/containers/json', { query, ...options }),
      inspect: (id: string, options?: CallOptions) =>
        call<ContainerInspect>('GET', `${container(id)}/json`, options),
      create: (body: CreateRequest, name?: string, options?: CallOptions) =>
        call<CreateResponse>('POST', '/containers/create', { query: { name }, body, ...options }),
      start: (id: string) => call<void>('POST', `${container(id)}/start`),
      stop: (id: string, timeoutSeconds?: number) =>
        call<void>('POST', `${container(id)}/stop`, { query: { t: timeoutSeconds } }),
      restart: (id: string) => call<void>('POST', `${container(id)}/restart`),
      kill: (id: string, signal = 'SIGKILL') =>
        call<void>('POST', `${container(id)}/kill`, { query: { signal } }),
      pause: (id: string) => call<void>('POST', `${container(id)}/pause`),
      unpause: (id: string) => call<void>('POST', `${container(id)}/unpause`),
      wait: (id: string, condition = 'not-running', options?: CallOptions) =>
        call<WaitResponse>('POST', `${container(id)}/wait`, { query: { condition }, ...options }),
      remove: (id: string, query: { force?: boolean; v?: boolean } = {}) =>
        call<void>('DELETE', container(id), { query }),
      /** The multiplexed (or raw, with a terminal) log stream. */
      logs: (
        id: string,
        query: {
          follow?: boolean;
          stdout?: boolean;
          stderr?: boolean;
          tail?: string;
          since?: string;
          timestamps?: boolean;
        },
        options?: CallOptions,
      ) => open({ method: 'GET', path: `${container(id)}/logs${encodeQuery(query)}`, ...options }),
      rename: (id: string, name: string) =>
        call<void>('POST', `${container(id)}/rename`, { query: { name } }),
      update: (id: string, body: UpdateRequest) => call<void>('POST', `${container(id)}/update`, { body }),
      top: (id: string, options?: CallOptions) => call<TopResponse>('GET', `${container(id)}/top`, options),
      /** A sample a second until the signal aborts or the container is removed. */
      async *stats(id: string, options?: CallOptions): AsyncGenerator<StatsSample> {
        const response = await open({ method: 'GET', path: `${container(id)}/stats`, ...options });
        yield* jsonLines<StatsSample>(response.body);
      },
      /** Why its last run ended; also of a container that was removed a while ago. */
      postMortem: (id: string, options?: CallOptions) =>
        call<PostMortem>('GET', `/berth${container(id)}/post-mortem`, options),
      /** All its processes, with the pids outside and inside. */
      processes: (id: string, options?: CallOptions) =>
        call<ContainerProcess[]>('GET', `/berth${container(id)}/processes`, options),
      signalProcess: (id: string, pid: number, signal: string) =>
        call<void>('POST', processSignalPath(id, pid, signal)),
      /** Those that were removed a while ago, newest first, as long as something of them is kept. */
      removed: (options?: CallOptions) => call<RemovedContainer[]>('GET', '/berth/removed', options),
      layer: (id: string, query: TreeQuery, options?: CallOptions) =>
        call<TreePage>('GET', `/berth${container(id)}/layer`, { query: { ...query }, ...options }),
    },
    /** Rebuilds the tar of each stored layer and compares it; a line as each is done. */
    async *verifyLayers(options?: CallOptions): AsyncGenerator<VerifiedLayer> {
      const response = await open({ method: 'POST', path: '/berth/layers/verify', ...options });
      yield* jsonLines<VerifiedLayer>(response.body);
    },
    images: {
      list: (
        query: { all?: boolean; 'shared-size'?: boolean; filters?: string } = {},
        options?: CallOptions,
      ) => call<ImageSummary[]>('GET', '/images/json', { query, ...options }),
      inspect: (name: string, options?: CallOptions) =>
        call<ImageInspect>('GET', `${image(name)}/json`, options),
      remove: (name: string, query: { force?: boolean; noprune?: boolean } = {}) =>
        call<ImageDeleteEntry[]>('DELETE', image(name), { query }),
      tag: (name: string, repo: string, tag: string) =>
        call<void>('POST', `${image(name)}/tag`, { query: { repo, tag } }),
      /** Pulls; yields Docker's progress lines. An `error` line ends it: the caller decides. */
      async *pull(fromImage: string, tag: string, options?: CallOptions): AsyncGenerator<ProgressLine> {
        const query = encodeQuery({ fromImage, tag });
        const response = await open({ method: 'POST', path: `/images/create${query}`, ...options });
        yield* jsonLines<ProgressLine>(response.body);
      },
      /** What a pull would fetch. */
      preview: (name: string, query: { tag?: string; platform?: string } = {}, options?: CallOptions) =>
        call<PullPreview>('GET', '/berth/images/preview', { query: { name, ...query }, ...options }),
      layers: (name: string, options?: CallOptions) =>
        call<ImageLayers>('GET', `/berth${image(name)}/layers`, options),
      tree: (name: string, layer: number, query: TreeQuery, options?: CallOptions) =>
        call<TreePage>('GET', `/berth${image(name)}/tree`, { query: { layer, ...query }, ...options }),
      /** SIDE: image:NAME, layer:NUMBER:NAME or container:ID. */
      compare: (
        left: string,
        right: string,
        query: { limit?: number; sort?: 'path' | 'size' } = {},
        options?: CallOptions,
      ) => call<Comparison>('GET', '/berth/compare', { query: { left, right, ...query }, ...options }),
      search: (
        name: string,
        query: { glob: string; minBytes?: number; type?: EntryType; limit?: number },
        options?: CallOptions,
      ) => call<FoundPaths>('GET', `/berth${image(name)}/search`, { query, ...options }),
      blame: (name: string, query: { path?: string; pathBase64?: string }, options?: CallOptions) =>
        call<PathBlame>('GET', `/berth${image(name)}/blame`, { query, ...options }),
      merged: (name: string, upto: number, query: TreeQuery, options?: CallOptions) =>
        call<TreePage>('GET', `/berth${image(name)}/merged`, { query: { upto, ...query }, ...options }),
    },
  };
}
