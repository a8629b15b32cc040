import type { ContainerSummary } from '../../engine/api/containers.ts';
import type { ImageInspect, ImageSummary } from '../../engine/api/images.ts';
import type { EngineStatus } from '../../engine/api/system.ts';

/** What the fake host of the page tests begins with, in the shapes of the contracts. */

export const hour = 3_600_000;

/** A digest or id that always is the same for the same seed. */
export function id(seed: string): string {
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
    image('opensearch:3', 1320, 0, 1),
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
