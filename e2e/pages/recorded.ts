import type { HostState, MachineState, StageReport } from '../../electron/host/api/machine.ts';
import type { ContainerSummary } from '../../engine/api/containers.ts';
import type { ImageInspect, ImageSummary } from '../../engine/api/images.ts';
import type { ImageLayers, TreeEntry } from '../../engine/api/layers.ts';
import type { EngineStatus } from '../../engine/api/system.ts';

/** What the fake host of the page tests begins with, in the shapes of the contracts. */

const hour = 3_600_000;

function id(seed: string): string {
  return [...seed.padEnd(8, seed)]
    .map((letter) => letter.charCodeAt(0).toString(16))
    .join('')
    .padEnd(64, '0')
    .slice(0, 64);
}

function container(
  name: string,
  image: string,
  State: ContainerSummary['State'],
  Status: string,
  more: { ports?: number[]; project?: string; labels?: Record<string, string> } = {},
): ContainerSummary {
  const project: Record<string, string> = more.project
    ? {
        'com.docker.compose.project': more.project,
        'com.docker.compose.service': name,
        'com.docker.compose.project.config_files': `~/code/${more.project}/compose.yaml`,
      }
    : {};
  return {
    Id: id(name),
    Names: [`/${name}`],
    Image: image,
    ImageID: `sha256:${id(image)}`,
    Command: 'run',
    Created: 1_763_700_000,
    Ports: (more.ports ?? []).flatMap((port) =>
      ['0.0.0.0', '::'].map((IP) => ({ IP, PrivatePort: port, PublicPort: port, Type: 'tcp' })),
    ),
    Labels: { ...project, ...more.labels },
    State,
    Status,
    HostConfig: { NetworkMode: 'default' },
    NetworkSettings: { Networks: {} },
    Mounts: [],
  };
}

export function recordedContainers(): ContainerSummary[] {
  const shop = { project: 'storefront' };
  return [
    container('web', 'storefront-web:dev', 'running', 'Up 2 hours (healthy)', { ...shop, ports: [3000] }),
    container('api', 'storefront-api:dev', 'running', 'Up 2 hours (healthy)', { ...shop, ports: [8080] }),
    container('worker', 'storefront-api:dev', 'running', 'Up 2 hours (unhealthy)', shop),
    container('db', 'postgres:18', 'running', 'Up 2 hours (healthy)', { ...shop, ports: [5432] }),
    container('cache', 'valkey/valkey:9', 'running', 'Up 2 hours', { ...shop, ports: [6379] }),
    container('search', 'opensearch:3', 'running', 'Up 12 seconds (health: starting)', {
      ...shop,
      ports: [9200],
    }),
    container('migrate', 'storefront-api:dev', 'exited', 'Exited (1) 2 hours ago', shop),
    container('grafana', 'grafana/grafana:13', 'running', 'Up 3 days', {
      project: 'observability',
      ports: [3001],
    }),
    container('prometheus', 'prom/prometheus:v4', 'running', 'Up 3 days', {
      project: 'observability',
      ports: [9090],
    }),
    container('loadgen', 'k6:2', 'paused', 'Up 1 day (Paused)', { project: 'observability' }),
    container('registry', 'registry:3', 'running', 'Up 9 days', { ports: [5000] }),
    container('scratch-ubuntu', 'ubuntu:26.04', 'running', 'Up 40 minutes'),
    container('old-mysql', 'mysql:9', 'exited', 'Exited (0) 6 days ago'),
    container('nginx-test', 'nginx:1.31', 'exited', 'Exited (0) 12 days ago'),
  ];
}

function image(
  reference: string,
  megabytes: number,
  sharedMegabytes: number,
  containers: number,
): ImageSummary {
  return {
    Id: `sha256:${id(reference)}`,
    ParentId: '',
    RepoTags: [reference],
    RepoDigests: [],
    Created: 1_763_600_000,
    Size: megabytes * 1e6,
    SharedSize: sharedMegabytes * 1e6,
    Containers: containers,
    Labels: null,
  };
}

