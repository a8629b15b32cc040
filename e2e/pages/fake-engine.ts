import { EventEmitter } from 'node:events';
import type { ContainerSummary, CreateRequest } from '../../engine/api/containers.ts';
import type { ErrorBody, ErrorCode } from '../../engine/api/errors.ts';
import type { ImageSummary } from '../../engine/api/images.ts';
import type { ProgressLine } from '../../engine/api/json-stream.ts';
import type { EventMessage } from '../../engine/api/system.ts';
import { recordedContainers, recordedImageInspect, recordedImages, recordedStatus } from './recorded.ts';
import {
  recordedLayers,
  recordedMerged,
  recordedTree,
  recordedWritable,
  treePage,
} from './recorded-layers.ts';
import { recordedPostMortem, recordedTop } from './recorded-life.ts';
import { type LogLine, recordedLines } from './recorded-logs.ts';

export interface Answer {
  status: number;
  body?: unknown;
}

const refuse = (
  status: number,
  code: ErrorCode,
  message: string,
  params: ErrorBody['berth'] = { code, params: {} },
): Answer => ({
  status,
  body: { message, berth: params } satisfies ErrorBody,
});

/**
 * The engine behind the fake host: a few containers and images that change state as a real one's do, with an
 * event for each change. It holds no rules of its own; what is refused is told it by the test.
 */
export class FakeEngine {
  containers: ContainerSummary[] = recordedContainers();
  images: ImageSummary[] = recordedImages();
  /** Answers to give instead, by "METHOD /path" without query. */
  readonly refusals = new Map<string, Answer>();
  /** What every container has written so far. */
  lines: LogLine[] = [...recordedLines];
  /** The last request to create a container. */
  created: CreateRequest | undefined;
  /** The last change of limits. */
  updated: unknown;
  /** Streams of stats that were asked for, and those that are open. */
  statsStreams = 0;
  openStats = 0;
  /** While set, pulls stand still in the middle of their download until it resolves. */
  pullHeld: Promise<void> | undefined;
  readonly #events = new EventEmitter<{ event: [EventMessage]; line: [LogLine, number] }>();
  #created = 0;