export function recordedImages(): ImageSummary[] {
  return [
    image('storefront-web:dev', 817, 193, 1),
    image('storefront-api:dev', 592, 193, 3),
    image('postgres:18', 436, 75, 1),
    image('valkey/valkey:9', 119, 75, 1),
    image('opensearch:3', 1320, 70, 1),
    image('grafana/grafana:13', 486, 8, 1),
    image('prom/prometheus:v4', 312, 0, 1),
    image('k6:2', 96, 0, 1),
    image('registry:3', 58, 8, 1),
    image('ubuntu:26.04', 81, 0, 1),
    image('mysql:9', 861, 0, 1),
    image('nginx:1.31', 192, 75, 1),
    image('debian:trixie-slim', 75, 75, 0),
  ];
}

export function recordedImageInspect(summary: ImageSummary): ImageInspect {
  const isServer = /nginx|web/.test(summary.RepoTags[0] ?? '');
  return {
    Id: summary.Id,
    RepoTags: summary.RepoTags,
    RepoDigests: summary.RepoDigests,
    Parent: '',
    Comment: '',
    Created: '2026-11-19T10:00:00Z',
    DockerVersion: '',
    Author: '',
    Config: {
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      Cmd: ['nginx', '-g', 'daemon off;'],
      Entrypoint: null,
      WorkingDir: '',
      Labels: null,
      ...(isServer ? { ExposedPorts: { '80/tcp': {} } } : {}),
    },
    Architecture: 'amd64',
    Os: 'linux',
    Size: summary.Size,
    GraphDriver: { Name: 'overlay2', Data: {} },
    RootFS: { Type: 'layers', Layers: [1, 2, 3].map((number) => `sha256:${id(`layer${number}`)}`) },
    Metadata: { LastTagTime: '2026-11-19T10:00:00Z' },
  };
}

export function recordedLayers(summary: ImageSummary): ImageLayers {
  const commands = [
    'ADD rootfs.tar.xz / # buildkit',
    'RUN /bin/sh -c apt-get update && apt-get install -y nginx # buildkit',
    'COPY site /usr/share/nginx/html # buildkit',
  ];
  const shares = [0.4, 0.55, 0.05];
  return {
    imageId: summary.Id,
    sizeBytes: summary.Size,
    uniqueBytes: summary.Size - summary.SharedSize,
    layers: commands.map((command, index) => ({
      number: index + 1,
      diffId: `sha256:${id(`layer${index + 1}`)}`,
      command,
      createdAt: '2026-11-19T10:00:00Z',
      sizeBytes: Math.round(summary.Size * (shares[index] ?? 0)),
      files: 1200 * (3 - index),
      directories: 110 * (3 - index),
      added: 1100 * (3 - index),
      changed: index * 12,
      removed: index * 2,
      sharedWith: index === 0 ? ['postgres:18', 'valkey/valkey:9'] : [],
    })),
  };
}

const entry = (
  name: string,
  type: TreeEntry['type'],
  sizeBytes: number,
  mark: TreeEntry['mark'],
): TreeEntry => ({
  name: { text: name },
  type,
  mode: type === 'directory' ? 0o755 : 0o644,
  uid: 0,
  gid: 0,
  sizeBytes,
  mtime: 1_763_600_000,
  mark,
  layer: 2,
  ...(type === 'directory' ? { childCount: 4 } : {}),
});

export function recordedTree(path: string): TreeEntry[] {
  if (path !== '/' && path !== '')
    return [
      entry('nginx.conf', 'file', 2488, 'changed'),
      entry('mime.types', 'file', 5349, 'added'),
      entry('modules', 'symlink', 0, 'added'),
      entry('old.conf', 'whiteout', 0, 'removed'),
    ];
  return ['usr', 'var', 'etc', 'lib', 'bin'].map((name, index) =>
    entry(name, 'directory', 48e6 / (index + 1), index === 2 ? 'changed' : 'added'),
  );
}

export function recordedStatus(): EngineStatus {
  return {
    version: '0.1.0',
    instance: 'default',
    pid: 212,
    startedAt: new Date(Date.now() - 9 * 24 * hour).toISOString(),
    kernel: '6.12.57',
    cgroupVersion: 2,
    memoryBytes: { total: 8 * 1024 ** 3, available: 5.1 * 1024 ** 3 },
    cpuShare: 0.18,
    disk: { totalBytes: 60e9, freeBytes: 36.6e9 },
    containers: { running: 10, total: 14 },
    images: 13,
  };
}

const done = (
  name: StageReport['name'],
  startedAtMs: number,
  durationMs: number,
  usualMs: number,
  facts = {},
): StageReport => ({
  name,
  state: 'done',
  startedAtMs,
  durationMs,
  usualMs,
  facts,
});

function machineBase(): Omit<MachineState, 'phase' | 'stages' | 'engine' | 'forwards' | 'sinceMs'> {
  const day = 24 * hour;
  const today = Date.UTC(2026, 10, 20, 22, 40);
  return {
    name: 'default',
    kind: 'qemu',
    accelerator: { name: 'kvm' },
    resources: { cpus: 6, memoryBytes: 8 * 1024 ** 3, diskBytes: 60e9 },
    history: [3400, 3600, 3300, 3900].map((durationMs, index) => ({
      startedAtMs: today - index * day,
      durationMs,
      accelerator: 'kvm',
      ok: true,
    })),
  };
}

const host: HostState['host'] = {
  version: '0.1.0',
  pid: 4242,
  startedAtMs: Date.now() - 9 * 24 * hour,
  desktop: 'linux',
};

/** A machine that runs, with one port that could not be opened. */
export function runningState(): HostState {
  const start = Date.now() - 9 * 24 * hour;
  const forward = (containerName: string, port: number) => ({
    protocol: 'tcp' as const,
    desktopAddress: '127.0.0.1',
    desktopPort: port,
    containerId: id(containerName),
    containerName,
    containerPort: port,
    state: 'open' as const,
  });
  return {
    host,
    machine: {
      ...machineBase(),
      phase: 'running',
      sinceMs: start + 3400,
      stages: [
        done('computer', start, 100, 100, { cores: 10, memoryBytes: 32 * 1024 ** 3, freeBytes: 212e9 }),
        done('accelerator', start + 100, 100, 100, { accelerator: 'kvm' }),
        done('disk', start + 200, 300, 300, { diskBytes: 60e9 }),
        done('boot', start + 500, 2100, 2100, { kernel: '6.12.57' }),
        done('ssh', start + 2600, 200, 200),
        done('engine', start + 2800, 600, 600, { version: '0.1.0' }),
        done('forward', start + 3400, 20, 20),
      ],
      engine: { phase: 'running', version: '0.1.0', socket: '/run/user/1000/berth/default/docker.sock' },
      forwards: [
        forward('web', 3000),
        forward('api', 8080),
        {
          ...forward('db', 5432),
          state: 'failed',
          problem: { code: 'desktop-port-in-use', owner: 'postgres (pid 812)' },
        },
        forward('cache', 6379),
        forward('search', 9200),
        forward('grafana', 3001),
      ],
    },
  };
}

/** A start under way in emulation, as in the mock-up. */
export function startingState(): HostState {
  const start = Date.now() - 41_000;
  const waiting = (name: StageReport['name']): StageReport => ({ name, state: 'waiting', facts: {} });
  return {
    host,
    machine: {
      ...machineBase(),
      phase: 'starting',
      sinceMs: start,
      accelerator: { name: 'tcg', reason: { code: 'accelerator-hangs', params: { accelerator: 'kvm' } } },
      stages: [
        done('computer', start, 200, 200, { cores: 10, memoryBytes: 32 * 1024 ** 3, freeBytes: 212e9 }),
        {
          ...done('accelerator', start + 200, 2000, 100, { accelerator: 'tcg' }),
          state: 'warning',
          problem: {
            code: 'accelerator-hangs',
            params: { accelerator: 'kvm' },
            detail: 'no first instruction within 2000 ms\nkvm: KVM_RUN did not return',
          },
        },
        done('disk', start + 2200, 300, 300, { diskBytes: 60e9 }),
        done('boot', start + 2500, 26_800, 2100, { kernel: '6.12.57' }),
        done('ssh', start + 29_300, 1900, 200),
        { name: 'engine', state: 'running', startedAtMs: start + 31_200, usualMs: 600, facts: {} },
        waiting('forward'),
      ],
      engine: { phase: 'starting' },
      forwards: [],
    },
  };
}

export function stoppedState(): HostState {
  return {
    host,
    machine: {
      ...machineBase(),
      phase: 'stopped',
      sinceMs: Date.now(),
      stages: [],
      engine: { phase: 'absent' },
      forwards: [],
    },
  };
}