  emit(Type: EventMessage['Type'], Action: string, ID: string): void {
    const nowMs = Date.now();
    this.#events.emit('event', {
      Type,
      Action,
      Actor: { ID, Attributes: {} },
      scope: 'local',
      time: Math.floor(nowMs / 1000),
      timeNano: nowMs * 1e6,
    });
  }

  onEvent(listener: (event: EventMessage) => void): () => void {
    this.#events.on('event', listener);
    return () => this.#events.off('event', listener);
  }

  /** A container writes a line; open log streams hear of it. */
  log(line: LogLine): void {
    this.lines.push(line);
    this.#events.emit('line', line, this.lines.length - 1);
  }

  onLine(listener: (line: LogLine, index: number) => void): () => void {
    this.#events.on('line', listener);
    return () => this.#events.off('line', listener);
  }

  /** One call that is answered at once. */
  answer(method: string, path: string, query: URLSearchParams, body: unknown): Answer {
    const refusal = this.refusals.get(`${method} ${path}`);
    if (refusal) return refusal;
    const parts = path.split('/').filter(Boolean).map(decodeURIComponent);
    if (method === 'GET' && path === '/containers/json') return { status: 200, body: this.containers };
    if (method === 'GET' && path === '/images/json') return { status: 200, body: this.images };
    if (method === 'GET' && path === '/berth/engine') return { status: 200, body: recordedStatus() };
    if (method === 'POST' && path === '/containers/create') return this.#create(body as CreateRequest, query);
    if (parts[0] === 'berth') return this.#berth(parts.slice(1), query);
    if (parts[0] === 'containers' && parts[1]) {
      if (parts[2] === 'rename') return this.#rename(parts[1], query.get('name') ?? '');
      if (parts[2] === 'update') {
        this.updated = body;
        this.emit('container', 'update', parts[1]);
        return { status: 200, body: { Warnings: null } };
      }
      return this.#container(method, parts[1], parts[2] ?? '');
    }
    if (parts[0] === 'images' && method === 'POST' && parts.at(-1) === 'tag')
      return this.#tag(parts.slice(1, -1).join('/'), query);
    if (parts[0] === 'images') return this.#image(method, parts.slice(1));
    if (parts[0] === 'exec') return { status: parts[2] === 'json' ? 200 : 201, body: { ExitCode: 0 } };
    return refuse(404, 'page-not-found', 'page not found');
  }

  #berth(parts: string[], query: URLSearchParams): Answer {
    const name = parts.slice(1, -1).join('/');
    const kind = parts.at(-1);
    if (parts[0] === 'containers' && kind === 'post-mortem') {
      const ended = this.containers.find(({ Id }) => Id === name);
      return ended
        ? { status: 200, body: recordedPostMortem(ended) }
        : refuse(404, 'container-not-found', `No such container: ${name}`);
    }
    if (parts[0] === 'containers') return { status: 200, body: treePage(recordedWritable(), query) };
    const image = this.findImage(name);
    if (!image) return refuse(404, 'image-not-found', `No such image: ${name}`);
    if (kind === 'layers') return { status: 200, body: recordedLayers(image, this.images) };
    if (kind === 'tree')
      return { status: 200, body: treePage(recordedTree(image, Number(query.get('layer'))), query) };
    if (kind === 'merged')
      return { status: 200, body: treePage(recordedMerged(image, Number(query.get('upto'))), query) };
    return refuse(404, 'page-not-found', 'page not found');
  }

  findImage(name: string): ImageSummary | undefined {
    return this.images.find(
      (image) =>
        image.Id === name || image.RepoTags.includes(name) || image.RepoTags.includes(`${name}:latest`),
    );
  }

  #image(method: string, parts: string[]): Answer {
    const name = method === 'GET' ? parts.slice(0, -1).join('/') : parts.join('/');
    const image = this.findImage(name);
    if (!image) return refuse(404, 'image-not-found', `No such image: ${name}`);
    if (method === 'GET') return { status: 200, body: recordedImageInspect(image) };
    if (image.RepoTags.length > 1 && name !== image.Id) {
      this.#change(image, { RepoTags: image.RepoTags.filter((tag) => tag !== name) });
      this.emit('image', 'untag', image.Id);
      return { status: 200, body: [{ Untagged: name }] };
    }
    this.images = this.images.filter((other) => other !== image);
    this.emit('image', 'delete', image.Id);
    return { status: 200, body: [{ Untagged: name }, { Deleted: image.Id }] };
  }

  #change(image: ImageSummary, change: Partial<ImageSummary>): void {
    this.images = this.images.map((other) => (other === image ? { ...other, ...change } : other));
  }

  #tag(name: string, query: URLSearchParams): Answer {
    const image = this.findImage(name);
    if (!image) return refuse(404, 'image-not-found', `No such image: ${name}`);
    this.#change(image, { RepoTags: [...image.RepoTags, `${query.get('repo')}:${query.get('tag')}`] });
    this.emit('image', 'tag', image.Id);
    return { status: 201 };
  }

  #create(body: CreateRequest, query: URLSearchParams): Answer {
    this.created = body;
    const name = query.get('name') ?? `quirky_name_${++this.#created}`;
    const Id = Buffer.from(name).toString('hex').padEnd(64, '1').slice(0, 64);
    const ports = Object.entries(body.HostConfig?.PortBindings ?? {}).flatMap(([port, bindings]) =>
      (bindings ?? []).map((binding) => ({
        PrivatePort: Number.parseInt(port, 10),
        PublicPort: Number(binding.HostPort),
        Type: port.split('/')[1] ?? 'tcp',
      })),
    );
    this.containers = [
      {
        Id,
        Names: [`/${name}`],
        Image: body.Image ?? '',
        ImageID: '',
        Command: '',
        Created: Math.floor(Date.now() / 1000),
        Ports: ports,
        Labels: {},
        State: 'created',
        Status: 'Created',
        HostConfig: { NetworkMode: 'default' },
        NetworkSettings: { Networks: {} },
        Mounts: [],
      },
      ...this.containers,
    ];
    this.emit('container', 'create', Id);
    return { status: 201, body: { Id, Warnings: [] } };
  }

  #rename(id: string, name: string): Answer {
    this.containers = this.containers.map((other) =>
      other.Id === id ? { ...other, Names: [`/${name}`] } : other,
    );
    this.emit('container', 'rename', id);
    return { status: 204 };
  }

  #container(method: string, id: string, action: string): Answer {
    const found = this.containers.find(({ Id }) => Id === id);
    if (!found) return refuse(404, 'container-not-found', `No such container: ${id}`);
    if (method === 'DELETE') {
      this.containers = this.containers.filter((other) => other !== found);
      this.emit('container', 'destroy', id);
      return { status: 204 };
    }
    if (action === 'top') return { status: 200, body: recordedTop() };
    if (action === 'json') return { status: 200, body: inspectOf(found) };
    if (action === 'exec') return { status: 201, body: { Id: 'e'.repeat(64) } };
    const states: Record<string, [ContainerSummary['State'], string]> = {
      start: ['running', 'Up Less than a second'],
      restart: ['running', 'Up Less than a second'],
      unpause: ['running', 'Up 3 minutes'],
      pause: ['paused', 'Up 3 minutes (Paused)'],
      stop: ['exited', 'Exited (0) Less than a second ago'],
      kill: ['exited', 'Exited (137) Less than a second ago'],
    };
    const next = states[action];
    if (!next) return refuse(404, 'page-not-found', 'page not found');
    const [State, Status] = next;
    this.containers = this.containers.map((other) => (other === found ? { ...other, State, Status } : other));
    this.emit('container', action, id);
    return { status: 204 };
  }

  /** The progress lines of a pull; the image is there after the last one. */
  async *pull(name: string): AsyncGenerator<ProgressLine> {
    yield { status: `Pulling from library/${name}`, id: 'latest' };
    yield { status: 'Already exists', progressDetail: {}, id: '3f0b1e9c7d24' };
    const layers = ['a2318d6c47ec', '9bd4f2a6610e', '41c09fd3e8b5'];
    for (const id of layers) yield { status: 'Pulling fs layer', progressDetail: {}, id };
    for (const [index, id] of layers.entries()) {
      const total = 20e6 * (index + 1);
      yield { status: 'Downloading', progressDetail: { current: total / 4, total }, id };
    }
    await this.pullHeld;
    for (const [index, id] of layers.entries()) {
      const total = 20e6 * (index + 1);
      yield { status: 'Downloading', progressDetail: { current: total, total }, id };
    }
    for (const status of ['Verifying Checksum', 'Download complete', 'Extracting', 'Pull complete'])
      for (const id of layers) yield { status, progressDetail: {}, id };
    yield { status: `Digest: sha256:${'d'.repeat(64)}` };
    yield { status: `Status: Downloaded newer image for ${name}` };
    const reference = name.includes(':') ? name : `${name}:latest`;
    this.images = [
      {
        ...(this.images[0] as ImageSummary),
        Id: `sha256:${'9'.repeat(64)}`,
        RepoTags: [reference],
        Containers: 0,
      },
      ...this.images,
    ];
    this.emit('image', 'pull', reference);
  }
}

/** Inspect of a listed container: the fields that the page reads, the rest as an engine leaves them. */
function inspectOf(summary: ContainerSummary): object {
  const running = summary.State === 'running' || summary.State === 'paused';
  return {
    Id: summary.Id,
    Created: '2026-11-19T10:00:00.000000000Z',
    Path: 'run',
    Args: ['--verbose'],
    Name: summary.Names[0],
    Image: summary.ImageID,
    RestartCount: 0,
    Driver: 'overlay2',
    Platform: 'linux',
    LogPath: '',
    State: {
      Status: summary.State,
      Running: running,
      Paused: summary.State === 'paused',
      Restarting: false,
      OOMKilled: false,
      Dead: false,
      Pid: running ? 812 : 0,
      ExitCode: Number(/\((\d+)\)/.exec(summary.Status)?.[1] ?? 0),
      Error: '',
      StartedAt: '2026-11-21T10:00:00.000000000Z',
      FinishedAt: running ? '0001-01-01T00:00:00Z' : '2026-11-21T11:00:00.000000000Z',
    },
    HostConfig: { NetworkMode: 'default', RestartPolicy: { Name: 'no', MaximumRetryCount: 0 }, Memory: 0 },
    GraphDriver: { Name: 'overlay2', Data: {} },
    Mounts: [],
    Config: {
      Image: summary.Image,
      Env: ['PATH=/usr/bin:/bin', 'DATABASE_PASSWORD=secret'],
      Cmd: ['run'],
      Labels: summary.Labels,
      Tty: false,
      OpenStdin: false,
      WorkingDir: '/',
    },
    NetworkSettings: { Ports: {}, Networks: {} },
  };
}
